"""Who may call what: tokens, scopes, record types; headers on every answer."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from store.queries import access as store
from tests.builders import DOMAIN, NOW
from tests.web.conftest import BASE, Web, add

SCOPES = ("read", "post", "follow", "ingest", "admin")
BODY = {"title": "x"}
CALLS = [
    ("GET", "/records", None, "read"),
    ("GET", "/records/ticket/7", None, "read"),
    ("PUT", "/records/ticket/7", BODY, "post"),
    ("DELETE", "/records/ticket/7", None, "post"),
    ("GET", "/records/ticket/7/messages", None, "read"),
    (
        "POST",
        "/records/ticket/7/messages",
        {"kind": "message", "author": "a@b.example", "body_text": "x"},
        "post",
    ),
    ("GET", "/records/ticket/7/audience", None, "read"),
    ("GET", "/records/ticket/7/followers", None, "read"),
    ("POST", "/records/ticket/7/followers", {"email": "a@b.example"}, "follow"),
    ("PATCH", "/records/ticket/7/followers/1", {"subtypes": []}, "follow"),
    ("DELETE", "/records/ticket/7/followers/1", None, "follow"),
    ("GET", "/partners", None, "read"),
    ("PUT", "/partners/a@b.example", {"name": "A"}, "post"),
    ("PUT", "/aliases/x@y.example", {"type": "ticket"}, "admin"),
    ("PUT", "/record-types/x", {}, "admin"),
    ("GET", "/ledger", None, "admin"),
    ("GET", "/ledger/1/raw", None, "admin"),
    ("POST", "/ledger/1/release", {}, "admin"),
    ("GET", "/suppressions", None, "admin"),
    ("POST", "/deliveries/1/retry", {}, "admin"),
    ("POST", "/raw?rcpt=x@y.example", None, "ingest"),
]


async def test_each_call_needs_its_scope(web: Web):
    nobody = web.open(base_url=f"{BASE}/api/v1")
    clients = {scope: web.client(scope) for scope in SCOPES}
    for method, path, body, scope in CALLS:
        answers = {name: await client.request(method, path, json=body) for name, client in clients.items()}
        unknown = await nobody.request(method, path, json=body)

        assert unknown.status_code == 401 and unknown.headers["www-authenticate"].startswith("Bearer")
        assert unknown.headers["content-type"] == "application/problem+json"
        allowed = {name for name, answer in answers.items() if answer.status_code not in (401, 403, 500)}
        assert allowed == {scope, "admin"}, (method, path)


async def test_a_token_of_some_record_types_sees_no_others(web: Web, api: httpx.AsyncClient):
    await api.put("/record-types/order", json={"label": "Order"})
    await add(api, "carla@example.com", internal=True)
    await api.put("/records/order/1", json=BODY)
    await api.put("/records/ticket/1", json=BODY)
    message = (await api.get("/records/order/1/messages")).json()["items"][0]
    uploaded = (await api.post("/records/order/1/attachments", files={"file": ("a.txt", b"a")})).json()
    limited = web.client("read", "post", types=("ticket",))

    assert (await limited.get("/records/order/1")).status_code == 403
    assert (await limited.put("/records/order/1", json=BODY)).status_code == 403
    assert (await limited.get(f"/messages/{message['id']}")).status_code == 404
    assert (await limited.get(f"/attachments/{uploaded['id']}")).status_code == 404
    assert [record["type"] for record in (await limited.get("/records")).json()["items"]] == ["ticket"]
    assert [rules["name"] for rules in (await limited.get("/record-types")).json()["items"]] == ["ticket"]
    assert (await limited.get("/deliveries", params={"record": "order/1"})).status_code == 403


async def test_an_application_makes_nobody_staff(web: Web, api: httpx.AsyncClient):
    await add(api, "carla@example.com", internal=True)
    host = web.client("read", "post", "follow")

    for email, body in (
        ("new@example.com", {"internal": True}), ("new@example.com", {"role": "admin"}),
        ("new@example.com", {"addresses": ["x@example.com"]}), ("carla@example.com", {"name": "Eve"}),
    ):  # fmt: skip
        assert (await host.put(f"/partners/{email}", json=body)).status_code == 403
    assert (await host.put("/partners/new@example.com", json={"name": "New"})).status_code == 201


async def test_a_withdrawn_token_and_a_token_in_the_address_are_worth_nothing(web: Web):
    client = web.client()
    secret = client.headers["authorization"].partition(" ")[2]

    in_query = await web.open().get("/api/v1/records", params={"token": secret, "access_token": secret})
    with web.world.database.write() as session:
        store.withdraw_token(session, store.list_tokens(session)[0].id)

    assert in_query.status_code == 401 and (await client.get("/records")).status_code == 401


async def test_the_use_of_a_token_is_noted_once_an_hour_even_of_a_refused_call(web: Web):
    client = web.client("read")
    noted = []

    for minutes, path in ((0, "/records"), (59, "/records"), (2, "/ledger")):
        web.world.now += timedelta(minutes=minutes)
        await client.get(path)
        with web.world.database.read() as session:
            noted.append(store.list_tokens(session)[0].used_at)

    assert noted == [NOW, NOW, NOW + timedelta(minutes=61)]


async def test_a_cookie_opens_no_call_that_changes_something(web: Web, api: httpx.AsyncClient):
    await api.put("/records/ticket/7", json=BODY)
    browser = await web.browser("root@example.com", role="admin")

    assert (await browser.get("/api/v1/records")).status_code == 401
    assert (await browser.put("/api/v1/records/ticket/7", json={"title": "y"})).status_code == 401
    assert (await browser.post("/api/v1/ledger/1/release", json={})).status_code == 401


async def test_every_answer_carries_the_security_headers(web: Web):
    paths = (
        "/",
        "/nope",
        "/api/v1/records",
        "/api/v1/nope",
        "/healthz",
        "/leave/x",
        "/static/threadpost.css",
    )
    for path in (*paths, "/login?token=%22%3E%3Cscript%3E"):
        answer = await web.open(headers={"Accept": "text/html"}).get(path)

        policy = dict(
            part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";")
        )
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'", path
        assert policy["script-src"] == policy["style-src"] == "'self'" and "<script>" not in answer.text
        assert (
            answer.headers["x-content-type-options"] == "nosniff"
            and answer.headers["referrer-policy"] == "no-referrer"
        )


async def test_trouble_of_ours_is_503_and_shows_nothing_of_us(
    web: Web, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    from store.session import StoreUnavailable

    client = web.client()

    def away() -> None:
        raise StoreUnavailable("disk full at /secret/place")

    monkeypatch.setattr(web.world.database, "read", away)
    answer = await client.get("/records")
    ready = await web.open().get("/readyz")

    assert answer.status_code == 503 and answer.headers["retry-after"] and "secret" not in answer.text
    assert ready.status_code == 503 and ready.json()["checks"]["database"] == "failing"


async def test_addresses_of_pages_come_from_the_configuration_and_not_from_the_host_field(
    web: Web, api: httpx.AsyncClient
):
    answer = await api.put("/records/ticket/7", json=BODY, headers={"Host": "evil.example"})

    assert "evil.example" not in answer.text and answer.json()["reply_address"].endswith(f"@{DOMAIN}")
