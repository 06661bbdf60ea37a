"""Who may write on a record, in whose name, and who is named by what is written."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.builders import DOMAIN, a_mail
from tests.web.conftest import Web, add

PATH = "/records/ticket/7"
MESSAGES = PATH + "/messages"
CARLA, DAVE, CAROL, DAN = (
    "carla@example.com",
    "dave@example.com",
    "carol@customer.example",
    "dan@other.example",
)


@pytest.fixture
async def api(web: Web) -> httpx.AsyncClient:
    """Two colleagues and two outsiders; ticket 7, which carol follows."""
    api = web.client()
    for email in (CARLA, DAVE):
        await add(api, email, internal=True)
    for email in (CAROL, DAN):
        await add(api, email)
    await api.put(PATH, json={"title": "Printer"})
    await api.post(PATH + "/followers", json={"email": CAROL})
    return api


async def close_to(api: httpx.AsyncClient, *members: str) -> None:
    answer = await api.put(PATH, json={"members": list(members)})
    assert answer.status_code == 200, answer.text


async def say(api: httpx.AsyncClient, **values: Any) -> httpx.Response:
    return await api.post(
        MESSAGES, json={"kind": "message", "author": CARLA, "body_text": "Hello.", **values}
    )


def pointers(answer: httpx.Response) -> list[str]:
    return [error["pointer"] for error in answer.json()["errors"]]


async def following(api: httpx.AsyncClient) -> set[str]:
    return {item["partner"]["email"] for item in (await api.get(PATH + "/followers")).json()["items"]}


def told(message: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {n["partner"]["email"]: (n["state"], n["reason"]) for n in message["notices"]}


async def test_t233_a_colleague_writes_only_where_he_may_work(api: httpx.AsyncClient):
    await close_to(api, CARLA)

    as_author = await say(api, author=DAVE)
    as_actor = await say(api, author=CARLA, actor=DAVE)
    later = await say(api, author=DAVE, send_at="2031-01-01T00:00:00Z")

    assert (as_author.status_code, pointers(as_author)) == (422, ["#/author"])
    assert as_actor.status_code == 404
    assert (later.status_code, pointers(later)) == (422, ["#/author"])
    assert DAVE not in await following(api)
    assert (await say(api)).status_code == 201


async def test_t233_a_type_that_is_open_to_its_followers_is_not_opened_by_writing(
    web: Web, api: httpx.AsyncClient
):
    await api.put("/record-types/ticket", json={"policy": {"access": "followers"}})

    answer = await say(api, author=DAVE)

    assert (answer.status_code, pointers(answer)) == (422, ["#/author"])
    assert (await api.get(PATH, params={"actor": DAVE})).status_code == 404


async def test_t233_an_outsider_writes_in_his_own_name_where_he_takes_part(api: httpx.AsyncClient):
    assert (await say(api, author=CAROL, actor=CAROL)).status_code == 201
    assert pointers(await say(api, author=CARLA, actor=CAROL)) == ["#/author"]
    assert (await say(api, author=DAN, actor=DAN)).status_code == 404
    assert (await say(api, kind="note", author=CAROL, actor=CAROL)).status_code == 422
    assert pointers(await say(api, actor="nobody@nowhere.example")) == ["#/actor"]


async def test_b18_who_really_writes_follows_and_is_not_told(api: httpx.AsyncClient):
    await api.post(PATH + "/followers", json={"email": CARLA})

    answer = (await say(api, author=CARLA, actor=DAVE)).json()

    assert answer["author"]["email"] == CARLA
    assert told(answer)[CARLA] == ("queued", "follower"), (
        "nobody speaks in her name without her hearing of it"
    )
    assert told(answer)[DAVE] == ("skipped", "the author")
    assert DAVE in await following(api)


async def test_d02_only_who_is_named_hears_of_a_message_that_leaves_the_followers_out(api: httpx.AsyncClient):
    answer = (await say(api, recipients=[DAN], skip_followers=True)).json()

    assert told(answer)[CAROL] == ("skipped", "left out by the author")
    assert told(answer)[DAN] == ("queued", "recipient")


async def test_a_message_shows_whom_it_names_in_to_and_cc(api: httpx.AsyncClient):
    posted = (await say(api, recipients=[DAN], cc=[DAVE, DAN, "erin@new.example"])).json()
    shown = (await api.get(f"/messages/{posted['id']}")).json()

    for message in (posted, shown):
        assert [one["email"] for one in message["to"]] == [DAN]
        assert [(one["email"], one["internal"]) for one in message["cc"]] == [
            (DAVE, True),
            ("erin@new.example", False),
        ]
    assert {who for who, (state, _) in told(posted).items() if state == "queued"} == {
        CAROL, DAN, DAVE, "erin@new.example"
    }  # fmt: skip
    assert pointers(await say(api, cc=["no address"])) == ["#/cc/0"]


async def test_a_mail_shows_whom_it_named_in_to_and_cc(web: Web, api: httpx.AsyncClient):
    to = f"support@{DOMAIN}, Dan <{DAN}>"
    web.world.receive(
        a_mail("Erin <erin@new.example>", to=to, extra="Cc: Frank <frank@far.example>\r\n"),
        f"support@{DOMAIN}",
    )
    record = (await api.get("/records", params={"q": "hello"})).json()["items"][0]
    message = (await api.get(f"/records/ticket/{record['key']}/messages")).json()["items"][-1]

    assert [(one["name"], one["email"]) for one in message["to"]] == [("Dan", DAN)]
    assert [(one["id"], one["email"]) for one in message["cc"]] == [(None, "frank@far.example")]


async def test_c04_an_outsider_among_the_recipients_of_a_note_is_asked_for_and_then_gets_it(
    api: httpx.AsyncClient,
):
    note = {"kind": "note", "recipients": [DAN]}

    refused = await say(api, **note)
    sent = (await say(api, **note, confirm_external=[DAN])).json()

    assert refused.status_code == 409 and refused.json()["external"] == [DAN]
    assert told(sent)[DAN] == ("queued", "mention")


async def test_an_outsider_is_confirmed_by_any_of_his_addresses(api: httpx.AsyncClient):
    await api.put(f"/partners/{DAN}", json={"addresses": ["dan@home.example"]})

    note = await say(api, kind="note", mentions=["dan@home.example"], confirm_external=["dan@home.example"])

    assert note.status_code == 201 and told(note.json())[DAN] == ("queued", "mention")
    assert pointers(await say(api, confirm_external=["junk"])) == ["#/confirm_external/0"]


async def test_an_address_of_ours_is_nobody_to_write_to(web: Web, api: httpx.AsyncClient):
    reply_address = (await api.get(PATH)).json()["reply_address"]

    answer = await say(
        api, recipients=[DAN, f"support@{DOMAIN}"], cc=[reply_address], mentions=[f"abuse@{DOMAIN}"]
    )

    assert answer.status_code == 422
    assert sorted(pointers(answer)) == ["#/cc/0", "#/mentions/0", "#/recipients/1"]
    assert (await api.get("/partners", params={"q": "support"})).json()["items"] == []


@pytest.mark.parametrize("body", [{"body_text": ""}, {"body_text": " \n"}, {"body_html": "<p> </p>"},
                                  {"body_html": "<script>x</script>"}])  # fmt: skip
async def test_a19_an_empty_message_is_refused(api: httpx.AsyncClient, body: dict[str, str]):
    answer = await api.post(MESSAGES, json={"kind": "message", "author": CARLA, **body})

    assert (answer.status_code, pointers(answer)) == (422, ["#/body_text"])


async def test_who_opened_a_record_unproven_follows_once_a_colleague_addresses_him(
    web: Web, api: httpx.AsyncClient
):
    web.world.receive(a_mail("Erin <erin@new.example>", subject="Boiler"), f"support@{DOMAIN}")
    record = (await api.get("/records", params={"q": "boiler"})).json()["items"][0]
    path = f"/records/ticket/{record['key']}"
    assert (await api.get(path + "/followers")).json()["items"] == []

    body = {"kind": "message", "author": CARLA, "body_text": "We look.", "recipients": ["erin@new.example"]}
    await api.post(path + "/messages", json=body)

    followers = (await api.get(path + "/followers")).json()["items"]
    assert "erin@new.example" in {item["partner"]["email"] for item in followers}


async def test_b23_an_outsider_is_not_shown_who_would_be_told(api: httpx.AsyncClient):
    assert (await api.get(PATH + "/audience", params={"actor": CAROL})).status_code == 404
    assert (await api.get(PATH + "/audience", params={"actor": DAVE})).status_code == 200
    assert pointers(await api.get(PATH + "/audience", params={"author": "nobody@x.example"})) == ["#/author"]


CHANGES: list[tuple[str, str, dict[str, Any]]] = [
    ("PUT", PATH, {"fields": {"stage": "won"}}),
    ("POST", PATH + "/rename", {"key": "8"}),
    ("POST", PATH + "/merge", {"into": {"type": "ticket", "key": "open"}}),
    ("POST", "/records/ticket/open/merge", {"into": {"type": "ticket", "key": "7"}}),
    ("POST", PATH + "/split", {"message_ids": [1], "key": "8"}),
    ("POST", PATH + "/duplicate", {"key": "8"}),
    ("POST", "/records/batch", {"items": [{"type": "ticket", "key": "7", "title": "Mine"}]}),
    ("POST", "/records/batch",
     {"items": [{"type": "ticket", "key": "9"}, {"type": "ticket", "key": "7", "members": [DAVE]}]}),
    ("DELETE", PATH, {}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
async def test_a_record_is_changed_only_for_who_may_work_on_it(
    api: httpx.AsyncClient, method: str, path: str, body: dict[str, Any]
):
    await api.put("/records/ticket/open", json={"title": "Open to all"})
    await close_to(api, CARLA)
    before = (await api.get(PATH)).json()

    for actor, refused in ((DAVE, (404, 422)), (CAROL, (404, 422)), ("nobody@nowhere.example", (422,))):
        if method == "DELETE":
            answer = await api.delete(path, params={"actor": actor})
        else:
            answer = await api.request(method, path, json={**body, "actor": actor})
        assert answer.status_code in refused, (actor, answer.text)
        assert answer.status_code == 404 or answer.json()["errors"], answer.text

    assert (await api.get(PATH)).json() == before
    assert (await api.get("/records/ticket/9")).status_code == 404


async def test_the_page_shows_whom_a_message_names(web: Web, api: httpx.AsyncClient):
    await say(api, recipients=[DAN], cc=[DAVE])
    page = (await (await web.browser(CARLA)).get("/r/ticket/7")).text

    assert f'To: <span title="{DAN}">Dan</span>' in page
    assert f'Cc: <span title="{DAVE}">Dave</span>' in page
