"""The pages in a browser without scripts: login, thread, leave, confirm, ledger, outbox."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest

from gateway.chatter import access
from gateway.outbound.channels import Mail
from gateway.outbound.channels.maildir import Maildir
from gateway.rules.token import Kind, Token, mint
from store.models.views import PartnerView, ThreadView
from store.queries import access as store
from store.queries import follower as followers
from store.queries import thread as threads
from tests.builders import DOMAIN, KEYS, World, a_mail
from tests.web.conftest import Web

HTML = {"Accept": "text/html"}
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def csrf_in(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
    assert found, page.text
    return found[1]


def login_link(web: Web, partner: PartnerView) -> str:
    with web.world.database.write() as session:
        return access.make_link_secret(
            session,
            "login",
            partner_id=partner.id,
            payload={},
            lives=access.LOGIN_LINK_LIVES,
            now=web.world.now,
        )


def follows(world: World, thread: ThreadView, partner: PartnerView) -> bool:
    with world.database.read() as session:
        return followers.is_follower(session, thread.id, partner.id)


# -- login --


async def test_a_login_link_works_once_and_only_by_its_button(web: Web):
    carla = web.world.partner("carla@example.com", internal=True)
    secret = login_link(web, carla)
    browser, other = web.open(headers=HTML), web.open(headers=HTML)

    for _ in range(2):
        assert secret in (await other.get("/login", params={"token": secret})).text, "looking spends nothing"
    entered = await browser.post("/login", data={"token": secret})
    again = await other.post("/login", data={"token": secret})

    assert entered.status_code == 303 and entered.headers["location"] == "/"
    cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in cookie and "samesite=lax" in cookie.lower() and "Path=/" in cookie
    assert again.status_code == 403 and "set-cookie" not in again.headers
    assert "Carla" in (await browser.get("/")).text


async def test_an_outsider_a_deactivated_colleague_and_an_old_link_do_not_get_in(web: Web):
    outsider = login_link(web, web.world.partner("olga@outside.example"))
    gone = login_link(web, web.world.partner("gone@example.com", internal=True, active=False))
    old = login_link(web, web.world.partner("carla@example.com", internal=True))
    browser = web.open(headers=HTML)

    answers = [await browser.post("/login", data={"token": token}) for token in (outsider, gone, "made up")]
    web.world.now += timedelta(hours=1)
    answers.append(await browser.post("/login", data={"token": old}))

    assert {answer.status_code for answer in answers} == {403} and len(
        {answer.text for answer in answers}
    ) == 1


async def test_logging_out_ends_the_session_in_the_store(web: Web):
    browser = await web.browser("carla@example.com")
    web.world.ticket("7")
    page = await browser.get("/r/ticket/7")
    cookie = dict(browser.cookies)

    await browser.post("/logout", data={"csrf": csrf_in(page)})

    assert (await web.open(cookies=cookie, headers=HTML).get("/r/ticket/7")).status_code == 401


async def test_who_is_not_logged_in_sees_a_page_that_says_so(web: Web):
    web.world.ticket("7")

    answer = await web.open(headers=HTML).get("/r/ticket/7")

    assert (
        answer.status_code == 401
        and answer.headers["content-type"].startswith("text/html")
        and "Ticket 7" not in answer.text
    )


# -- the thread --


async def test_the_thread_page_shows_the_conversation_newest_first(web: Web):
    world = web.world
    thread = world.ticket("7", fields={"stage": "new"})
    api = web.client()
    await api.put("/partners/carla@example.com", json={"name": "Carla <b>", "internal": True})
    for kind, text in (("message", "Good day"), ("note", "Between us")):
        await api.post(
            "/records/ticket/7/messages",
            json={"kind": kind, "author": "carla@example.com", "body_text": text},
        )
    await api.put("/records/ticket/7", json={"fields": {"stage": "won"}, "title": "<i>Printer</i>"})
    world.receive(a_mail("olga@outside.example", text="Claimed"), f"support@{DOMAIN}")
    browser = await web.browser("carla@example.com")

    page = (await browser.get("/r/ticket/7")).text

    assert page.index("Won") < page.index("Between us") < page.index("Good day")
    assert "&lt;i&gt;Printer" in page and "<i>Printer" not in page and "Carla &lt;b&gt;" in page
    assert page.count("<article") >= 4 and "Internal note" in page and "<ins>Won</ins>" in page
    assert world.reply_address(thread)[:20] in page
    assert "<script>" not in page and "onclick" not in page


async def test_an_author_whom_nothing_proves_has_a_badge(web: Web):
    mail_id = web.world.receive(a_mail("olga@outside.example"), f"support@{DOMAIN}")
    thread_id = web.world.targets(mail_id)[0].thread_id
    with web.world.database.read() as session:
        thread = threads.by_id(session, thread_id)
    assert thread
    browser = await web.browser("carla@example.com")

    assert "not verified" in (await browser.get(f"/r/ticket/{thread.key}")).text


async def test_a_message_and_a_note_are_written_with_plain_forms(web: Web):
    world = web.world
    thread = world.ticket("2026/7", followers=[world.partner("olga@outside.example")])
    browser = await web.browser("carla@example.com")
    path = "/r/ticket/2026%2F7"

    form = await browser.get(path, params={"compose": "note"})
    posted = await browser.post(
        f"{path}/messages", data={"csrf": csrf_in(form), "kind": "note", "body_text": "psst\r\nthere"},
        files={"files": ("a.txt", b"a")},
    )  # fmt: skip
    sent = await browser.post(
        f"{path}/messages",
        data={"csrf": csrf_in(form), "kind": "message", "body_text": "Hi"},
        files={"files": ("", b"")},
    )

    assert "autofocus" in form.text and "only colleagues" in form.text
    assert posted.status_code == sent.status_code == 303 and posted.headers["location"].startswith(
        path + "#message-"
    )
    note, message = world.messages(thread)
    assert (note.kind, note.body_text, message.kind, message.author_email) == (
        "note",
        "psst\nthere",
        "message",
        "carla@example.com",
    )
    assert world.notices(message.id)["olga@outside.example"][0] == "queued"
    assert (
        "olga@outside.example" not in world.notices(note.id)
        or world.notices(note.id)["olga@outside.example"][0] == "skipped"
    )


async def test_follow_is_a_button_that_knows_its_state(web: Web):
    thread = web.world.ticket("7")
    browser = await web.browser("carla@example.com")
    page = await browser.get("/r/ticket/7")

    await browser.post("/r/ticket/7/follow", data={"csrf": csrf_in(page), "follow": "yes"})
    following = await browser.get("/r/ticket/7")
    await browser.post("/r/ticket/7/follow", data={"csrf": csrf_in(page), "follow": "no"})

    assert 'aria-pressed="false">Follow<' in page.text and 'aria-pressed="true">Following<' in following.text
    with web.world.database.read() as session:
        assert followers.follower_count(session, thread.id) == 0


async def test_a_form_from_another_site_does_nothing(web: Web):
    thread = web.world.ticket("7")
    browser = await web.browser("carla@example.com")
    good = csrf_in(await browser.get("/r/ticket/7"))
    other = csrf_in(await (await web.browser("dave@example.com")).get("/r/ticket/7"))
    files = {"files": ("", b"")}

    for data, headers in (
        ({}, {}), ({"csrf": ""}, {}), ({"csrf": other}, {}), ({"csrf": "é"}, {}),
        ({"csrf": good}, {"Origin": "https://evil.example"}),
    ):  # fmt: skip
        values = {"kind": "message", "body_text": "x", "follow": "yes", **data}
        posted = await browser.post("/r/ticket/7/messages", data=values, files=files, headers=headers)
        followed = await browser.post("/r/ticket/7/follow", data=values, headers=headers)
        assert posted.status_code == followed.status_code == 403

    assert web.world.messages(thread) == []


async def test_a_record_of_others_does_not_exist_for_a_colleague(web: Web):
    thread = web.world.ticket("7")
    with web.world.database.write() as session:
        threads.change(session, thread, {"members": [999]}, web.world.now)
    browser = await web.browser("carla@example.com")

    hidden, absent = await browser.get("/r/ticket/7"), await browser.get("/r/ticket/8")

    assert hidden.status_code == absent.status_code == 404
    assert "there is no ticket 7" in hidden.text and "there is no ticket 8" in absent.text
    assert "Ticket 7" not in (await browser.get("/")).text


async def test_a_page_speaks_italian_to_who_asks_for_it(web: Web):
    page = await web.open(headers={**HTML, "Accept-Language": "it-IT,it;q=0.9,en;q=0.5"}).get("/login")

    assert '<html lang="it">' in page.text


# -- leave --


def leave_path(thread: ThreadView, partner: PartnerView, kind: Kind = Kind.LEAVE) -> str:
    return "/leave/" + mint(Token(kind, thread.id, partner.id), KEYS)


async def test_one_click_leaves_and_looking_does_not(web: Web):
    olga = web.world.partner("olga@outside.example")
    thread = web.world.ticket("7", followers=[olga])
    path, anybody = leave_path(thread, olga), web.open(headers=HTML)

    looked = await anybody.get(path)
    for method in ("HEAD", "OPTIONS"):
        await anybody.request(method, path)
    assert looked.status_code == 200 and "Stop following" in looked.text and follows(web.world, thread, olga)

    left = await anybody.post(path, data=ONE_CLICK)
    again = await anybody.post(path, files={"List-Unsubscribe": (None, "One-Click")})

    assert (left.status_code, again.status_code) == (200, 200)
    assert "set-cookie" not in left.headers and "location" not in left.headers
    assert not follows(web.world, thread, olga)
    assert (
        "no longer follows" in web.world.messages(thread)[-1].body_text
        and len(web.world.messages(thread)) == 1
    )


async def test_a_token_of_another_kind_or_a_changed_one_leaves_nothing(web: Web):
    olga = web.world.partner("olga@outside.example")
    thread = web.world.ticket("7", followers=[olga])
    good = leave_path(thread, olga)
    anybody = web.open(headers=HTML)

    bad = [leave_path(thread, olga, Kind.REPLY), good[:-1] + ("a" if good[-1] != "a" else "b"), "/leave/x"]
    answers = [await anybody.post(path, data=ONE_CLICK) for path in bad]
    empty = await anybody.post(good)

    assert {answer.status_code for answer in answers} == {404} and len(
        {answer.text for answer in answers}
    ) == 1
    assert empty.status_code == 400 and follows(web.world, thread, olga)


# -- confirm --


async def a_question(web: Web) -> tuple[str, int]:
    """The secret of a confirm mail and the held mail that it asks about."""
    carla = web.world.partner("carla@example.com", internal=True)
    thread = web.world.ticket("7")
    mail_id = web.world.receive(
        a_mail("carla@example.com", subject="Was it me"), web.world.reply_address(thread, carla)
    )
    with web.world.database.write() as session:
        secret = access.make_link_secret(
            session,
            "confirm",
            partner_id=carla.id,
            payload={"mails": [mail_id]},
            lives=timedelta(days=1),
            now=web.world.now,
        )
    return secret, mail_id


@pytest.mark.parametrize(("answer", "state"), [("yes", "posted"), ("no", "refused")])
async def test_a_colleague_says_whether_it_was_him(web: Web, answer: str, state: str):
    secret, mail_id = await a_question(web)
    anybody = web.open(headers=HTML)

    shown = await anybody.get(f"/confirm/{secret}")
    assert (
        "Was it me" in shown.text
        and "Hello there" not in shown.text
        and web.world.entry(mail_id).state == "held"
    )
    said = await anybody.post(f"/confirm/{secret}", data={"answer": answer})
    again = await anybody.post(f"/confirm/{secret}", data={"answer": answer})
    while web.world.worker.run_once():
        pass

    assert (said.status_code, again.status_code) == (200, 404)
    assert web.world.entry(mail_id).state == state


@pytest.mark.parametrize("answer", ["yes", "no"])
async def test_only_the_mails_that_he_was_shown_are_settled_and_the_rest_is_asked_anew(web: Web, answer: str):
    """A forged mail joins the open question while the colleague reads the page."""
    secret, mine = await a_question(web)
    anybody = web.open(headers=HTML)
    shown = await anybody.get(f"/confirm/{secret}")
    forged = web.world.receive(
        a_mail("carla@example.com", subject="Please pay"), web.world.reply_address(web.world.ticket("8"))
    )
    with web.world.database.write() as session:
        store.change_secret(session, access.digest(secret), {"mails": [mine, forged]})

    said = await anybody.post(f"/confirm/{secret}", data={"answer": answer, "mails": ids_in(shown)})
    while web.world.worker.run_once():
        pass

    assert web.world.entry(mine).state == {"yes": "posted", "no": "refused"}[answer]
    assert web.world.entry(forged).state == "held"
    assert "Please pay" in said.text and "Was it me" not in said.text and ids_in(said) == str(forged)
    later = await anybody.get(f"/confirm/{secret}")
    assert "Please pay" in later.text
    await anybody.post(f"/confirm/{secret}", data={"answer": "no", "mails": ids_in(later)})
    assert web.world.entry(forged).state == "refused"
    assert (await anybody.get(f"/confirm/{secret}")).status_code == 404


@pytest.mark.parametrize(("mails", "states"), [
    (None, ["posted", "held"]), ("", ["held", "held"]), ("999999", ["held", "held"]), ("x", ["held", "held"]),
])  # fmt: skip
async def test_a_form_that_shows_no_mails_settles_the_one_the_question_spoke_of_at_most(
    web: Web, mails: str | None, states: list[str]
):
    secret, mine = await a_question(web)
    other = web.world.receive(a_mail("carla@example.com"), web.world.reply_address(web.world.ticket("8")))
    with web.world.database.write() as session:
        store.change_secret(session, access.digest(secret), {"mails": [mine, other]})

    data = {"answer": "yes"} | ({} if mails is None else {"mails": mails})
    await web.open(headers=HTML).post(f"/confirm/{secret}", data=data)
    while web.world.worker.run_once():
        pass

    assert [web.world.entry(mail_id).state for mail_id in (mine, other)] == states


def ids_in(page: httpx.Response) -> str:
    """The mails that the form of a question shows."""
    found = re.search(r'name="mails" value="([0-9,]*)"', page.text)
    assert found is not None, page.text
    return found[1]


# -- ledger and outbox --


async def test_an_admin_reads_why_a_mail_is_held_and_releases_it(web: Web):
    _, mail_id = await a_question(web)
    admin = await web.browser("root@example.com", role="admin")

    home = await admin.get("/")
    page = await admin.get("/ledger")
    with web.working():
        done = await admin.post(f"/ledger/{mail_id}/release", data={"csrf": csrf_in(page)})

    assert home.headers["location"] == "/ledger"
    assert "Was it me" in page.text and ">Release<" in page.text and ">Discard<" in page.text
    assert done.status_code == 303 and web.world.entry(mail_id).state == "posted"
    assert "authenticate" in (await admin.get(f"/ledger/{mail_id}")).text


async def test_an_admin_says_this_is_carol_and_lets_her_follow(web: Web):
    thread, carol = web.world.ticket("1"), web.world.partner("carol@customer.example")
    mail_id = web.world.receive(a_mail("carol@private.example"), web.world.reply_address(thread))
    admin = await web.browser("root@example.com", role="admin")
    page = await admin.get(f"/ledger/{mail_id}")

    form = {"csrf": csrf_in(page), "as": carol.email, "follow": "yes"}
    with web.working():
        await admin.post(f"/ledger/{mail_id}/release", data=form)

    [posted] = web.world.messages(thread)
    assert ">Release and follow<" in page.text and "This is" in page.text
    assert (posted.author_id, web.world.followers(thread)) == (carol.id, {carol.email})


async def test_a_member_and_a_form_without_its_mark_cannot_touch_the_ledger(web: Web):
    _, mail_id = await a_question(web)
    member, admin = await web.browser("dave@example.com"), await web.browser("root@example.com", role="admin")
    web.world.ticket("1")
    csrf = csrf_in(await member.get("/r/ticket/1"))

    assert (
        (await member.get("/ledger")).status_code
        == (await member.get(f"/ledger/{mail_id}")).status_code
        == 403
    )
    assert (await member.post(f"/ledger/{mail_id}/discard", data={"csrf": csrf})).status_code == 403
    assert (await admin.post(f"/ledger/{mail_id}/discard", data={"csrf": csrf})).status_code == 403
    assert (await admin.post(f"/ledger/{mail_id}/discard")).status_code == 403
    assert web.world.entry(mail_id).state == "held"


async def test_the_outbox_shows_mail_in_a_frame_where_nothing_runs(web: Web, tmp_path):
    header = b"From: a@x.example\r\nTo: b@y.example\r\nSubject: Hi <b>\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n"
    mail = Mail(
        id=1, lease=1, channel="email", message_id=None, header_id="<m@x.example>", reverse_path="r@x.example",
        recipient="b@y.example", header=header, content=b"<p>Hello</p><script>alert(1)</script>", attempts=0,
        created_at=web.world.now,
    )  # fmt: skip
    await Maildir(tmp_path / "outbox").deliver(mail)
    browser = web.open(headers=HTML)

    listed = await browser.get("/dev/outbox")
    link = re.search(r'href="(/dev/outbox/[^"]+)"', listed.text)
    assert link and "Hi &lt;b&gt;" in listed.text
    shown, frame = await browser.get(link[1]), await browser.get(link[1] + "/html")

    assert "<iframe" in shown.text and "sandbox" in shown.text and "<script>alert" not in shown.text
    assert frame.headers["content-security-policy"].startswith("sandbox; default-src 'none'")


async def test_with_a_relay_there_is_no_outbox(web: Web, tmp_path):
    relayed = Web(web.world, tmp_path, outbox_dir=None)

    assert (await relayed.open(headers=HTML).get("/dev/outbox")).status_code == 404
    await relayed.close()
