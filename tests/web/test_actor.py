"""Who is asking: what an application sees for a person, and what a token of some record types sees at all."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.builders import DOMAIN, a_mail
from tests.web.conftest import Web, add

MESSAGES = "/records/ticket/7/messages"


@pytest.fixture
async def api(web: Web) -> httpx.AsyncClient:
    """A client that may do everything; two colleagues, a customer who follows ticket 7."""
    api = web.client()
    await add(api, "carla@example.com", internal=True)
    await add(api, "dave@example.com", internal=True)
    await add(api, "carol@customer.example")
    await api.put("/records/ticket/7", json={"title": "Printer"})
    follower = {"email": "carol@customer.example", "subtypes": ["discussions"]}
    await api.post("/records/ticket/7/followers", json=follower)
    return api


async def say(api: httpx.AsyncClient, text: str, path: str = MESSAGES, **values: Any) -> int:
    body = {"kind": "message", "author": "carla@example.com", "body_text": text, **values}
    answer = await api.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def seen(api: httpx.AsyncClient, actor: str, path: str = MESSAGES) -> set[int]:
    """What list, search over the thread and over all, and get show this person; they must agree."""
    who = {"actor": actor}
    answer = await api.get(path, params=who)
    listed = {item["id"] for item in answer.json()["items"]} if answer.status_code == 200 else set()
    everything = {item["id"] for item in (await api.get(path)).json()["items"]}
    got = {n for n in everything if (await api.get(f"/messages/{n}", params=who)).status_code == 200}
    assert got == listed
    with_word = {
        item["id"] for item in (await api.get("/search", params={"q": "needle", **who})).json()["items"]
    }
    assert with_word <= got
    return with_word


async def test_c10_t231_an_outsider_never_sees_notes(api: httpx.AsyncClient):
    message = await say(api, "needle outside")
    await say(api, "needle inside", kind="note")
    await say(
        api,
        "needle shown once",
        kind="note",
        mentions=["carol@customer.example"],
        confirm_external=["carol@customer.example"],
    )

    assert await seen(api, "carol@customer.example") == {message}
    shown = (await api.get(f"/messages/{message}", params={"actor": "carol@customer.example"})).json()
    assert shown["notices"] == [], "who was told is for staff"
    assert (await api.get("/records/ticket/7", params={"actor": "carol@customer.example"})).status_code == 404
    assert (await api.get("/records", params={"actor": "carol@customer.example"})).json()["items"] == []


async def test_t230_a_colleague_reads_his_records_and_what_he_wrote_or_was_told_of(api: httpx.AsyncClient):
    own = await say(api, "needle own", author="dave@example.com")
    told = await say(api, "needle told", mentions=["dave@example.com"])
    other = await say(api, "needle other", kind="note")
    assert await seen(api, "dave@example.com") == {own, told, other}

    await api.put("/records/ticket/7", json={"members": ["carla@example.com"]})

    assert await seen(api, "dave@example.com") == {own, told}
    assert await seen(api, "carla@example.com") == {own, told, other}
    assert (await api.get("/records/ticket/7", params={"actor": "dave@example.com"})).status_code == 404
    assert (await api.get("/records", params={"actor": "carla@example.com"})).json()["items"] != []

    await api.put("/records/ticket/7", json={"members": None})
    assert await seen(api, "dave@example.com") == {own, told, other}


async def test_a_type_may_be_open_to_followers_or_members_only(api: httpx.AsyncClient):
    path, dave = "/records/case/1/messages", {"actor": "dave@example.com"}
    await api.put("/record-types/case", json={"label": "Case", "policy": {"access": "followers"}})
    await api.put("/records/case/1", json={"title": "Case", "actor": "carla@example.com"})
    await say(api, "needle", path)

    assert await seen(api, "dave@example.com", path) == set()
    await api.post("/records/case/1/followers", json={"email": "dave@example.com", "subtypes": []})
    assert len(await seen(api, "dave@example.com", path)) == 1

    await api.put("/record-types/case", json={"policy": {"access": "members"}})
    assert (await api.get("/records/case/1", params=dave)).status_code == 404
    await api.put("/records/case/1", json={"members": ["dave@example.com"]})
    assert (await api.get("/records/case/1", params=dave)).status_code == 200

    wrong = await api.put("/record-types/case", json={"policy": {"access": "friends"}})
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["pointer"] == "#/policy/access"


async def test_the_outbox_of_a_record_is_shown_to_those_who_may_open_it(web: Web, api: httpx.AsyncClient):
    await say(api, "hello")
    await api.put("/records/ticket/7", json={"members": ["carla@example.com"]})
    host = web.client("read")

    async def asked(actor: str, **about: str) -> tuple[int, int]:
        answer = await host.get("/deliveries", params={"actor": actor, **about})
        return answer.status_code, len(answer.json().get("items", ()))

    about = {"record": "ticket/7"}
    assert await asked("", **about) == await asked("carla@example.com", **about) == (200, 1)
    assert await asked("dave@example.com", **about) == (404, 0), "not one of its members"
    assert await asked("carol@customer.example", **about) == (404, 0), "who follows it from outside"
    assert await asked("nobody@example.com", **about) == (422, 0)
    assert (await api.get("/deliveries", params={"actor": "carla@example.com"})).status_code == 422


async def test_an_unknown_or_deactivated_person_sees_nothing(api: httpx.AsyncClient):
    await say(api, "needle")
    await api.put("/partners/dave@example.com", json={"active": False})

    assert await seen(api, "dave@example.com") == set()
    assert (await api.get(MESSAGES, params={"actor": "dave@example.com"})).status_code == 404
    unknown = await api.get(MESSAGES, params={"actor": "nobody@example.com"})
    assert unknown.status_code == 422 and unknown.json()["errors"][0]["pointer"] == "#/actor"


async def test_a_token_of_some_record_types_sees_others_neither_in_the_ledger_nor_in_the_outbox(
    web: Web, api: httpx.AsyncClient
):
    await api.put("/record-types/order", json={"label": "Order"})
    await api.put(f"/aliases/orders@{DOMAIN}", json={"type": "order"})
    mine = web.world.receive(a_mail("x@stranger.example"), f"support@{DOMAIN}")
    theirs = web.world.receive(a_mail("y@stranger.example"), f"orders@{DOMAIN}")
    nowhere = web.world.receive(a_mail("z@stranger.example"), f"postmaster@{DOMAIN}")
    await api.put("/records/order/1", json={"title": "x", "assignee": "dave@example.com"})
    await say(api, "hello", mentions=["dave@example.com"])
    await say(api, "hello", "/records/order/1/messages", mentions=["dave@example.com"])
    limited = web.client("admin", types=("ticket",))

    assert [item["id"] for item in (await limited.get("/ledger")).json()["items"]] == [mine]
    for hidden in (theirs, nowhere):
        assert (await limited.get(f"/ledger/{hidden}")).status_code == 404
        assert (await limited.get(f"/ledger/{hidden}/raw")).status_code == 404
        assert (await limited.post(f"/ledger/{hidden}/replay", json={})).status_code == 404
    everything = (await api.get("/deliveries")).json()["items"]
    shown = (await limited.get("/deliveries")).json()["items"]
    assert {item["record"]["type"] for item in everything} == {"ticket", "order"}
    assert {item["record"]["type"] for item in shown} == {"ticket"}
    other = next(item["id"] for item in everything if item["record"]["type"] == "order")
    assert (await limited.get(f"/deliveries/{other}")).status_code == 404
    assert (await limited.post(f"/deliveries/{other}/retry", json={})).status_code == 404
