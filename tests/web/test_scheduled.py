"""Messages that are posted later: hidden until then, posted as their author with the rights he has then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from gateway.chatter.scheduled import post_due
from tests.builders import NOW
from tests.web.conftest import Web, add
from tests.web.outbox import send, text_of

Api = httpx.AsyncClient
ALICE, BOB, CARLA, OLGA = (
    "alice@corp.example",
    "bob@corp.example",
    "carla@corp.example",
    "olga@outside.example",
)
MESSAGES = "/records/ticket/7/messages"
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
async def record(api: Api) -> None:
    """Olga follows a ticket; Alice and Bob are colleagues, Carla an admin."""
    for email in (ALICE, BOB):
        await add(api, email, internal=True)
    await add(api, CARLA, internal=True, role="admin")
    await add(api, OLGA)
    await api.put("/records/ticket/7", json={"title": "Printer"})
    await api.post("/records/ticket/7/followers", json={"email": OLGA, "notify": False})


async def later(api: Api, **changes: Any) -> dict[str, Any]:
    body = {
        "kind": "message",
        "author": ALICE,
        "body_text": "See you.",
        "send_at": TOMORROW.isoformat(),
        **changes,
    }
    answer = await api.post(MESSAGES, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def tick(web: Web, now: Any = TOMORROW) -> int:
    world = web.world
    world.now = now
    return post_due(world.database, posting=world.posting, types=world.types, now=now)


async def said(api: Api) -> list[dict[str, Any]]:
    items = (await api.get(MESSAGES, params={"kind": "message"})).json()["items"]
    return [one for one in items if one["kind"] == "message"]


async def waiting(api: Api) -> list[dict[str, Any]]:
    return list((await api.get("/records/ticket/7/scheduled")).json()["items"])


async def test_t135_nothing_now_and_at_its_time_once(web: Web, api: Api, record):
    kept = await later(api)

    assert kept["state"] == "waiting" and kept["author"]["email"] == ALICE
    assert kept["send_at"].startswith("2026-11-24T12:00:00")
    assert await said(api) == [] and await send(web) == []
    assert tick(web, TOMORROW - timedelta(seconds=1)) == 0
    assert tick(web) == 1
    assert tick(web) == 0
    [posted] = await said(api)
    assert posted["author"]["email"] == ALICE and posted["date"].startswith("2026-11-24T12:00:00")
    [mail] = await send(web)
    assert mail["To"] == OLGA and "See you." in text_of(mail)
    assert await waiting(api) == []


async def test_t135_a_past_time_means_now(web: Web, api: Api, record):
    answer = await api.post(
        MESSAGES,
        json={
            "kind": "message",
            "author": ALICE,
            "body_text": "Now.",
            "send_at": (NOW - timedelta(hours=1)).isoformat(),
        },
    )

    assert answer.json()["kind"] == "message" and answer.json()["notices"]
    assert len(await said(api)) == 1 and await waiting(api) == []
    wrong = await api.post(
        MESSAGES, json={"kind": "message", "author": ALICE, "body_text": "x", "send_at": "tomorrow"}
    )
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["pointer"] == "#/send_at"


async def test_t135_a_moved_date_counts_and_so_does_a_new_text(web: Web, api: Api, record):
    kept = await later(api)

    moved = await api.patch(
        f"/scheduled/{kept['id']}",
        json={
            "send_at": (TOMORROW + timedelta(days=1)).isoformat(),
            "body_html": "<p>New <script>x</script>text</p>",
            "actor": BOB,
        },
    )

    assert moved.status_code == 200, moved.text
    assert (moved.json()["body_html"], moved.json()["body_text"]) == ("<p>New text</p>", "New text")
    assert tick(web) == 0
    assert tick(web, TOMORROW + timedelta(days=1)) == 1
    assert [one["body_text"] for one in await said(api)] == ["New text"]


async def test_t135_a_deleted_record_takes_it_along(web: Web, api: Api, record):
    kept = await later(api)
    await api.delete("/records/ticket/7")

    assert tick(web) == 0
    assert (await api.get(f"/scheduled/{kept['id']}")).status_code == 404


async def test_t216_only_who_wrote_or_entered_it_or_an_admin_sends_it_now_others_may_delete_it(
    web: Web, api: Api, record
):
    first, second = await later(api), await later(api, body_text="Second", actor=BOB)
    plain = web.client("read", "post")

    assert (await plain.post(f"/scheduled/{first['id']}/send", json={"actor": BOB})).status_code == 403
    assert (await plain.post(f"/scheduled/{first['id']}/send")).status_code == 422
    assert (await plain.post(f"/scheduled/{first['id']}/send", json={"actor": ALICE})).json()[
        "body_text"
    ] == "See you."
    assert (await plain.post(f"/scheduled/{first['id']}/send", json={"actor": ALICE})).status_code == 404
    assert (await plain.post(f"/scheduled/{second['id']}/send", json={"actor": BOB})).json()["author"][
        "email"
    ] == ALICE
    third = await later(api)
    assert (await plain.delete(f"/scheduled/{third['id']}", params={"actor": BOB})).status_code == 204
    assert (await plain.delete(f"/scheduled/{third['id']}", params={"actor": BOB})).status_code == 404
    assert len(await said(api)) == 2 and tick(web) == 0


async def test_what_would_be_refused_now_is_refused_now(api: Api, record):
    note = {"kind": "note", "body_text": "x", "send_at": TOMORROW.isoformat()}

    outsider = await api.post(MESSAGES, json={**note, "author": OLGA})
    unconfirmed = await api.post(MESSAGES, json={**note, "author": ALICE, "mentions": [OLGA]})

    assert outsider.status_code == 422 and unconfirmed.status_code == 409
    assert await waiting(api) == []


async def test_the_rights_of_the_author_count_when_it_is_posted_and_his_text_is_not_lost(
    web: Web, api: Api, record
):
    await later(api, body_text="From Alice.")
    await later(api, body_text="From Bob.", author=BOB)
    await api.put(f"/partners/{ALICE}", json={"active": False})

    assert tick(web) == 1

    assert [one["body_text"] for one in await said(api)] == ["From Bob."]
    [failed] = await waiting(api)
    assert failed["state"] == "failed" and "deactivated" in failed["trouble"]
    unread = (await api.get("/inbox", params={"partner": ALICE})).json()["items"]
    [notice] = [one for one in unread if one["reason"] == "scheduled message not posted"]
    entry = (await api.get(f"/messages/{notice['message']}")).json()
    assert "From Alice." in entry["body_text"] and entry["internal"]
    assert tick(web) == 0
    await api.put(f"/partners/{ALICE}", json={"active": True})
    await api.patch(f"/scheduled/{failed['id']}", json={"send_at": TOMORROW.isoformat()})
    assert tick(web) == 1 and await waiting(api) == []


async def test_a_note_of_a_colleague_who_is_none_any_more_is_not_posted(web: Web, api: Api, record):
    await later(api, kind="note", author=BOB)
    await api.put(f"/partners/{BOB}", json={"internal": False, "role": None})

    assert tick(web) == 0
    assert (await api.get(MESSAGES, params={"kind": "note"})).json()["items"] == []


async def test_a_template_is_filled_in_when_the_time_has_come(web: Web, api: Api, record):
    await api.put("/templates/hello", json={"body_text": "{{ record.title }}, {{ reader.name }}"})
    await later(api, body_text=None, template="hello")
    await api.put("/records/ticket/7", json={"title": "Scanner"})

    tick(web)

    [mail] = await send(web)
    assert "Scanner, Olga" in text_of(mail)


async def test_an_outsider_sees_only_what_he_wrote_himself(api: Api, record):
    await later(api)
    own = await later(api, author=OLGA)

    shown = (await api.get("/records/ticket/7/scheduled", params={"actor": OLGA})).json()["items"]

    assert [one["id"] for one in shown] == [own["id"]]
