"""What an inbox says beside the notice itself."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, event

from gateway.client import AsyncClient, inbox, mark_read
from tests.web.conftest import BASE, Web, add

DAVE = "dave@example.com"


@pytest.fixture
async def api(web: Web) -> httpx.AsyncClient:
    """A client that may do everything; Carla writes, Dave reads on the web."""
    api = web.client()
    await add(api, "carla@example.com", internal=True)
    await add(api, DAVE, internal=True, notify={"timing": "web"})
    return api


async def told(api: httpx.AsyncClient, key: str, **values: Any) -> int:
    """The id of a message on a ticket of this key; a follower of it is told, and who is named in values."""
    body = {"kind": "message", "author": "carla@example.com", "body_text": "x", **values}
    answer = await api.post(f"/records/ticket/{key}/messages", json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def followed(api: httpx.AsyncClient, key: str) -> int:
    await api.put(f"/records/ticket/{key}", json={"title": key})
    await api.post(f"/records/ticket/{key}/followers", json={"email": DAVE})
    return await told(api, key)


async def test_b21_an_entry_of_a_followed_record_offers_to_leave_it_and_that_of_a_mention_does_not(
    web: Web, api: httpx.AsyncClient
):
    await api.put("/records/ticket/1", json={"title": "1"})
    mention = await told(api, "1", recipients=[DAVE])  # a mention of the text would go by mail
    notice = await followed(api, "2")

    async with AsyncClient(BASE, web.token(), transport=httpx.ASGITransport(web.app)) as client:
        before = (await client(inbox(DAVE))).items
        dave = (await api.get(f"/partners/{DAVE}")).json()["id"]
        assert (await api.delete(f"/records/ticket/2/followers/{dave}")).status_code == 204
        after = (await client(inbox(DAVE, limit=1))).items
        marked = await client(mark_read(DAVE, [mention]))
        left = (await client(inbox(DAVE, actor=DAVE))).items

    assert [(one.message, one.following) for one in before] == [(notice, True), (mention, False)]
    assert [(one.message, one.following) for one in after] == [(notice, False)]
    assert (marked.read, [one.message for one in left]) == (1, [notice])


async def test_an_inbox_costs_the_same_statements_however_much_is_in_it(api: httpx.AsyncClient):
    async def statements() -> int:
        seen: list[str] = []
        event.listen(Engine, "before_cursor_execute", note := lambda *given: seen.append(given[2]))
        await api.get("/inbox", params={"partner": DAVE})
        event.remove(Engine, "before_cursor_execute", note)
        return len(seen)

    await followed(api, "1")
    with_one = await statements()
    for key in "23456":
        await followed(api, key)

    assert await statements() == with_one
