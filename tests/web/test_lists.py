"""Every list of the API can be read from any place: on from a row, back from it, and around it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import update

from gateway.chatter.events import Events
from store.models import Delivery
from tests.builders import NOW, a_mail
from tests.web.conftest import Web, add

Api = httpx.AsyncClient
ALICE, OLGA = "alice@corp.example", "olga@outside.example"
TICKET = "/records/ticket/7"
_deliveries = Delivery.table()

LISTS = (
    "/records", "/records?type=ticket", "/records?q=printer", f"/records?actor={ALICE}",
    f"/records?q=printer&actor={ALICE}",
    "/partners", "/partners?q=customer", "/suppressions", "/blocks", "/aliases", "/record-types", "/templates",
    "/webhooks", "/webhooks/w1/events", f"{TICKET}/followers", f"{TICKET}/attachments", f"{TICKET}/scheduled",
    f"{TICKET}/messages", f"{TICKET}/messages?kind=message,note", f"{TICKET}/messages?q=pump",
    f"{TICKET}/messages?actor={OLGA}", f"{TICKET}/audience", f"{TICKET}/audience?mentions=z@new.example,b@new.example,a@new.example",
    "/search?q=pump", f"/search?q=pump&actor={OLGA}",
    "/ledger", "/ledger?q=hello", "/ledger?state=posted", "/deliveries", "/deliveries?state=queued",
    f"/inbox?partner={ALICE}", f"/failures?author={ALICE}",
)  # fmt: skip


async def fill(web: Web, api: Api) -> int:
    """At least four rows in every list; answers the id of a message with versions."""
    web.world.posting.events = Events(web.world.database.bell)
    await add(api, ALICE, internal=True, notify={"timing": "web"})
    await add(api, OLGA)
    for n in range(5):
        await api.put(f"/suppressions/gone{n}@customer.example", json={"reason": "dead"})
        await api.put(f"/blocks/bad{n}@spam.example", json={})
        await api.put(f"/aliases/desk{n}@threads.example.test", json={"type": "ticket"})
        await api.put(f"/record-types/kind{n}", json={"label": f"Kind {n}"})
        await api.put(f"/templates/text{n}", json={"body_text": "Hello"})
        await api.put(f"/webhooks/w{n}", json={"url": "https://host.example/", "events": ["message.posted"]})
        await add(api, f"carol{n}@customer.example")
        await api.put(f"/records/ticket/{n}", json={"title": f"Printer {n}"})
    await api.put(TICKET, json={"title": "Printer"})
    for email in (OLGA, ALICE, *(f"carol{n}@customer.example" for n in range(4))):
        await api.post(f"{TICKET}/followers", json={"email": email, "notify": False})
    said = {"kind": "message", "author": ALICE, "body_text": "the pump"}
    last: dict[str, Any] = {}
    for n in range(5):
        last = (await api.post(f"{TICKET}/messages", json=said)).json()
        await api.post(f"{TICKET}/messages", json=said | {"kind": "note", "author": ALICE})
        await api.post(f"{TICKET}/messages", json=said | {"send_at": (NOW + timedelta(days=1)).isoformat()})
        file = {"file": (f"{n}.txt", b"text", "text/plain")}
        await api.post(f"{TICKET}/attachments", files=file)
        mail = a_mail(OLGA, message_id=f"<{n}@outside.example>", text=f"Answer {n} about the pump")
        web.world.receive(mail, "support@threads.example.test", reverse_path=OLGA)
        web.world.receive(
            a_mail(OLGA, message_id=f"<r{n}@outside.example>", text=f"Also {n}, the pump"),
            await reply_address(api), reverse_path=OLGA,
        )  # fmt: skip
        await api.patch(f"/messages/{last['id']}", json={"body_text": f"the pump {n}", "actor": ALICE})
    for n in range(4):
        await api.patch(f"/messages/{last['id']}", json={"body_text": f"a pump {n}", "actor": ALICE})
    fail_some(web)
    return int(last["id"])


async def reply_address(api: Api) -> str:
    return str((await api.get(TICKET)).json()["reply_address"])


def fail_some(web: Web) -> None:
    """Half of Alice's mail did not arrive."""
    failed = update(_deliveries).where(_deliveries.c.author_id.is_not(None), _deliveries.c.id % 2 == 0)
    with web.world.database.write() as session:
        session.execute(failed.values(state="failed", status="5.1.1", detail="no such user"))


async def page(api: Api, path: str, **params: Any) -> dict[str, Any]:
    answer = await api.get(path, params={**httpx.URL(path).params, **params})
    assert answer.status_code == 200, f"{path} {params}: {answer.text}"
    return dict(answer.json())


async def check(api: Api, path: str) -> None:
    """Walk the beginning of a list row by row, which tells the cursor of each; then read it from some of them."""
    whole = (await page(api, path, limit=200))["items"]
    assert len(whole) >= 4, f"{path} has only {len(whole)} rows"
    cursors: list[Any] = []
    for row in whole[:6]:
        at = {"before": cursors[-1]} if cursors else {}
        got = await page(api, path, limit=1, **at)
        assert got["items"] == [row], f"{path} {at}"
        cursors.append(got["next"])
    assert (cursors[-1] is None) == (len(whole) <= 6) and None not in cursors[:-1], path
    for place in (0, 2):
        above = await page(api, path, after=cursors[place], limit=2)
        assert above["items"] == whole[max(0, place - 2) : place], f"{path} after row {place}"
        assert above["next"] == (cursors[place - 1] if place else None), f"{path} after row {place}"
        around = await page(api, path, around=cursors[place], limit=3)
        first = max(0, place - 1)
        assert around["items"] == whole[first : first + 3], f"{path} around row {place}"
    alone = await page(api, path, around=cursors[1], limit=1)
    assert alone["items"] == [whole[1]], f"{path}: one row alone"


async def test_every_list_is_read_on_back_and_around_a_row(web: Web, api: Api):
    message = await fill(web, api)
    limited = web.client("read", "admin", types=("ticket",))

    for path in (*LISTS, f"/messages/{message}/versions"):
        await check(api, path)
    for path in (
        "/ledger",
        "/ledger?q=hello",
        "/deliveries",
        "/deliveries?state=queued",
        "/records",
        "/aliases",
    ):
        await check(limited, path)


async def test_one_place_at_a_time(api: Api):
    for pair in ({"before": 1, "after": 2}, {"after": 1, "around": 2}):
        refused = await api.get("/records", params=pair)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"#/{list(pair)[1]}")
