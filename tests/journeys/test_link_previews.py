"""Link previews: from a link in a message to what is shown below it, and all that is not looked at."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.engine import Engine

from gateway.app import App
from gateway.chatter import scheduled
from gateway.chatter.post import Author, Draft
from gateway.chatter.previews import Previews
from gateway.outbound.previews import PreviewDispatcher
from gateway.rules.preview import WINDOW, Which
from gateway.schedule.housekeeping import purge
from gateway.settings import Settings
from store.models import LinkPreview
from store.queries import thread as threads
from tests.a_site import Site, a_page, a_site, elsewhere
from tests.builders import DOMAIN, NOW, World, a_mail, hop_client, stamped
from tests.served import Installation, until
from tests.web.conftest import Web, add
from tests.web.conftest import web as web
from tests.web.outbox import send, text_of

Api = httpx.AsyncClient
ALICE, BOB, CARLA, OLGA = (
    "alice@corp.example",
    "bob@corp.example",
    "carla@corp.example",
    "olga@outside.example",
)
TICKET = "/records/ticket/7/messages"


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with a_site() as site:
        yield site


@pytest.fixture
async def api(web: Web) -> Api:
    """Alice and Bob are colleagues, Carla is an admin, Olga follows from outside; link previews are switched on."""
    look_at(web.world)
    api = web.client()
    for email in (ALICE, BOB):
        await add(api, email, internal=True)
    await add(api, CARLA, internal=True, role="admin")
    await add(api, OLGA)
    await api.put("/records/ticket/7", json={"title": "Pump"})
    await api.post("/records/ticket/7/followers", json={"email": OLGA})
    return api


def look_at(world: World, **which: Any) -> None:
    """Switch link previews on, also for addresses of this machine."""
    own = frozenset([DOMAIN, "threads.test"])
    world.posting.previews = Previews(Which(own=own, allow_private=True, **which))


def dispatcher(world: World, site: Site, *, owner: str = "p1", per_domain: int = 99) -> PreviewDispatcher:
    return PreviewDispatcher(
        database=world.database, visitor=site.visitor(timeout=2), owner=owner, clock=lambda: world.now,
        per_domain=per_domain,
    )  # fmt: skip


async def drain(world: World, site: Site, **more: Any) -> int:
    """Look at what is due; answers how many links the site was asked for."""
    before, one = len(site.asked), dispatcher(world, site, **more)
    await one.drain()
    await one.stop()
    return len(site.asked) - before


async def says(
    api: Api, text: str, *, author: str = ALICE, kind: str = "message", **more: Any
) -> dict[str, Any]:
    answer = await api.post(TICKET, json={"kind": kind, "author": author, "body_text": text, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def titles(api: Api, message_id: int, **asked: str) -> list[str]:
    """What the links of a message are shown to lead to."""
    answer = await api.get(f"/messages/{message_id}", params=asked)
    return [one["title"] for one in answer.json()["link_previews"]]


def rows(world: World) -> list[tuple[str, str, int]]:
    """(path of the link, state, attempts), in their order."""
    table = LinkPreview.table()
    with world.database.read() as session:
        found = session.execute(table.select().order_by(table.c.message_id, table.c.position))
        return [("/" + row.url.split("/", 3)[3], row.state, row.attempts) for row in found]


# -- what is shown --


async def test_a_colleague_s_link_gets_its_preview_wherever_the_message_is_shown(
    web: Web, api: Api, site: Site
):
    site.pages["/7"] = a_page(
        "Pump 7", more='<meta name="description" content="Lifts &lt;b&gt;water."><meta property="og:site_name" content="The Shop">'
        '<meta property="og:image" content="/7.png">',
    )  # fmt: skip
    said = await says(api, f"We take this one: {site.url('/7')}.")
    assert said["link_previews"] == [], "not known yet"

    assert await drain(web.world, site) == 1

    [shown] = (await api.get(f"/messages/{said['id']}")).json()["link_previews"]
    assert shown.pop("id") > 0
    assert shown == {
        "url": site.url("/7"), "title": "Pump 7", "description": "Lifts <b>water.", "site_name": "The Shop",
        "image_url": site.url("/7.png"),
    }  # fmt: skip
    for path in (TICKET, f"{TICKET}?q=take", "/search?q=take"):
        [found] = [one for one in (await api.get(path)).json()["items"] if one["id"] == said["id"]]
        assert [one["title"] for one in found["link_previews"]] == ["Pump 7"], path
    assert await titles(api, said["id"], actor=OLGA) == ["Pump 7"], "who reads the link sees where it leads"


async def test_the_page_shows_a_card_of_text_and_loads_nothing_from_elsewhere(web: Web, api: Api, site: Site):
    site.pages["/7"] = a_page("A &lt;i&gt; pump", more='<meta property="og:image" content="/7.png">')
    await says(api, f"See {site.url('/7')}")
    await drain(web.world, site)

    page = (await (await web.browser(ALICE)).get("/r/ticket/7")).text

    card = page.partition('<div class="preview">')[2].partition("</div>")[0]
    assert (
        f'<a href="{site.url("/7")}" rel="noopener noreferrer nofollow ugc" dir="auto">A &lt;i&gt; pump</a>'
        in card
    )
    assert "7.png" not in page


async def test_mails_carry_no_preview(web: Web, api: Api, site: Site):
    site.pages["/7"] = a_page("A title to be seen")
    await says(api, f"See {site.url('/7')}")
    await drain(web.world, site)

    [mail] = await send(web)

    assert site.url("/7") in text_of(mail)
    assert "A title to be seen" not in mail.as_string()


async def test_the_first_three_links_are_looked_at_in_their_order(web: Web, api: Api, site: Site):
    site.pages |= {f"/{name}": a_page(f"Page {name}") for name in "abcd"}
    said = await says(api, " ".join(site.url(f"/{name}") for name in "cabd"))

    assert await drain(web.world, site) == 3
    assert await titles(api, said["id"]) == ["Page c", "Page a", "Page b"]


async def test_what_is_scheduled_gets_its_preview_when_it_is_posted(web: Web, api: Api, site: Site):
    world = web.world
    site.pages["/7"] = a_page("Pump 7")
    later = world.now + timedelta(hours=1)
    await api.post(TICKET, json={"kind": "message", "author": ALICE, "body_text": site.url("/7"), "send_at": later.isoformat()})  # fmt: skip
    assert await drain(world, site) == 0

    world.now = later
    assert len(scheduled.post_due(world.database, posting=world.posting, types=world.types, now=later)) == 1

    assert await drain(world, site) == 1
    [newest, *_] = (await api.get(TICKET)).json()["items"]
    assert await titles(api, newest["id"]) == ["Pump 7"]


async def test_a_note_s_preview_is_for_staff_like_the_note(web: Web, api: Api, site: Site):
    site.pages["/7"] = a_page("The secret plan")
    note = await says(api, f"Plan: {site.url('/7')}", kind="note")
    await drain(web.world, site)

    assert await titles(api, note["id"], actor=BOB) == ["The secret plan"]
    assert (await api.get(f"/messages/{note['id']}", params={"actor": OLGA})).status_code == 404
    assert "secret plan" not in (await api.get(TICKET, params={"actor": OLGA})).text


# -- what is never looked at --


async def test_by_default_nothing_is_entered_and_nobody_asked(web: Web, api: Api, site: Site):
    assert App(Settings()).preview_dispatcher() is None and not App(Settings()).posting.previews.enabled
    web.world.posting.previews = Previews()

    said = await says(api, f"See {site.url('/7')}")

    assert said["link_previews"] == []
    assert rows(web.world) == [] and await drain(web.world, site) == 0


@pytest.mark.parametrize(
    ("author", "text", "everyone", "asked", "why"),
    [
        (ALICE, "See {url}", False, 1, "a colleague"), (OLGA, "See {url}", False, 0, "an outsider"),
        (OLGA, "See {url}", True, 1, "an outsider, where everybody's links are asked for"),
        (ALICE, "Thanks!\r\n\r\n-- \r\nAlice\r\n{url}", False, 0, "a signature"),
        (ALICE, "Thanks!\r\n\r\nOn Monday Olga wrote:\r\n> See {url}", False, 0, "what the colleague quotes"),
        (ALICE, "---------- Forwarded message ---------\r\nFrom: X <x@y.example>\r\nDate: Mon, 23 Nov 2026 at 10:00\r\n"
                "Subject: Confirm\r\nTo: Alice <alice@corp.example>\r\n\r\nConfirm: {url}", False, 0, "what he passes on"),
    ],
)  # fmt: skip
async def test_by_mail_only_what_a_colleague_wrote_himself_is_looked_at(
    web: Web, api: Api, site: Site, author: str, text: str, everyone: bool, asked: int, why: str
):
    world = web.world
    look_at(world, everyone=everyone)
    with world.database.read() as session:
        thread = threads.by_key(session, "ticket", "7")
    assert thread is not None
    subject = "Fwd: Confirm" if "Forwarded" in text else "Re: Pump"
    mail = a_mail(author, subject=subject, text=text.format(url=site.url("/7")))

    got = world.receive(
        stamped(mail, author.partition("@")[2]), world.reply_address(thread), client=hop_client()
    )

    assert world.entry(got).state == "posted"
    assert await drain(world, site) == asked, why


async def test_neither_our_own_links_nor_a_log_nor_what_was_generated_is_looked_at(
    web: Web, api: Api, site: Site
):
    world = web.world
    await says(api, f"http://threads.test:{site.port}/leave/abc http://{DOMAIN}:{site.port}/confirm/abc")
    with world.database.write() as session:
        thread = threads.by_key(session, "ticket", "7")
        assert thread is not None
        for kind, generated in (("log", False), ("message", True)):
            draft = Draft(
                thread, kind, "discussions", Author(None, "Alice", ALICE, True), generated=generated,
                body_html=f'<p><a href="{site.url("/7")}">See</a></p>',
            )  # fmt: skip
            world.posting.post(session, draft, world.now)

    assert await drain(world, site) == 0


async def test_a_redirect_to_what_may_not_be_asked_shows_nothing(web: Web, api: Api, site: Site):
    site.pages["/7"] = elsewhere(f"http://threads.test:{site.port}/leave/abc")
    said = await says(api, site.url("/7"))
    judge = Which(own=frozenset(["threads.test"]), allow_private=True).may_be_asked
    one = PreviewDispatcher(
        database=web.world.database, visitor=site.visitor(may_be_asked=judge), owner="p1", clock=lambda: NOW
    )

    await one.drain()
    await one.stop()

    assert [asked.path for asked in site.asked] == ["/7"]
    assert await titles(api, said["id"]) == [] and rows(web.world) == [("/7", "failed", 1)]


# -- trouble --


async def test_trouble_is_tried_three_times_and_what_is_gone_once(web: Web, api: Api, site: Site):
    world = web.world
    site.pages |= {
        "/down": a_page("x", status="503 Busy"), "/gone": a_page("x", status="410 Gone"),
        "/back": [a_page("x", status="502 Bad"), a_page("Back again")],
    }  # fmt: skip
    said = await says(api, f"{site.url('/down')} {site.url('/gone')} {site.url('/back')}")

    assert await drain(world, site) == 3
    assert rows(world) == [("/down", "waiting", 1), ("/gone", "failed", 1), ("/back", "waiting", 1)]
    assert await drain(world, site) == 0, "not before its time"
    world.now += timedelta(minutes=1)
    assert await drain(world, site) == 2
    assert await titles(api, said["id"]) == ["Back again"]
    world.now += timedelta(hours=1)
    assert await drain(world, site) == 1
    world.now += timedelta(days=1)
    assert await drain(world, site) == 0
    assert rows(world) == [("/down", "failed", 3), ("/gone", "failed", 1), ("/back", "done", 2)]


async def test_a_domain_is_asked_99_times_in_ten_seconds_and_the_rest_later(web: Web, api: Api, site: Site):
    world = web.world
    site.pages |= {f"/{number}": a_page(f"Page {number}") for number in range(105)}
    for number in range(0, 105, 3):  # the names are of one registrable domain
        links = (site.url(f"/{n}", host=f"h{n}.shop.example.co.uk") for n in range(number, number + 3))
        await says(api, " ".join(links))
    site.pages["/other"] = a_page("Another")
    await says(api, site.url("/other", host="other.example"))

    assert await drain(world, site) == 100, "99 of the one, and the other"
    assert Counter(state for _, state, _ in rows(world)) == {"done": 100, "waiting": 6}
    world.now += WINDOW - timedelta(seconds=1)
    assert await drain(world, site) == 0
    world.now += timedelta(seconds=1)
    assert await drain(world, site) == 6
    assert Counter((state, attempts) for _, state, attempts in rows(world)) == {("done", 1): 106}


async def test_two_dispatchers_ask_for_each_link_once_and_share_what_a_domain_is_asked(web: Web, api: Api, site: Site):  # fmt: skip
    world = web.world
    site.pages |= {f"/{number}": a_page(f"Page {number}") for number in range(30)}
    for number in range(0, 30, 3):
        await says(api, " ".join(site.url(f"/{n}") for n in range(number, number + 3)))

    await asyncio.gather(*(drain(world, site, owner=owner, per_domain=20) for owner in ("p1", "p2")))

    assert len(site.asked) == len({one.path for one in site.asked}) == 20
    world.now += WINDOW
    await drain(world, site)
    assert len(site.asked) == 30


async def test_a_link_that_waits_is_looked_at_when_the_bell_rings_and_after_a_fall(
    web: Web, api: Api, site: Site
):
    world = web.world
    site.pages |= {"/1": a_page("One"), "/2": a_page("Two")}
    first = await says(api, site.url("/1"))
    with world.database.write() as session:  # as a process leaves it that was killed
        session.execute(LinkPreview.table().update().values(owner="dead", due_at=NOW + timedelta(minutes=5), lease=1))  # fmt: skip
    one = dispatcher(world, site)

    await one.start(free_leases=True)
    while not await titles(api, first["id"]):
        await asyncio.sleep(0.02)
    second = await says(api, site.url("/2"))
    while not await titles(api, second["id"]):
        await asyncio.sleep(0.02)
    await one.stop()

    assert [asked.path for asked in site.asked] == ["/1", "/2"]


# -- edited, deleted, hidden, moved --


async def test_an_edit_forgets_links_that_are_gone_and_looks_at_new_ones_only(web: Web, api: Api, site: Site):
    world = web.world
    site.pages |= {f"/{name}": a_page(f"Page {name}") for name in "abc"}
    said = await says(api, f"{site.url('/a')} {site.url('/b')}")
    await drain(world, site)

    edited = await api.patch(f"/messages/{said['id']}", json={"body_text": f"{site.url('/c')} {site.url('/b')}", "actor": ALICE})  # fmt: skip

    assert [one["title"] for one in edited.json()["link_previews"]] == ["Page b"]
    assert await drain(world, site) == 1
    assert await titles(api, said["id"]) == ["Page c", "Page b"]
    assert [one.path for one in site.asked] == ["/a", "/b", "/c"]
    await api.patch(f"/messages/{said['id']}", json={"body_text": "Nothing", "actor": ALICE})
    assert rows(world) == []


async def test_an_admin_who_edits_an_outsider_s_message_does_not_make_it_his(web: Web, api: Api, site: Site):
    said = await says(api, "Hello", author=OLGA)

    await api.patch(f"/messages/{said['id']}", json={"body_text": site.url("/a"), "actor": CARLA})

    assert await drain(web.world, site) == 0


async def test_a_link_that_is_edited_away_while_it_is_looked_at_stays_away(web: Web, api: Api, site: Site):
    site.pages["/slow"] = None
    said = await says(api, site.url("/slow"))
    looking = asyncio.create_task(drain(web.world, site))
    while not site.asked:
        await asyncio.sleep(0.02)

    await api.patch(f"/messages/{said['id']}", json={"body_text": "No link", "actor": ALICE})
    await looking

    assert rows(web.world) == []


async def test_a_deleted_message_and_a_deleted_record_take_their_previews_along(
    web: Web, api: Api, site: Site
):
    world = web.world
    site.pages["/a"] = a_page("Page a")
    said, _ = await says(api, site.url("/a")), await says(api, f"Again {site.url('/a')}")
    await drain(world, site)

    assert (await api.delete(f"/messages/{said['id']}", params={"actor": ALICE})).status_code == 204
    assert await titles(api, said["id"]) == [] and len(rows(world)) == 1
    assert purge(world.database, world.blobs, world.now + timedelta(days=99)) >= 0
    assert (await api.delete("/records/ticket/7")).status_code == 204
    assert rows(world) == []


async def test_previews_go_where_their_message_goes(web: Web, api: Api, site: Site):
    site.pages["/a"] = a_page("Page a")
    said = await says(api, site.url("/a"))
    await drain(web.world, site)

    split = {"message_ids": [said["id"]], "key": "8", "title": "Split"}
    assert (await api.post("/records/ticket/7/split", json=split)).status_code == 201
    assert await titles(api, said["id"]) == ["Page a"]
    into = {"into": {"type": "ticket", "key": "7"}}
    assert (await api.post("/records/ticket/8/merge", json=into)).status_code == 200
    assert await titles(api, said["id"]) == ["Page a"]
    await api.post("/records/ticket/7/duplicate", json={"key": "9"})
    assert len(rows(web.world)) == 1


async def test_the_author_or_an_admin_hides_a_preview_and_it_stays_hidden(web: Web, api: Api, site: Site):
    site.pages |= {f"/{name}": a_page(f"Page {name}") for name in "ab"}
    said = await says(api, f"{site.url('/a')} {site.url('/b')}")
    await drain(web.world, site)
    first, second = (await api.get(f"/messages/{said['id']}")).json()["link_previews"]
    path = f"/messages/{said['id']}/link-previews"

    refused = {who: (await api.delete(f"{path}/{first['id']}", params={"actor": who})).status_code for who in (BOB, OLGA)}  # fmt: skip
    plain = await web.client("read", "post").delete(f"{path}/{first['id']}")
    assert refused == {BOB: 403, OLGA: 403} and plain.status_code == 422, "somebody must be named"
    assert await titles(api, said["id"]) == ["Page a", "Page b"]

    assert (await api.delete(f"{path}/{first['id']}", params={"actor": ALICE})).status_code == 204
    assert await titles(api, said["id"]) == ["Page b"]
    assert (await api.delete(f"{path}/{first['id']}", params={"actor": ALICE})).status_code == 404
    await api.patch(f"/messages/{said['id']}", json={"body_text": f"So: {site.url('/a')} {site.url('/b')}", "actor": ALICE})  # fmt: skip
    assert await drain(web.world, site) == 0 and await titles(api, said["id"]) == ["Page b"]
    other = await says(api, "No link")
    assert (await api.delete(f"/messages/{other['id']}/link-previews/{second['id']}")).status_code == 404
    assert (await api.delete(f"{path}/{second['id']}", params={"actor": CARLA})).status_code == 204
    assert await titles(api, said["id"]) == []


async def test_the_preview_of_a_mail_can_be_hidden_though_the_mail_stays_as_it_came(
    web: Web, api: Api, site: Site
):
    world = web.world
    site.pages["/a"] = a_page("Page a")
    with world.database.read() as session:
        thread = threads.by_key(session, "ticket", "7")
    assert thread is not None
    mail = stamped(a_mail(ALICE, text=f"See {site.url('/a')}"), "corp.example")
    world.receive(mail, world.reply_address(thread), client=hop_client())
    await drain(world, site)
    [newest, *_] = (await api.get(TICKET)).json()["items"]
    [shown] = newest["link_previews"]

    gone = await api.delete(f"/messages/{newest['id']}/link-previews/{shown['id']}", params={"actor": ALICE})

    assert gone.status_code == 204 and await titles(api, newest["id"]) == []


# -- the whole --


async def test_a_served_gateway_looks_at_links(tmp_path: Path):
    more = "[previews]\nenabled = true\nallow_private = true\n"
    there = "127.0.0.2"  # the gateway's own address is never asked
    async with a_site(there) as site:
        site.pages["/7"] = a_page("Pump 7")
        with closing(Installation(tmp_path, more=more)) as gateway:
            shown = await asyncio.to_thread(shown_by, gateway, site.url("/7", host=there))

    assert [one["title"] for one in shown] == ["Pump 7"]


def shown_by(gateway: Installation, url: str) -> list[dict[str, Any]]:
    """What a gateway shows of a link that a colleague posts."""
    running = gateway.start()
    gateway.api.put(f"/partners/{ALICE}", json={"internal": True}).raise_for_status()
    gateway.api.put("/records/ticket/7", json={"title": "Pump"}).raise_for_status()
    said = gateway.api.post(
        TICKET, json={"kind": "message", "author": ALICE, "body_text": f"See {url}"}
    ).json()
    path = f"/messages/{said['id']}"
    shown = until(lambda: gateway.api.get(path).json()["link_previews"], what="the preview")
    assert running.stop() == 0
    return list(shown)


# -- what it costs --


async def statements(asked: Any) -> list[str]:
    """What the database was told meanwhile, other than to whom it rings."""
    told: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if "pg_notify" not in statement:
            told.append(statement)

    sqlalchemy_event.listen(Engine, "before_cursor_execute", note)
    await asked
    sqlalchemy_event.remove(Engine, "before_cursor_execute", note)
    return told


async def test_links_cost_one_statement_a_message_and_one_a_page(web: Web, api: Api, site: Site):
    world = web.world
    three = " ".join(site.url(f"/{name}") for name in "abc")
    await says(api, three)

    bare, linked = await statements(says(api, "No link")), await statements(says(api, three))
    page = await statements(api.get(TICKET))
    world.posting.previews = Previews()
    off, page_off = await statements(says(api, three)), await statements(api.get(TICKET))

    assert len(bare) == len(off) == len(linked) - 1
    assert not [one for one in (*bare, *off, *page_off) if "link_preview" in one]
    assert len([one for one in page if "link_preview" in one]) == 1 and len(page_off) == len(page) - 1
