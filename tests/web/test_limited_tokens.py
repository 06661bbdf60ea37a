"""A token that is limited to record types is so everywhere, not only below /records/{type}."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.builders import DOMAIN, a_mail
from tests.web.conftest import Web, add

SUPPORT, SALES = f"support@{DOMAIN}", f"sales@{DOMAIN}"
HOOK: dict[str, Any] = {"url": "https://host.example/hook", "events": ["message.posted"]}


@pytest.fixture
async def api(web: Web) -> httpx.AsyncClient:
    """A client that may do everything. There are tickets and orders, each with an alias and a record."""
    api = web.client()
    await api.put("/record-types/order", json={"label": "Order"})
    await api.put(f"/aliases/{SALES}", json={"type": "order"})
    await add(api, "carla@example.com", internal=True)
    await add(api, "olga@outside.example")
    for record in ("/records/order/1", "/records/ticket/1"):
        await api.put(record, json={"title": record})
    return api


@pytest.fixture
def limited(web: Web, api: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client that may do everything with tickets."""
    return web.client("admin", types=("ticket",))


REFUSED: list[tuple[str, str, Any, int, str | None]] = [
    ("PUT", "/record-types/order", {"label": "Mine"}, 403, None),
    ("DELETE", "/record-types/order", None, 403, None),
    ("GET", "/record-types/order", None, 404, None),
    ("PUT", "/record-types/new", {"label": "New"}, 403, None),
    ("PUT", f"/aliases/new@{DOMAIN}", {"type": "order"}, 403, "#/type"),
    ("PUT", f"/aliases/{SUPPORT}", {"type": "order"}, 403, "#/type"),
    ("PUT", f"/aliases/{SALES}", {"type": "ticket"}, 403, None),
    ("GET", f"/aliases/{SALES}", None, 404, None),
    ("DELETE", f"/aliases/{SALES}", None, 404, None),
    ("PUT", "/webhooks/mine", {**HOOK, "record_types": ["ticket", "order"]}, 403, "#/record_types/1"),
    ("PUT", "/partners/olga@outside.example", {"role": "admin"}, 403, None),
    ("PUT", "/partners/olga@outside.example", {"internal": True}, 403, None),
    ("PUT", "/partners/olga@outside.example", {"addresses": ["o@outside.example"]}, 403, None),
    ("PUT", "/partners/carla@example.com", {"name": "Eve"}, 403, None),
    ("POST", "/partners/olga@outside.example/merge", {"into": "carla@example.com"}, 403, None),
    ("GET", "/blocks", None, 403, None),
    ("PUT", "/blocks/@outside.example", {}, 403, None),
    ("DELETE", "/blocks/@outside.example", None, 403, None),
    ("GET", "/suppressions", None, 403, None),
    ("GET", "/suppressions/a@outside.example", None, 403, None),
    ("PUT", "/suppressions/a@outside.example", {}, 403, None),
    ("DELETE", "/suppressions/a@outside.example", None, 403, None),
]


async def test_what_concerns_other_types_is_refused_to_a_limited_token(
    api: httpx.AsyncClient, limited: httpx.AsyncClient
):
    for method, path, body, status, pointer in REFUSED:
        answer = await limited.request(method, path, json=body)

        assert answer.status_code == status, (method, path, body, answer.text)
        if pointer:
            assert answer.json()["errors"][0]["pointer"] == pointer, (method, path, body)
    assert (await api.get("/record-types/order")).json()["label"] == "Order"
    assert (await api.get("/partners/olga@outside.example")).json()["internal"] is False


ALLOWED: list[tuple[str, str, Any]] = [
    ("PUT", "/record-types/ticket", {"label": "Case"}),
    ("GET", "/record-types/ticket", None),
    ("PUT", f"/aliases/help@{DOMAIN}", {"type": "ticket"}),
    ("GET", f"/aliases/help@{DOMAIN}", None),
    ("DELETE", f"/aliases/help@{DOMAIN}", None),
    ("PUT", "/partners/olga@outside.example", {"name": "Olga"}),
]


async def test_with_its_own_types_a_limited_token_does_everything(limited: httpx.AsyncClient):
    for method, path, body in ALLOWED:
        answer = await limited.request(method, path, json=body)

        assert answer.status_code in (200, 201, 204), (method, path, answer.text)


async def test_lists_show_a_limited_token_its_own(api: httpx.AsyncClient, limited: httpx.AsyncClient):
    await api.put("/webhooks/all", json=HOOK)
    await api.put("/webhooks/tickets", json={**HOOK, "record_types": ["ticket"]})

    shown = {
        path: [one[name] for one in (await limited.get(path)).json()["items"]]
        for path, name in (("/aliases", "address"), ("/record-types", "name"), ("/webhooks", "id"))
    }

    assert shown == {"/aliases": [SUPPORT], "/record-types": ["ticket"], "/webhooks": ["tickets"]}


async def test_to_a_limited_token_a_webhook_for_all_types_is_one_for_its_own(
    api: httpx.AsyncClient, limited: httpx.AsyncClient
):
    await api.put("/webhooks/all", json=HOOK)

    absent = await limited.put("/webhooks/mine", json=HOOK)
    null = await limited.put("/webhooks/mine", json={"record_types": None})
    taken = await limited.put("/webhooks/all", json={"url": "https://eve.example/"})

    assert absent.json()["record_types"] == null.json()["record_types"] == ["ticket"]
    assert taken.status_code == 403
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/events"), ("POST", "/events/1/retry")):
        assert (await limited.request(method, f"/webhooks/all{path}")).status_code == 404, (method, path)
    assert (await api.get("/webhooks/all")).json()["url"] == HOOK["url"]


async def test_a_limited_token_sees_the_held_mail_of_its_own_aliases_and_places_it_in_its_own_records(
    web: Web, api: httpx.AsyncClient, limited: httpx.AsyncClient
):
    robot = "Auto-Submitted: auto-replied\r\n"
    ours = web.world.receive(a_mail("a@stranger.example", extra=robot), SUPPORT)
    theirs = web.world.receive(a_mail("b@stranger.example", extra=robot, to=SALES), SALES)
    both = web.world.receive(a_mail("c@stranger.example", extra=robot), SUPPORT, SALES)
    nobodys = web.world.receive(a_mail("d@stranger.example"), f"postmaster@{DOMAIN}")

    seen = [entry["id"] for entry in (await limited.get("/ledger?state=held")).json()["items"]]
    there = await limited.post(f"/ledger/{ours}/replay", json={"record": "order/1"})

    assert seen == [ours]
    assert (await limited.get(f"/ledger/{ours}")).status_code == 200
    for entry in (theirs, both, nobodys):
        assert (await limited.get(f"/ledger/{entry}")).status_code == 404
        assert (await limited.post(f"/ledger/{entry}/discard")).status_code == 404
    assert (there.status_code, there.json()["errors"][0]["pointer"]) == (403, "#/record")
    with web.working():
        here = await limited.post(f"/ledger/{ours}/replay", json={"record": "ticket/1"})
    assert here.json()["targets"][0]["record"] == {"type": "ticket", "key": "1"}


async def test_a_limited_token_brings_mail_for_its_own_types_only(web: Web, api: httpx.AsyncClient):
    door = web.client("ingest", types=("ticket",))
    order, ticket = [
        (await api.get(f"/records/{name}/1")).json()["reply_address"] for name in ("order", "ticket")
    ]

    for rcpt, refused in (
        ([SUPPORT, ticket], []),
        ([SUPPORT, order], ["#/rcpt/1"]),
        ([SALES], ["#/rcpt/0"]),
        ([f"postmaster@{DOMAIN}"], ["#/rcpt/0"]),
    ):
        answer = await door.post(
            "/raw", params={"rcpt": rcpt, "from": "a@b.example"}, content=a_mail("a@b.example")
        )

        assert answer.status_code == (403 if refused else 202), (rcpt, answer.text)
        assert [error["pointer"] for error in answer.json().get("errors", [])] == refused, rcpt


async def a_notice_of(api: httpx.AsyncClient, record: str, **values: Any) -> int:
    """The id of a message of which dave has an unread notice."""
    await add(api, "dave@example.com", internal=True, notify={"timing": "web"})
    await api.post(f"{record}/followers", json={"email": "dave@example.com"})
    body = {"kind": "message", "author": "carla@example.com", "body_text": "x", **values}
    return int((await api.post(f"{record}/messages", json=body)).json()["id"])


INBOX = "/inbox?partner=dave@example.com"


async def unread(api: httpx.AsyncClient, path: str = INBOX) -> list[int]:
    return [one["message"] for one in (await api.get(path)).json()["items"]]


async def test_a_limited_token_marks_notices_of_its_own_types_read(
    api: httpx.AsyncClient, limited: httpx.AsyncClient
):
    order, ticket = await a_notice_of(api, "/records/order/1"), await a_notice_of(api, "/records/ticket/1")

    assert await unread(limited) == [ticket]
    by_name = await limited.post("/inbox/read", json={"partner": "dave@example.com", "messages": [order]})
    everything = await limited.post("/inbox/read", json={"partner": "dave@example.com"})

    assert (by_name.json(), everything.json()) == ({"read": 0}, {"read": 1})
    assert await unread(api) == [order]


async def test_t236_an_inbox_is_its_owners_and_an_admins(api: httpx.AsyncClient):
    message = await a_notice_of(api, "/records/ticket/1")
    await add(api, "root@example.com", internal=True, role="admin")

    for actor in ("carla@example.com", "olga@outside.example"):
        looked = await api.get(f"{INBOX}&actor={actor}")
        marked = await api.post("/inbox/read", json={"partner": "dave@example.com", "actor": actor})
        assert [(a.status_code, a.json()["errors"][0]["pointer"]) for a in (looked, marked)] == [
            (403, "#/actor")
        ] * 2
    for actor in ("dave@example.com", "root@example.com"):
        assert await unread(api, f"{INBOX}&actor={actor}") == [message]
    own = await api.post("/inbox/read", json={"partner": "dave@example.com", "actor": "dave@example.com"})
    assert own.json() == {"read": 1}
    await api.put("/partners/dave@example.com", json={"active": False})
    assert (await api.get(f"{INBOX}&actor=dave@example.com")).status_code == 403


async def test_an_inbox_tells_nothing_of_records_that_were_closed_since(api: httpx.AsyncClient):
    followed = await a_notice_of(api, "/records/ticket/1")
    mentioned = await a_notice_of(api, "/records/order/1", recipients=["dave@example.com"])
    assert await unread(api) == [mentioned, followed]

    for record in ("/records/order/1", "/records/ticket/1"):
        await api.put(record, json={"members": ["carla@example.com"]})

    items = (await api.get(INBOX)).json()["items"]
    assert [(one["message"], one["title"]) for one in items] == [(mentioned, "")]
