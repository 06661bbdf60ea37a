"""PUT: what is absent stays, what is null is cleared, in nested objects key by key; and what it answers."""

from __future__ import annotations

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
