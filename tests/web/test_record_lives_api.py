"""Batches and the lives of records over the API: what is answered, what is refused and by which name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from tests.web.conftest import Web, add
from tests.web.outbox import send

Api = httpx.AsyncClient
ALICE, ANN, CAROL = "alice@corp.example", "ann@corp.example", "carol@customer.example"


def item(key: str, **values: Any) -> dict[str, Any]:
    return {"type": "ticket", "key": key, **values}


async def entries(api: Api, key: str) -> list[dict[str, Any]]:
    return list((await api.get(f"/records/ticket/{key}/messages")).json()["items"])


async def test_a_batch_creates_and_changes_and_answers_in_its_order(api: Api):
    await add(api, ALICE, internal=True)
    await api.put("/records/ticket/2", json={"title": "Two", "fields": {"stage": "new"}})
    body = {
        "items": [item("3", title="Three"), item("2", fields={"stage": "won"}), item("1", title="One")],
        "actor": ALICE,
    }

    answer = await api.post("/records/batch", json=body)

    assert answer.status_code == 200, answer.text
    batched = answer.json()
    assert [record["key"] for record in batched["items"]] == ["3", "2", "1"]
    assert (batched["created"], batched["changed"]) == (2, 1)
    assert batched["items"][0]["reply_address"] and batched["items"][1]["fields"] == {"stage": "won"}
    assert (await entries(api, "2"))[0]["author"]["email"] == ALICE


async def test_a_batch_with_faults_names_each_and_writes_nothing(api: Api):
    await add(api, "carol@customer.example")
    items = [
        item("1", title="Fine"), item("2", assignee="nobody@corp.example"), item("3", fields={"stage": "gone"}),
        {"type": "spaceship", "key": "4"}, item("", title="No key"), item("6", members=["carol@customer.example"]),
        item("7", domain="evil.example"),
    ]  # fmt: skip

    items += [{"type": "spaceship", "key": "8"}, item("1", actor="carol@customer.example")]

    answer = await api.post("/records/batch", json={"items": items})

    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == [
        "#/items/1/assignee", "#/items/2/fields/stage", "#/items/3/type", "#/items/4/key", "#/items/5/members/0",
        "#/items/6/domain", "#/items/7/type", "#/items/8/actor",
    ]  # fmt: skip
    assert (await api.get("/records/ticket/1")).status_code == 404


async def test_what_an_actor_may_not_see_is_told_with_the_other_faults(api: Api):
    for email in (ALICE, "bob@corp.example"):
        await add(api, email, internal=True)
    await api.put("/records/ticket/1", json={"title": "One", "members": ["bob@corp.example"]})
    items = [
        item("1", title="Mine"),
        item("2", domain="evil.example"),
        item("1", actor="nobody@corp.example"),
    ]

    answer = await api.post("/records/batch", json={"items": items[:2], "actor": ALICE})
    nobody = await api.post("/records/batch", json={"items": items[1:]})

    assert [one["pointer"] for one in answer.json()["errors"]] == ["#/items/0/key", "#/items/1/domain"]
    assert [one["pointer"] for one in nobody.json()["errors"]] == ["#/items/0/domain", "#/items/1/actor"]
    assert (await api.put("/records/ticket/1", json={"title": "Mine", "actor": ALICE})).status_code == 404


@pytest.mark.parametrize(("body", "status", "pointer"), [
    ({"items": [{"type": "ticket"}]}, 400, "#/items/0/key"), ({"items": [item("1", colour="red")]}, 400, "#/items/0/colour"),
    ({}, 400, "#/items"), ({"items": [item("1", fields=[])]}, 400, "#/items/0/fields"),
    ({"items": [item("1")], "actor": "nobody@corp.example"}, 422, "#/items/0/actor"),
    ({"items": [item(str(n)) for n in range(5001)]}, 422, "#/items"),
])  # fmt: skip
async def test_a_batch_of_the_wrong_shape_is_refused_by_name(api: Api, body, status, pointer):
    answer = await api.post("/records/batch", json=body)

    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (status, [pointer])


async def test_an_empty_batch_does_nothing(api: Api):
    assert (await api.post("/records/batch", json={"items": []})).json() == {
        "items": [],
        "created": 0,
        "changed": 0,
    }


async def test_a_token_for_some_types_writes_no_others_in_a_batch(web: Web, api: Api):
    await api.put("/record-types/order", json={"label": "Order"})
    narrow = web.client("post", types=("order",))

    answer = await narrow.post("/records/batch", json={"items": [{"type": "order", "key": "1"}, item("1")]})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (403, "#/items/1/type")
    for path, body in (
        ("rename", {"key": "1", "type": "ticket"}),
        ("merge", {"into": {"type": "ticket", "key": "1"}}),
    ):
        await api.put("/records/order/5", json={})
        assert (await narrow.post(f"/records/order/5/{path}", json=body)).status_code == 403


async def test_a_batch_asks_as_often_for_a_hundred_records_as_for_two(web: Web, api: Api):
    await add(api, ALICE, internal=True)
    counts = []
    for number, size in ((0, 2), (1, 100)):
        said: list[str] = []

        def note(*values: Any, said: list[str] = said) -> None:
            said.extend([values[2]] if not values[2].startswith("INSERT") else [])

        items = [
            item(f"{number}-{n}", title="x", fields={"stage": "new"}, assignee=ALICE) for n in range(size)
        ]
        changed = [{**one, "fields": {"stage": "won"}} for one in items]
        event.listen(web.world.database.engine, "before_cursor_execute", note)
        for body in (items, changed):
            assert (await api.post("/records/batch", json={"items": body})).status_code == 200
        event.remove(web.world.database.engine, "before_cursor_execute", note)
        counts.append(len(said))

    assert counts[1] <= counts[0]  # SQLite enters rows whose ids we need one by one, in the same process


async def test_the_same_batch_under_one_idempotency_key_is_done_once(api: Api):
    body = {"items": [item("1", title="One", log="imported")]}
    headers = {"Idempotency-Key": "import-1"}

    first = await api.post("/records/batch", json=body, headers=headers)
    again = await api.post("/records/batch", json=body, headers=headers)

    assert first.json() == again.json()
    assert [entry["body_text"] for entry in await entries(api, "1")] == ["Ticket created\nimported"]


async def test_changes_can_be_left_untracked_alone_and_in_a_batch(api: Api):
    await api.put("/records/ticket/1", json={"title": "One", "untracked": True})
    await api.put("/records/ticket/1", json={"fields": {"stage": "won"}, "untracked": True})
    await api.post("/records/batch", json={"items": [item("1", fields={"stage": "new"})], "untracked": True})
    await api.post("/records/batch", json={"items": [item("1", fields={"stage": "won"}, untracked=True)]})

    assert await entries(api, "1") == []
    assert (await api.get("/records/ticket/1")).json()["fields"] == {"stage": "won"}


async def test_words_and_silence_of_a_put(api: Api):
    await api.put("/records/ticket/1", json={"title": "One", "fields": {"stage": "new"}, "silent": True})
    await api.put("/records/ticket/1", json={"fields": {"amount": 5}, "silent": True})
    await api.put("/records/ticket/1", json={"fields": {"stage": "won"}, "log": "He called."})

    [entry] = await entries(api, "1")
    assert (entry["body_text"], entry["tracking"][0]["new"]) == ("He called.", "Won")


async def test_a_record_is_archived_and_its_members_are_set_over_the_api(api: Api):
    await add(api, ALICE, internal=True)

    record = (await api.put("/records/ticket/1", json={"active": False, "members": [ALICE]})).json()

    assert record["active"] is False
    assert (await api.put("/records/ticket/1", json={"active": True})).json()["active"] is True


async def test_rename_merge_split_and_duplicate_answer_the_record_that_is_left(api: Api):
    await add(api, ALICE, internal=True)
    for key in ("1", "2"):
        await api.put(f"/records/ticket/{key}", json={"title": f"T{key}"})
    message = {"kind": "message", "author": ALICE, "body_text": "Hello"}
    posted = (await api.post("/records/ticket/1/messages", json=message)).json()

    renamed = await api.post("/records/ticket/1/rename", json={"key": "10", "actor": ALICE})
    merged = await api.post(
        "/records/ticket/10/merge", json={"into": {"type": "ticket", "key": "2"}, "actor": ALICE}
    )
    split = await api.post(
        "/records/ticket/2/split", json={"message_ids": [posted["id"]], "key": "3", "title": "Third"}
    )
    copy = await api.post("/records/ticket/3/duplicate", json={"key": "4"})

    assert [(answer.status_code, answer.json()["key"], answer.json()["title"]) for answer in (renamed, merged, split, copy)] == [
        (200, "10", "T1"), (200, "2", "T2"), (201, "3", "Third"), (201, "4", "Third"),
    ]  # fmt: skip
    for key in ("1", "10"):
        assert (await api.get(f"/records/ticket/{key}")).status_code == 404
    assert (await api.get(f"/messages/{posted['id']}")).json()["record"] == {"type": "ticket", "key": "3"}


async def test_who_asks_for_a_record_that_was_merged_away_is_told_where_it_is_if_he_may_know(
    web: Web, api: Api
):
    for email in (ALICE, "bob@corp.example"):
        await add(api, email, internal=True)
    await api.put("/record-types/order", json={"label": "Order"})
    for key in ("1", "2"):
        await api.put(f"/records/ticket/{key}", json={"title": f"T{key}"})
    await api.put("/records/order/3", json={"title": "T3", "members": [ALICE]})
    for path, kind, key in (("ticket/1", "ticket", "2"), ("ticket/2", "order", "3")):
        await api.post(f"/records/{path}/merge", json={"into": {"type": kind, "key": key}})

    told = [await api.get("/records/ticket/1", params=who) for who in ({}, {"actor": ALICE})]
    hidden = [
        await api.get("/records/ticket/1", params={"actor": "bob@corp.example"}),
        await web.client("read", types=("ticket",)).get("/records/ticket/1"),
    ]

    for answer in told:
        assert (answer.status_code, answer.json()["detail"]) == (404, "1 was merged into order 3")
        assert answer.json()["merged_into"] == {"type": "order", "key": "3"}
    for answer in hidden:
        assert (answer.status_code, answer.json()["detail"]) == (404, "there is no ticket 1")
        assert "merged_into" not in answer.json() and "order" not in answer.text
    assert (await api.put("/records/ticket/1", json={"title": "Anew"})).status_code == 201
    assert (await api.get("/records/ticket/1")).json()["title"] == "Anew"


@pytest.mark.parametrize(("path", "body", "status", "pointer"), [
    ("1/rename", {"key": "2"}, 409, "#/key"), ("1/rename", {"key": "x", "type": "spaceship"}, 422, "#/type"),
    ("1/rename", {}, 400, "#/key"), ("1/merge", {"into": {"type": "ticket", "key": "99"}}, 422, "#/into"),
    ("1/merge", {"into": {"type": "ticket", "key": "1"}}, 422, "#/into"), ("1/merge", {"into": "2"}, 400, "#/into"),
    ("1/split", {"message_ids": [], "key": "9"}, 422, "#/message_ids"), ("1/split", {"message_ids": [1]}, 400, "#/key"),
    ("1/duplicate", {"key": "2"}, 409, "#/key"), ("1/duplicate", {"key": "9", "actor": "who@x.example"}, 422, "#/actor"),
    ("99/duplicate", {"key": "9"}, 404, None),
])  # fmt: skip
async def test_what_is_refused_names_its_field(api: Api, path, body, status, pointer):
    for key in ("1", "2"):
        await api.put(f"/records/ticket/{key}", json={})

    answer = await api.post(f"/records/ticket/{path}", json=body)

    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]][:1]) == (
        status,
        [pointer] if pointer else [],
    )


async def test_a21_durations_are_listed_by_value(web: Web, api: Api):
    await api.put("/records/ticket/1", json={"fields": {"stage": "new"}})
    web.world.now += timedelta(seconds=90)
    await api.put("/records/ticket/1", json={"fields": {"stage": "won"}})

    listed = await api.get("/records/ticket/1/durations", params={"field": "stage"})
    unknown = await api.get("/records/ticket/1/durations", params={"field": "colour"})

    assert listed.json()["items"] == [
        {"value": "new", "label": "New", "seconds": 90, "times": 1, "current": False, "rotting": False},
        {"value": "won", "label": "Won", "seconds": 0, "times": 1, "current": True, "rotting": False},
    ]
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "#/field")


async def test_a21_a_record_rots_that_has_a_value_for_longer_than_its_type_allows(web: Web, api: Api):
    stage = {"name": "stage", "label": "Stage", "rots_after": {"new": 3}}
    await api.put("/record-types/lead", json={"label": "Lead", "fields": [stage]})
    await api.put("/records/lead/1", json={"fields": {"stage": "new"}})

    async def rotting() -> dict[str, bool]:
        listed = await api.get("/records/lead/1/durations", params={"field": "stage"})
        return {item["value"]: item["rotting"] for item in listed.json()["items"]}

    web.world.now += timedelta(days=3)
    assert await rotting() == {"new": False}
    web.world.now += timedelta(seconds=1)
    assert await rotting() == {"new": True}
    await api.put("/records/lead/1", json={"fields": {"stage": "won"}})
    assert await rotting() == {"new": False, "won": False}
    await api.put("/records/lead/1", json={"fields": {"stage": "new"}})
    assert await rotting() == {"new": False, "won": False}, "taken anew, whatever it lasted before"


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ({"name": "stage", "rots_after": {"new": 0}}, "#/fields/0/rots_after/new"),
        ({"name": "stage", "rots_after": {"new": "soon"}}, "#/fields/0/rots_after"),
        ({"name": "stage", "rots_after": {"new": 3}, "tracked": False}, "#/fields/0/rots_after"),
        ({"name": "amount", "type": "money", "rots_after": {"7": 3}}, "#/fields/0/rots_after"),
    ],
)
async def test_a21_what_can_never_rot_is_refused_by_its_place(api: Api, field: dict[str, Any], place: str):
    answer = await api.put("/record-types/lead", json={"label": "Lead", "fields": [field]})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, place)


async def talk(api: Api) -> None:
    """Ticket 1 of Alice with Ann, a colleague, and Carol, a customer, as followers."""
    for email in (ALICE, ANN):
        await add(api, email, internal=True)
    await api.put("/records/ticket/1", json={"title": "One"})
    for email in (ANN, CAROL):
        await api.post("/records/ticket/1/followers", json={"email": email, "notify": False})


async def say(api: Api, kind: str, **how: Any) -> int:
    body = {"kind": kind, "author": ALICE, "body_text": f"a {kind}", **how}
    return int((await api.post("/records/ticket/1/messages", json=body)).json()["id"])


async def split(api: Api, key: str, *ids: int) -> set[str]:
    """Who follows the record that was split off."""
    body = {"message_ids": ids, "key": key, "title": "Other"}
    answer = await api.post("/records/ticket/1/split", json=body)
    assert answer.status_code in (200, 201), answer.text
    items = (await api.get(f"/records/ticket/{key}/followers")).json()["items"]
    return {one["partner"]["email"] for one in items}


async def test_mail_that_waits_is_sent_though_its_message_was_split_off(web: Web, api: Api):
    await talk(api)
    message = await say(api, "message")

    party = await split(api, "2", message)

    assert {mail["To"] for mail in await send(web)} == {ANN, CAROL}
    assert party == {ALICE, ANN, CAROL}
    [kept] = [one for one in await entries(api, "2") if one["id"] == message]
    assert {one["state"] for one in kept["notices"] if one["partner"]["email"] != ALICE} == {"sent"}


async def test_a_split_takes_along_those_whose_conversation_it_is(web: Web, api: Api):
    await talk(api)
    message = await say(api, "message")
    note = await say(api, "note", mentions=[ANN])
    among_us = await say(api, "note")
    await send(web)

    assert await split(api, "2", message) == {ALICE, CAROL}, "Ann has it, and nobody asked her"
    assert await split(api, "3", note) == {ALICE, ANN}
    assert await split(api, "4", among_us) == {ALICE}
