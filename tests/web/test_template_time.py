"""A template says when what is made from it is sent: in the past, in the future, or by the record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from gateway.chatter.scheduled import post_due
from gateway.client import AsyncClient, fill_template, post_message, put_template
from tests.builders import NOW
from tests.web.conftest import BASE, Web, add
from tests.web.outbox import send, text_of

Api = httpx.AsyncClient
ALICE, OLGA = "alice@corp.example", "olga@outside.example"
RECORD = "/records/visit/7"
HELLO = {"kind": "message", "author": ALICE, "template": "hello"}


@pytest.fixture(autouse=True)
async def visit(api: Api) -> None:
    """Olga follows a visit that begins on the fourth day from now."""
    await add(api, ALICE, internal=True)
    await add(api, OLGA)
    fields = [
        {"name": "start", "label": "Start", "type": "datetime"},
        {"name": "stage", "label": "Stage", "templates": {"planned": "hello"}},
    ]
    await api.put("/record-types/visit", json={"label": "Visit", "fields": fields})
    await api.put(
        RECORD, json={"title": "Boiler", "fields": {"start": (NOW + timedelta(days=4)).isoformat()}}
    )
    await api.post(f"{RECORD}/followers", json={"email": OLGA, "notify": False})


async def hello(api: Api, send_at: str | None) -> httpx.Response:
    return await api.put(
        "/templates/hello", json={"body_text": "Hello, {{ record.title }}", "send_at": send_at}
    )


async def said(api: Api) -> list[dict[str, Any]]:
    items = (await api.get(f"{RECORD}/messages", params={"kind": "message"})).json()["items"]
    return list(items)


MOMENTS = [  # send_at, days until it is sent (0: at once), why
    (None, 0, "a template that names no time"),
    ("2020-01-01", 0, "a time in the past"),
    ((NOW + timedelta(days=1)).isoformat(), 1, "a time to come"),
    ("+3d", 3, "a step from now"),
    ("{{ record.fields.start }} - 2d", 2, "two days before a date of the record"),
    ("{{ record.fields.start }} - 1w", 0, "a week before, which has passed"),
]


@pytest.mark.parametrize(("send_at", "days", "why"), MOMENTS)
async def test_t214_a_template_s_time_in_the_past_sends_and_one_to_come_waits(
    web: Web, api: Api, send_at: str | None, days: int, why: str
):
    await hello(api, send_at)

    preview = (await api.post("/templates/hello/preview", json={"record": "visit/7"})).json()
    posted = (await api.post(f"{RECORD}/messages", json=HELLO)).json()

    moment = NOW + timedelta(days=days)
    if days:
        assert posted["state"] == "waiting" and posted["send_at"] == preview["send_at"], why
        assert await said(api) == [] and await send(web) == []
        world = web.world
        for now, expected in ((moment - timedelta(seconds=1), 0), (moment, 1)):
            world.now = now
            posted = post_due(world.database, posting=world.posting, types=world.types, now=now)
            assert len(posted) == expected
    else:
        assert preview["send_at"] is None, why
    [message] = await said(api)
    assert message["body_text"] == "Hello, Boiler"
    [mail] = await send(web)
    assert mail["To"] == OLGA and "Hello, Boiler" in text_of(mail)


async def test_t214_the_call_s_own_time_wins_over_the_template_s(web: Web, api: Api):
    await hello(api, "+3d")
    sooner = (NOW + timedelta(hours=1)).isoformat()

    at_once = (await api.post(f"{RECORD}/messages", json={**HELLO, "send_at": "now"})).json()
    soon = (await api.post(f"{RECORD}/messages", json={**HELLO, "send_at": sooner})).json()
    async with AsyncClient(BASE, web.token(), transport=httpx.ASGITransport(web.app)) as client:
        by_client = await client(post_message("visit", "7", author=ALICE, template="hello"))
        filled = await client(fill_template("hello", ("visit", "7")))
        changed = await client(put_template("hello", send_at=None))

    assert (at_once["kind"], soon["state"], by_client.kind) == ("message", "waiting", "message")
    assert soon["send_at"] == sooner.replace("+00:00", "Z")
    assert (filled.send_at, changed.send_at) == (NOW + timedelta(days=3), "")


async def test_t214_a_change_that_sends_a_template_mails_it_at_its_time(web: Web, api: Api):
    await hello(api, "{{ record.fields.start }} - 2d")

    await api.put(RECORD, json={"fields": {"stage": "planned"}})

    [message] = await said(api)
    assert [notice["state"] for notice in message["notices"]] == ["queued"], "it stands, and its mail waits"
    web.world.now = NOW + timedelta(days=2, seconds=-1)
    assert await send(web) == []
    web.world.now = NOW + timedelta(days=2)
    [mail] = await send(web)
    assert "Hello, Boiler" in text_of(mail)


async def test_a_time_that_is_none_is_refused_or_told_in_the_log(web: Web, api: Api):
    for wrong in ("soon", "{{ reader.name }}", "{{ record.start }}", "+3"):
        answer = await hello(api, wrong)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/send_at"), wrong
    await hello(api, "{{ record.title }}")

    posted = await api.post(f"{RECORD}/messages", json=HELLO)
    await api.put(RECORD, json={"fields": {"stage": "planned"}})

    assert (posted.status_code, posted.json()["errors"][0]["pointer"]) == (422, "#/template")
    assert await said(api) == []
    log = (await api.get(f"{RECORD}/messages")).json()["items"]
    assert any("Not sent: " in one["body_text"] and "'Boiler' is no time" in one["body_text"] for one in log)
