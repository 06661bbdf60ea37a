"""Edit and delete what was written here: the author or an admin, versions, corrections, tombstones."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.builders import DOMAIN, a_mail
from tests.outbound.a_house import states
from tests.web.conftest import Web, add
from tests.web.outbox import send, text_of

Api = httpx.AsyncClient
ALICE, BOB, CARLA, OLGA = (
    "alice@corp.example",
    "bob@corp.example",
    "carla@corp.example",
    "olga@outside.example",
)


@pytest.fixture
async def said(api: Api) -> dict[str, Any]:
    """Alice wrote to Olga, who follows; Carla is an admin."""
    for email in (ALICE, BOB):
        await add(api, email, internal=True)
    await add(api, CARLA, internal=True, role="admin")
    await add(api, OLGA)
    await api.put("/records/ticket/7", json={"title": "Printer"})
    await api.post("/records/ticket/7/followers", json={"email": OLGA})
    body = {"kind": "message", "author": ALICE, "body_text": "It costs 50 EUR."}
    return dict((await api.post("/records/ticket/7/messages", json=body)).json())


async def test_t144_an_edit_shows_its_mark_keeps_the_old_version_and_mails_nobody_again(
    web: Web, api: Api, said
):
    assert len(await send(web)) == 1

    edited = await api.patch(
        f"/messages/{said['id']}", json={"body_text": "It costs 60 EUR.", "actor": ALICE}
    )

    assert edited.status_code == 200, edited.text
    assert edited.json()["body_html"] == "<p>It costs 60 EUR.</p>" and edited.json()["edited_at"]
    versions = (await api.get(f"/messages/{said['id']}/versions")).json()
    assert [(one["body_text"], one["replaced_by"]["email"]) for one in versions["items"]] == [
        ("It costs 50 EUR.", ALICE)
    ]
    assert await send(web) == []
    again = await api.patch(f"/messages/{said['id']}", json={"body_text": "It costs 60 EUR.", "actor": ALICE})
    assert again.status_code == 200
    assert len((await api.get(f"/messages/{said['id']}/versions")).json()["items"]) == 1


async def test_mail_that_still_waits_says_the_new_text(web: Web, api: Api, said):
    await api.patch(f"/messages/{said['id']}", json={"body_text": "It costs 60 EUR.", "actor": ALICE})

    [mail] = await send(web)

    assert "60 EUR" in text_of(mail) and "50 EUR" not in text_of(mail)


async def test_t144_an_inbound_mail_and_a_log_entry_cannot_be_edited_nor_deleted(web: Web, api: Api, said):
    web.world.receive(a_mail("erika@other.example"), f"support@{DOMAIN}", reverse_path="erika@other.example")
    opened = (await api.get("/records", params={"type": "ticket"})).json()["items"][0]
    [mail, *_] = (await api.get(f"/records/ticket/{opened['key']}/messages")).json()["items"]
    log = (await api.get("/records/ticket/7/messages", params={"kind": "log"})).json()["items"][-1]

    for fixed in (mail, log):
        assert (
            await api.patch(f"/messages/{fixed['id']}", json={"body_text": "x", "actor": CARLA})
        ).status_code == 409
        assert (await api.delete(f"/messages/{fixed['id']}", params={"actor": CARLA})).status_code == 409
        assert (await api.get(f"/messages/{fixed['id']}")).json()["body_text"] == fixed["body_text"]


async def test_e01_the_author_or_an_admin_and_nobody_else(web: Web, api: Api, said):
    path, change = f"/messages/{said['id']}", {"body_text": "Changed."}
    plain = web.client("post", "read")

    assert (await api.patch(path, json={**change, "actor": BOB})).status_code == 403
    assert (await api.delete(path, params={"actor": BOB})).status_code == 403
    nobody = await plain.patch(path, json=change)
    assert nobody.status_code == 422 and nobody.json()["errors"][0]["pointer"] == "#/actor"
    assert (await api.patch(path, json={**change, "actor": "who@nowhere.example"})).status_code == 422
    assert (await web.client("read").patch(path, json=change)).status_code == 403
    assert (await web.client("post", types=("order",)).patch(path, json=change)).status_code == 404
    assert (await plain.patch(path, json={**change, "actor": CARLA})).status_code == 200
    await api.put(f"/partners/{ALICE}", json={"active": False})
    assert (await plain.patch(path, json={**change, "actor": ALICE})).status_code == 404


async def test_e04_a_correction_goes_to_those_who_have_the_old_text_under_a_new_id(web: Web, api: Api, said):
    [first] = await send(web)
    await api.post("/records/ticket/7/followers", json={"email": BOB, "notify": False})

    await api.patch(
        f"/messages/{said['id']}", json={"body_text": "It costs 60 EUR.", "actor": ALICE, "correction": True}
    )
    [correction] = await send(web)

    assert "Alice corrected this message:" in text_of(correction) and "60 EUR" in text_of(correction)
    assert correction["To"] == OLGA and correction["Subject"] == first["Subject"]
    assert correction["Message-ID"] != first["Message-ID"]
    assert correction["In-Reply-To"] == first["Message-ID"]
    told = (await api.get(f"/messages/{said['id']}")).json()["notices"]
    assert [(one["partner"]["email"], one["state"]) for one in told if one["partner"]["email"] == OLGA] == [
        (OLGA, "sent")
    ]


async def test_e04_a_correction_says_who_made_it_where_that_was_not_the_author(web: Web, api: Api, said):
    await add(api, "paolo@cliente.example", language="it")
    await api.post("/records/ticket/7/followers", json={"email": "paolo@cliente.example", "notify": False})
    await api.post(
        "/records/ticket/7/messages", json={"kind": "message", "author": ALICE, "body_text": "50 EUR."}
    )
    mails = await send(web)
    second = (await api.get("/records/ticket/7/messages")).json()["items"][0]["id"]
    assert len(mails) == 3

    await api.patch(f"/messages/{second}", json={"body_text": "60.", "actor": CARLA, "correction": True})
    by_admin = {str(mail["To"]): text_of(mail) for mail in await send(web)}
    await api.patch(f"/messages/{second}", json={"body_text": "70.", "correction": True})
    by_nobody = {str(mail["To"]): text_of(mail) for mail in await send(web)}

    assert "Carla corrected a message by Alice:" in by_admin[OLGA]
    assert "Carla ha corretto un messaggio di Alice:" in by_admin["paolo@cliente.example"]
    assert "A message by Alice was corrected:" in by_nobody[OLGA]


async def test_who_made_a_correction_is_still_said_when_the_text_changes_while_it_waits(
    web: Web, api: Api, said
):
    await send(web)
    await api.patch(f"/messages/{said['id']}", json={"body_text": "60.", "actor": CARLA, "correction": True})

    await api.patch(f"/messages/{said['id']}", json={"body_text": "70.", "actor": ALICE})

    [correction] = await send(web)
    assert "Carla corrected a message by Alice:" in text_of(correction) and "70." in text_of(correction)


async def test_an_answer_to_a_correction_lands_on_the_thread(web: Web, api: Api, said):
    await send(web)
    await api.patch(f"/messages/{said['id']}", json={"body_text": "60.", "actor": ALICE, "correction": True})
    [correction] = await send(web)
    answer = a_mail(OLGA, extra=f"In-Reply-To: {correction['Message-ID']}\r\n")

    entry = web.world.receive(answer, str(correction["Reply-To"]), reverse_path=OLGA)

    assert web.world.entry(entry).state == "posted"
    posted = (await api.get("/records/ticket/7/messages")).json()["items"][0]
    assert posted["parent_id"] == said["id"]


async def test_e05_a_new_mention_in_an_edit_tells_nobody_unless_asked(web: Web, api: Api, said):
    await send(web)
    change = {"body_text": "@Bob, is that right?", "mentions": [BOB], "actor": ALICE}

    silent = (await api.patch(f"/messages/{said['id']}", json=change)).json()
    assert {one["partner"]["email"]: one["reason"] for one in silent["notices"]}[
        BOB
    ] == "mentioned in an edit"
    assert await send(web) == []
    told = (await api.patch(f"/messages/{said['id']}", json={**change, "tell_mentions": True})).json()
    assert {one["partner"]["email"]: one["state"] for one in told["notices"]}[BOB] == "queued"
    [mail] = await send(web)

    assert mail["To"] == BOB and "is that right" in text_of(mail)
    assert (
        await api.patch(f"/messages/{said['id']}", json={**change, "tell_mentions": True})
    ).status_code == 200
    assert await send(web) == []


async def test_a_note_tells_an_outsider_in_an_edit_only_when_he_is_confirmed(web: Web, api: Api, said):
    note = (
        await api.post(
            "/records/ticket/7/messages", json={"kind": "note", "author": ALICE, "body_text": "Hm."}
        )
    ).json()
    change = {"body_text": "Hm, Olga?", "mentions": [OLGA], "actor": ALICE, "tell_mentions": True}

    refused = await api.patch(f"/messages/{note['id']}", json=change)
    assert refused.status_code == 409 and refused.json()["external"] == [OLGA]
    assert (await api.get(f"/messages/{note['id']}")).json()["body_text"] == "Hm."
    await api.patch(f"/messages/{note['id']}", json={**change, "confirm_external": [OLGA]})

    assert [mail for mail in await send(web) if mail["To"] == OLGA and "Hm, Olga?" in text_of(mail)]


async def test_e07_a_list_adds_files_and_an_empty_one_takes_them_away(api: Api, said):
    path = f"/messages/{said['id']}"
    ids = []
    for name in ("a.txt", "b.txt"):
        ids.append(
            (await api.post("/records/ticket/7/attachments", files={"file": (name, b"hello")})).json()["id"]
        )

    await api.patch(path, json={"attachment_ids": ids[:1], "actor": ALICE})
    both = (await api.patch(path, json={"attachment_ids": ids, "actor": ALICE})).json()
    found = (await api.get("/records/ticket/7/messages", params={"q": "b.txt"})).json()
    none = (await api.patch(path, json={"attachment_ids": [], "actor": ALICE})).json()

    assert [file["name"] for file in both["attachments"]] == ["a.txt", "b.txt"]
    assert [one["id"] for one in found["items"]] == [said["id"]]
    assert none["attachments"] == []
    assert (await api.get(f"/attachments/{ids[0]}")).status_code == 404
    bad = await api.patch(path, json={"attachment_ids": [999], "actor": ALICE})
    assert bad.status_code == 422 and bad.json()["errors"][0]["pointer"] == "#/attachment_ids/0"


async def test_e08_a_deleted_message_leaves_a_tombstone_and_its_waiting_mail_is_skipped(
    web: Web, api: Api, said
):
    await api.patch(f"/messages/{said['id']}", json={"body_text": "It costs 60 EUR.", "actor": ALICE})
    file = (await api.post("/records/ticket/7/attachments", files={"file": ("a.txt", b"hello")})).json()["id"]
    await api.patch(f"/messages/{said['id']}", json={"attachment_ids": [file], "actor": ALICE})

    gone = await api.delete(f"/messages/{said['id']}", params={"actor": ALICE})

    assert gone.status_code == 204
    left = (await api.get(f"/messages/{said['id']}")).json()
    assert (left["body_html"], left["body_text"], left["attachments"]) == ("", "", [])
    assert left["deleted_at"] is not None
    assert await send(web) == []
    assert {state for state, *_ in states(web.world.database).values()} == {"skipped"}
    assert (await api.get("/records/ticket/7/messages", params={"q": "EUR"})).json()["items"] == []
    versions = (await api.get(f"/messages/{said['id']}/versions")).json()["items"]
    assert [one["body_text"] for one in versions] == ["", "", ""] and versions[0]["deleted"]
    assert [one["attachments"] for one in versions] == [[], [], []]
    assert (await api.delete(f"/messages/{said['id']}", params={"actor": ALICE})).status_code == 204
    assert (
        await api.patch(f"/messages/{said['id']}", json={"body_text": "x", "actor": ALICE})
    ).status_code == 409


async def test_search_finds_the_new_text_and_not_the_old(api: Api, said):
    await api.patch(f"/messages/{said['id']}", json={"body_text": "Zesty offer", "actor": ALICE})

    for words, hits in (("zesty", 1), ("50 EUR", 0)):
        found = (await api.get("/records/ticket/7/messages", params={"q": words, "kind": "message"})).json()
        assert len(found["items"]) == hits


async def test_the_page_shows_the_mark_and_the_placeholder(web: Web, api: Api, said):
    other = (
        await api.post(
            "/records/ticket/7/messages", json={"kind": "note", "author": ALICE, "body_text": "Oops"}
        )
    ).json()
    await api.patch(f"/messages/{said['id']}", json={"body_text": "Better", "actor": ALICE})
    await api.delete(f"/messages/{other['id']}", params={"actor": ALICE})

    page = (await (await web.browser(BOB)).get("/r/ticket/7")).text

    assert "(edited)" in page and "This message was removed." in page and "Oops" not in page


async def test_what_is_refused_names_its_field_and_changes_nothing(api: Api, said):
    for change, status, pointer in (
        ({"body_text": "x", "mentions": ["no address"]}, 422, "#/mentions/0"),
        ({"body_txt": "x"}, 400, "#/body_txt"),
        ({"body_text": ""}, 422, "#/body_text"),
        ({"body_text": "x", "actor": "nobody"}, 422, "#/actor"),
    ):
        answer = await api.patch(f"/messages/{said['id']}", json={"actor": ALICE, **change})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (status, pointer), answer.text
    assert (await api.get(f"/messages/{said['id']}")).json() == said
    for method in ("PATCH", "DELETE"):
        assert (
            await api.request(method, "/messages/99999", json={} if method == "PATCH" else None)
        ).status_code == 404
