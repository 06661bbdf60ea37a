"""Search over HTTP: hits with highlights, jumping to a hit, and never what the asker may not read."""

from __future__ import annotations

import httpx
import pytest

from tests.web.conftest import Web, add

MESSAGES = "/records/ticket/7/messages"


@pytest.fixture
async def api(web: Web) -> httpx.AsyncClient:
    """A client that may do everything; there are two tickets and a colleague."""
    api = web.client()
    await add(api, "carla@example.com", internal=True)
    await api.put("/records/ticket/7", json={"title": "Printer"})
    await api.put("/records/ticket/8", json={"title": "Scanner"})
    return api


async def say(api: httpx.AsyncClient, text: str, path: str = MESSAGES, **values: object) -> int:
    body = {"kind": "message", "author": "carla@example.com", "body_text": text, **values}
    answer = await api.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def test_hits_come_newest_first_with_their_total_and_highlights(api: httpx.AsyncClient):
    ids = [await say(api, f"Das Café Nr. {n} & mehr") for n in range(3)]
    await say(api, "nothing of it")

    page = (await api.get(MESSAGES, params={"q": "CAFE mehr", "limit": "2"})).json()
    rest = (await api.get(MESSAGES, params={"q": "CAFE mehr", "before": page["next"]})).json()

    assert [item["id"] for item in page["items"]] == ids[:0:-1] and page["total"] == 3
    assert page["items"][0]["highlights"] == ["Das <mark>Café</mark> Nr. 2 &amp; <mark>mehr</mark>"]
    assert [item["id"] for item in rest["items"]] == ids[:1] and rest["next"] is None and rest["total"] == 3


async def test_a_jump_loads_half_a_page_on_each_side_of_the_hit(api: httpx.AsyncClient):
    ids = [await say(api, f"message {n}") for n in range(12)]

    page = (await api.get(MESSAGES, params={"around": str(ids[5]), "limit": "6"})).json()

    assert [item["id"] for item in page["items"]] == [ids[n] for n in (8, 7, 6, 5, 4, 3)]


async def test_a_search_over_all_records_names_them(api: httpx.AsyncClient):
    first = await say(api, "needle")
    second = await say(api, "needle", "/records/ticket/8/messages")

    page = (await api.get("/search", params={"q": "needle"})).json()

    shown = [(item["id"], item["record"]["key"], item["title"]) for item in page["items"]]
    assert shown == [(second, "8", "Scanner"), (first, "7", "Printer")] and page["total"] == 2
    assert (await api.get("/search", params={"q": "needle", "type": "order"})).json()["items"] == []
    assert (await api.get("/search", params={"q": " "})).status_code == 422


async def test_a_token_of_some_record_types_finds_nothing_of_others(web: Web, api: httpx.AsyncClient):
    await api.put("/record-types/order", json={"label": "Order"})
    await api.put("/records/order/1", json={"title": "Secret"})
    await say(api, "needle", "/records/order/1/messages")
    mine = await say(api, "needle")
    limited = web.client("read", types=("ticket",))

    page = (await limited.get("/search", params={"q": "needle"})).json()

    assert [item["id"] for item in page["items"]] == [mine] and page["total"] == 1
    assert (await limited.get("/search", params={"q": "needle", "type": "order"})).json()["items"] == []


@pytest.mark.parametrize(
    "query", ['"', "'; DROP", "AND", "a*b(", "\0", "search_text:x", "😀", "%_\\", "x" * 5000]
)
async def test_odd_questions_are_answered(api: httpx.AsyncClient, query: str):
    for path in (MESSAGES, "/search"):
        answer = await api.get(path, params={"q": query})

        assert answer.status_code == 200 and answer.json()["items"] == [], (path, answer.text)


async def test_f07_conversations_alone_are_listed_and_searched(api: httpx.AsyncClient):
    said, noted = await say(api, "needle"), await say(api, "needle", kind="note")
    both = {"kind": "message,note"}

    listed = (await api.get(MESSAGES, params=both)).json()
    found = (await api.get(MESSAGES, params={**both, "q": "needle"})).json()
    everywhere = (await api.get("/search", params={**both, "q": "needle"})).json()
    wrong = await api.get(MESSAGES, params={"kind": "message,nothing"})

    for page in (listed, found, everywhere):
        assert [item["id"] for item in page["items"]] == [noted, said] and page["total"] == 2
    assert {item["kind"] for item in (await api.get(MESSAGES, params={"kind": "log"})).json()["items"]} == {
        "log"
    }
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "#/kind")
