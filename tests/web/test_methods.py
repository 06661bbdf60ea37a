"""What every path answers, whatever stands behind it: HEAD and OPTIONS; and where paths stand."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.builders import DOMAIN, a_mail
from tests.web.conftest import Web, add

Api = httpx.AsyncClient
MAIL = {"Content-Type": "message/rfc822"}


@pytest.fixture
async def api(web: Web) -> Api:
    """A client that may do everything; there is a ticket 7 with a file and a colleague."""
    api = web.client()
    await add(api, "carla@example.com", internal=True)
    await api.put("/records/ticket/7", json={"title": "Printer", "actor": "carla@example.com"})
    await api.post("/records/ticket/7/attachments", files={"file": ("a.txt", b"twelve bytes")})
    return api


GOT = ["/records/ticket/7", "/records", "/records/ticket/7/messages", "/partners/carla@example.com", "/attachments/1",
       "/healthz", "/readyz", "/metrics", "/records/ticket/none", "/nothing"]  # fmt: skip


@pytest.mark.parametrize("path", GOT)
async def test_head_is_get_without_a_body(api: Api, path: str):
    got, head = await api.get(path), await api.head(path)

    assert head.status_code == got.status_code and head.content == b""
    same = ("content-type", "content-length", "content-security-policy", "cache-control")
    assert {name: head.headers.get(name) for name in same} == {name: got.headers.get(name) for name in same}


async def test_head_of_what_cannot_be_got_is_a_wrong_method(api: Api):
    assert (await api.head("/inbox/read")).status_code == 405
    assert (await api.head("/healthz")).status_code == 200


ALLOWED = {
    "/records/ticket/7": "DELETE, GET, HEAD, OPTIONS, PUT",
    "/records/ticket/7/followers": "GET, HEAD, OPTIONS, POST",
    "/records/ticket/7/followers/1": "DELETE, OPTIONS, PATCH",
    "/messages/1": "DELETE, GET, HEAD, OPTIONS, PATCH",
    "/inbox/read": "OPTIONS, POST",
    "/webhooks/x": "DELETE, GET, HEAD, OPTIONS, PUT",
    "/healthz": "GET, HEAD, OPTIONS",
}


@pytest.mark.parametrize("path", ALLOWED)
async def test_options_and_a_wrong_method_name_all_methods_of_the_path(api: Api, path: str):
    options, wrong = await api.options(path), await api.request("TRACE", path)

    assert (options.status_code, options.headers["allow"]) == (204, ALLOWED[path])
    assert (wrong.status_code, wrong.headers["allow"]) == (405, ALLOWED[path])


async def test_health_and_the_door_for_mail_stand_beside_the_api_and_below_it(web: Web, api: Api):
    nobody, raw = web.open(), a_mail("ann@customer.example")
    for path in ("/healthz", "/readyz", "/metrics"):
        for place in (path, f"/api/v1{path}"):
            assert (await nobody.get(place)).status_code == 200, place
    for place in ("http://threads.test/raw", "/raw"):
        taken = await api.post(place, params={"rcpt": f"support@{DOMAIN}"}, content=raw, headers=MAIL)
        assert taken.status_code == 202, taken.text
    assert (await nobody.post("/raw", params={"rcpt": f"support@{DOMAIN}"}, content=raw)).status_code == 401

    document = (await nobody.get("/api/openapi.json")).json()
    assert [path for path in document["paths"] if path.endswith(("/raw", "z", "/metrics"))] == [
        "/api/v1/ledger/{mail_id}/raw", "/api/v1/raw"
    ]  # fmt: skip


async def test_the_document_and_the_figures_have_a_type_that_clients_know(web: Web):
    document = await web.open().get("/api/openapi.json")
    figures = await web.open().get("/metrics")

    assert document.headers["content-type"] == "application/json" and json.loads(document.content)["openapi"]
    assert figures.headers["content-type"].startswith("text/plain; version=")
    assert figures.headers["content-type"].count("charset") == 1
