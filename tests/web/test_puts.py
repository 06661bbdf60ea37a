"""PUT: what is absent stays, what is null is cleared, in nested objects key by key; and what it answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from store.session import Database
from tests.builders import DOMAIN
from tests.web.conftest import Web

Api = httpx.AsyncClient

THINGS: dict[str, dict[str, Any]] = {
    "/records/ticket/7": {"title": "Printer", "fields": {"stage": "new"}},
    "/partners/carla@example.com": {"name": "Carla", "internal": True, "notify": {"timing": "daily"}},
    f"/aliases/sales@{DOMAIN}": {"type": "ticket", "defaults": {"stage": "new"}, "policy": {"stranger": "hold"}},
    "/record-types/case": {"label": "Case", "policy": {"stranger": "hold"}, "activity_types": ["call"]},
    "/templates/welcome": {"subject": "Welcome", "body_text": "Hello"},
    "/webhooks/host": {"url": "https://host.example/hook", "events": ["message.posted"]},
}  # fmt: skip


@pytest.fixture
def api(web: Web) -> Api:
    """A client that may do everything."""
    return web.client()


@pytest.mark.parametrize("path", THINGS)
async def test_a_put_of_nothing_changes_nothing(api: Api, path: str):
    new = await api.put(path, json=THINGS[path])
    before = await api.get(path)

    answers = [
        await api.put(path, json=body) for body in ({}, {"actor": "carla@example.com"}, {"actor": None})
    ]

    assert new.status_code == 201, new.text
    if not path.startswith("/records/"):  # an actor of a record must be somebody
        assert answers[1].status_code == 200, answers[1].text
    assert (answers[0].status_code, answers[2].status_code) == (200, 200), answers[0].text
    known = {name: value for name, value in before.json().items() if name != "updated_at"}
    assert {name: value for name, value in answers[0].json().items() if name in known} == known


async def test_what_the_database_refuses_is_logged_by_its_statement_and_without_values(
    web: Web, tmp_path: Path
):
    """A database without tables, as after a restore that went wrong."""
    client, known = web.client(), web.app.state["services"]
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    web.app.state["services"] = replace(known, database=empty)

    with capture_logs() as lines:
        answer = await client.get("/partners/secret.person@example.com")

    empty.close()
    assert answer.status_code == 503 and answer.headers["retry-after"] == "5"
    [told] = [line for line in lines if line["event"] == "request put off"]
    assert told["statement"].startswith("SELECT") and told["method"] == "GET"
    assert "secret.person" not in str(told) and "api_token" not in answer.text


NESTED: list[tuple[str, dict[str, Any], str, dict[str, Any], dict[str, Any]]] = [
    ("/partners/carla@example.com", {"internal": True}, "notify", {"timing": "daily", "at": "08:00"}, {"timing": "weekly"}),
    (f"/aliases/sales@{DOMAIN}", {"type": "ticket"}, "policy", {"stranger": "hold", "known": "hold"}, {"stranger": "accept"}),
    (f"/aliases/sales@{DOMAIN}", {"type": "ticket"}, "defaults", {"stage": "new", "title": "Sale"}, {"stage": "won"}),
    ("/record-types/case", {"label": "Case"}, "policy", {"stranger": "hold", "access": "members"}, {"stranger": "accept"}),
    ("/records/ticket/7", {"title": "Printer"}, "fields", {"stage": "new", "priority": "high"}, {"stage": "won"}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "rest", "name", "old", "change"), NESTED)
async def test_an_object_inside_is_merged_key_by_key(
    api: Api, path: str, rest: dict[str, Any], name: str, old: dict[str, Any], change: dict[str, Any]
):
    other = next(one for one in old if one not in change)

    first = await api.put(path, json={**rest, name: old})
    changed = await api.put(path, json={name: change})
    cleared = await api.put(path, json={name: {other: None}})
    empty = await api.put(path, json={name: None})

    assert first.json()[name] == old, first.text
    assert changed.json()[name] == {**old, **change}
    assert cleared.json()[name] == change
    assert empty.json()[name] == {} == (await api.get(path)).json()[name]


async def test_a_bad_key_of_an_object_inside_changes_none_of_it(api: Api):
    path = "/partners/carla@example.com"
    await api.put(path, json={"notify": {"timing": "daily"}})

    wrong = await api.put(path, json={"notify": {"at": "08:00", "timing": "never"}})

    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "#/notify/timing")
    assert (await api.get(path)).json()["notify"] == {"timing": "daily"}


async def test_the_activity_types_of_a_record_type_are_kept_and_answered(api: Api):
    new = await api.put("/record-types/case", json={"activity_types": ["call", "hearing"]})
    renamed = await api.put("/record-types/case", json={"label": "Legal case"})
    wrong = await api.put("/record-types/case", json={"activity_types": ["call", 3]})
    cleared = await api.put("/record-types/case", json={"activity_types": None})

    assert new.json()["activity_types"] == renamed.json()["activity_types"] == ["call", "hearing"]
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (400, "#/activity_types/1")
    assert cleared.json()["activity_types"] == []


STAR = {"If-None-Match": "*"}
THINGS["/suppressions/gone@outside.example"] = {"reason": "dead"}
CHANGED: dict[str, dict[str, Any]] = {
    "/records/ticket/7": {"title": "Scanner"},
    "/partners/carla@example.com": {"name": "Carla C."},
    f"/aliases/sales@{DOMAIN}": {"policy": {"stranger": "accept"}},
    "/record-types/case": {"label": "Legal case"},
    "/templates/welcome": {"subject": "Hello"},
    "/webhooks/host": {"url": "https://host.example/other"},
    "/suppressions/gone@outside.example": {"reason": "asked for it"},
}


@pytest.mark.parametrize("path", CHANGED)
async def test_a_condition_that_does_not_hold_changes_nothing(api: Api, path: str):
    missing = await api.put(path, json=THINGS[path], headers={"If-Match": "*"})
    new = await api.put(path, json=THINGS[path], headers=STAR)
    again = await api.put(path, json=CHANGED[path], headers=STAR)
    before = await api.get(path)
    stale = await api.put(path, json=CHANGED[path], headers={"If-Match": '"of another day"'})
    unchanged = await api.get(path)

    assert (missing.status_code, new.status_code, again.status_code, stale.status_code) == (
        412,
        201,
        412,
        412,
    )
    assert again.headers["content-type"] == "application/problem+json" and again.json()["status"] == 412
    assert unchanged.json() == before.json() and unchanged.headers["etag"] == before.headers["etag"]

    changed = await api.put(path, json=CHANGED[path], headers={"If-Match": before.headers["etag"]})
    late = (
        await api.delete(path, headers={"If-Match": before.headers["etag"]})
        if "partners" not in path
        else stale
    )

    assert changed.status_code == 200, changed.text
    assert changed.headers["etag"] == (await api.get(path)).headers["etag"] != before.headers["etag"]
    assert late.status_code == 412
    if "partners" not in path:
        assert (await api.delete(path, headers={"If-Match": changed.headers["etag"]})).status_code == 204


async def test_a_message_is_edited_only_as_it_was_read(api: Api):
    await api.put("/partners/carla@example.com", json={"internal": True})
    await api.put("/records/ticket/7", json={"title": "Printer"})
    said = {"kind": "message", "author": "carla@example.com", "body_text": "One"}
    path = f"/messages/{(await api.post('/records/ticket/7/messages', json=said)).json()['id']}"
    tag = (await api.get(path)).headers["etag"]

    first = await api.patch(path, json={"body_text": "Two"}, headers={"If-Match": tag})
    second = await api.patch(path, json={"body_text": "Three"}, headers={"If-Match": tag})

    assert (first.status_code, second.status_code) == (200, 412)
    assert (await api.get(path)).json()["body_text"] == "Two"
    assert (await api.delete(path, headers={"If-Match": tag})).status_code == 412


async def test_who_has_it_already_is_not_sent_it_again(api: Api):
    path = "/records/ticket/7"
    new = await api.put(path, json={"title": "Printer"})
    tag = new.headers["etag"]

    known = await api.get(path, headers={"If-None-Match": f'"x", W/{tag}'})
    head = await api.head(path, headers={"If-None-Match": tag})
    other = await api.get(path, headers={"If-None-Match": '"x"'})

    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
    assert (head.status_code, other.status_code, other.json()["title"]) == (304, 200, "Printer")
    assert "etag" not in (await api.get("/records")).headers


async def test_of_two_who_create_at_once_under_a_condition_one_is_told(api: Api):
    answers = await asyncio.gather(
        *(api.put("/records/ticket/new", json={"title": str(n)}, headers=STAR) for n in range(5))
    )

    assert sorted(answer.status_code for answer in answers) == [201, 412, 412, 412, 412]


async def test_a_condition_on_what_has_no_get_is_passed_over(api: Api):
    assert (await api.put("/blocks/@spam.example", json={}, headers=STAR)).status_code == 201
