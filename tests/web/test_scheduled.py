"""Messages that are posted later: hidden until then, posted as their author with the rights he has then."""

from __future__ import annotations

import base64
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


async def test_what_waits_can_be_read_as_a_message(api: Api, record):
    file = (await api.post("/records/ticket/7/attachments", files={"file": ("a.txt", b"A")})).json()
    waits = await later(api, kind="note", author=ALICE, attachment_ids=[file["id"]])
    posted = (await api.post(MESSAGES, json={"kind": "note", "author": ALICE, "body_text": "Now"})).json()

    assert set(posted) - set(waits) <= {"to", "link_previews"}
    told = {
        name: waits[name] for name in ("date", "message_id", "notices", "tracking", "subtype", "confidence")
    }
    assert told == {"date": waits["send_at"], "message_id": "", "notices": [], "tracking": [], "subtype": "note",
                    "confidence": ""}  # fmt: skip
    assert [one["name"] for one in waits["attachments"]] == ["a.txt"] and waits["internal"]
    assert await waiting(api) == [waits] == [(await api.get(f"/scheduled/{waits['id']}")).json()]


def tick(web: Web, now: Any = TOMORROW) -> int:
    world = web.world
    world.now = now
    return len(post_due(world.database, posting=world.posting, types=world.types, now=now))


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
            "actor": ALICE,
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
    assert (await plain.delete(f"/scheduled/{third['id']}")).status_code == 422
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


async def test_nobody_puts_words_into_the_mouth_of_another(web: Web, api: Api, record):
    kept = await later(api, actor=BOB)
    theirs = await later(api)
    path, plain = f"/scheduled/{kept['id']}", web.client("read", "post")

    for actor, status in ((BOB, 200), (ALICE, 200), (CARLA, 200)):
        assert (
            await plain.patch(path, json={"body_text": f"By {actor}", "actor": actor})
        ).status_code == status
    for change in ({"body_text": "x"}, {"send_at": NOW.isoformat()}):
        other = await plain.patch(f"/scheduled/{theirs['id']}", json={**change, "actor": BOB})
        nobody = await plain.patch(f"/scheduled/{theirs['id']}", json=change)
        assert (other.status_code, nobody.status_code) == (403, 422)
        assert nobody.json()["errors"][0]["pointer"] == "#/actor"

    assert [one["body_text"] for one in await waiting(api)] == [f"By {CARLA}", "See you."]


async def test_list_and_get_agree_about_who_sees_what_waits(api: Api, record):
    await api.post(MESSAGES, json={"kind": "message", "author": ALICE, "body_text": "Hi", "mentions": [BOB]})
    kept = await later(api, kind="note", body_text="Secret")
    await api.put("/records/ticket/7", json={"members": [ALICE]})
    await add(api, "gone@outside.example")
    own = await later(api, author="gone@outside.example")
    await api.put("/partners/gone@outside.example", json={"active": False})

    for actor, seen in (
        (ALICE, {kept["id"], own["id"]}),
        (BOB, set()),
        (OLGA, set()),
        ("gone@outside.example", set()),
    ):
        answer = await api.get("/records/ticket/7/scheduled", params={"actor": actor})
        listed = {one["id"] for one in answer.json().get("items", [])}
        found = set()
        for one in (kept, own):
            if (await api.get(f"/scheduled/{one['id']}", params={"actor": actor})).status_code == 200:
                found.add(one["id"])
        assert listed == found == seen, actor


async def put(api: Api, name: str, **form: str) -> int:
    answer = await api.post("/records/ticket/7/attachments", files={"file": (name, b"x")}, data=form)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def files(api: Api, **who: str) -> list[str]:
    return [
        one["name"] for one in (await api.get("/records/ticket/7/attachments", params=who)).json()["items"]
    ]


async def test_files_of_a_scheduled_message_are_kept_for_it(web: Web, api: Api, record):
    file = await put(api, "offer.txt")
    kept = await later(api, attachment_ids=[file])
    body = {"kind": "message", "author": ALICE, "body_text": "Now", "attachment_ids": [file]}

    assert await files(api) == [], "nothing shows before its date"
    taken = await api.post(MESSAGES, json=body)
    again = await api.post(MESSAGES, json={**body, "send_at": TOMORROW.isoformat()})
    assert taken.status_code == again.status_code == 422
    assert taken.json()["errors"][0]["pointer"] == "#/attachment_ids/0"
    assert (await api.delete(f"/attachments/{file}")).status_code == 409
    assert tick(web) == 1

    [posted] = await said(api)
    assert [one["id"] for one in posted["attachments"]] == [file] and await files(api) == ["offer.txt"]
    assert await waiting(api) == [] and kept["attachment_ids"] == [file]


async def test_files_of_a_scheduled_message_that_is_taken_back_or_changed_are_free_again(api: Api, record):
    first, second = await put(api, "a.txt"), await put(api, "b.txt")
    kept = await later(api, attachment_ids=[first])
    path = f"/scheduled/{kept['id']}"

    both = await api.patch(path, json={"attachment_ids": [first, second], "actor": ALICE})
    bad = await api.patch(path, json={"attachment_ids": [first, 999], "actor": ALICE})
    assert both.json()["attachment_ids"] == [first, second] and await files(api) == []
    assert bad.status_code == 422 and bad.json()["errors"][0]["pointer"] == "#/attachment_ids/1"
    await api.patch(path, json={"attachment_ids": [second], "actor": ALICE})
    assert await files(api) == ["a.txt"]
    await api.delete(path)
    assert await files(api) == ["a.txt", "b.txt"]


async def test_images_of_a_scheduled_message_arrive_with_it(web: Web, api: Api, record):
    pixel = b"\x89PNG\r\n\x1a\n" + b"\0" * 24
    first, second = (
        "data:image/png;base64," + base64.b64encode(content).decode() for content in (pixel, pixel + b"2")
    )
    kept = await later(api, body_text=None, body_html=f'<p>A <img src="{first}"></p>')
    old = kept["body_html"]

    changed = await api.patch(
        f"/scheduled/{kept['id']}",
        json={"body_html": old.replace("A ", f'B <img src="{second}">'), "actor": ALICE},
    )
    assert changed.status_code == 200, changed.text
    assert tick(web) == 1

    [posted] = await said(api)
    assert len(posted["attachments"]) == 2
    contents = [(await api.get(f"/attachments/{one['id']}")).content for one in posted["attachments"]]
    assert contents == [pixel, pixel + b"2"]
    assert all(
        f'src="/api/v1/attachments/{one["id"]}"' in posted["body_html"] for one in posted["attachments"]
    )


async def test_whom_a_waiting_message_names_and_its_signature_can_be_changed_until_it_is_posted(
    web: Web, api: Api, record
):
    await api.put(f"/partners/{ALICE}", json={"signature": "Alice, Sales"})
    kept = await later(api)
    path, change = f"/scheduled/{kept['id']}", {"cc": [BOB], "skip_followers": True, "signature": True}
    assert (kept["cc"], kept["skip_followers"], kept["signature"]) == ([], False, False)

    changed = (await api.patch(path, json={**change, "actor": ALICE})).json()
    seen = (await api.get(path)).json()

    assert {name: changed[name] for name in change} == {name: seen[name] for name in change} == change
    tick(web)
    [mail] = await send(web)
    assert mail["To"] == BOB, "Olga follows and is left out"
    assert "Alice, Sales" in text_of(mail)
    [posted] = await said(api)
    assert [one["email"] for one in posted["cc"]] == [BOB]


async def test_null_takes_back_what_a_waiting_message_said(api: Api, record):
    kept = await later(api, cc=[BOB], skip_followers=True, signature=True)
    path, names = f"/scheduled/{kept['id']}", ("cc", "skip_followers", "signature")
    assert [kept[name] for name in names] == [[BOB], True, True]

    emptied = await api.patch(path, json={**dict.fromkeys(names), "actor": ALICE})

    assert [emptied.json()[name] for name in names] == [[], False, False]


async def test_a_waiting_note_is_copied_to_no_outsider_who_was_not_confirmed(api: Api, record):
    kept = await later(api, kind="note")
    path = f"/scheduled/{kept['id']}"

    refused = await api.patch(path, json={"cc": [OLGA], "actor": ALICE})
    nobody = await api.patch(path, json={"cc": ["nobody"], "actor": ALICE})
    confirmed = await api.patch(path, json={"cc": [OLGA], "confirm_external": [OLGA], "actor": ALICE})

    assert refused.status_code == 409 and refused.json()["external"] == [OLGA]
    assert nobody.status_code == 422 and nobody.json()["errors"][0]["pointer"] == "#/cc/0"
    assert confirmed.status_code == 200 and confirmed.json()["cc"] == [OLGA]


async def test_who_lost_access_meanwhile_is_told_so(web: Web, api: Api, record):
    await later(api, body_text="From Bob.", author=BOB)
    await api.put("/records/ticket/7", json={"members": [ALICE]})

    assert tick(web) == 0

    [failed] = await waiting(api)
    assert failed["trouble"] == f"{BOB} may not work on this record any more"
