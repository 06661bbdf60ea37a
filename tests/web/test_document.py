"""The OpenAPI document names every answer: all clients of these tests ask it (``documented``), and these ask whether they do."""

from __future__ import annotations

import httpx
import pytest

from tests.web.conftest import BASE, routes
from tests.web.documented import document, undocumented

PROBLEM = {"content-type": "application/problem+json"}
JSON = {"content-type": "application/json"}
NAMED = [
    ("PUT", "/records/ticket/7", 200, JSON, True),
    ("PUT", "/records/ticket/7", 201, JSON, True),
    ("PUT", "/records/ticket/7", 202, JSON, False),
    ("PUT", "/records/ticket/7", 413, PROBLEM, True),
    ("PUT", "/records/ticket/7", 422, JSON, False),
    ("POST", "/records/ticket/7/followers", 200, JSON, True),
    ("POST", "/records/ticket/7/messages", 200, JSON, False),
    ("POST", "/raw", 413, PROBLEM, True),
    ("POST", "/records/ticket/7/attachments", 413, PROBLEM, True),
    ("GET", "/records/ticket/7", 409, PROBLEM, False),
    ("GET", "/attachments/3", 200, {"content-type": "image/png"}, True),
    ("GET", "/attachments/3", 200, {"content-type": "text/plain; charset=utf-8"}, True),
    ("GET", "/attachments/3", 200, {"content-type": "text/html"}, False),
    ("DELETE", "/records/ticket/7", 204, {}, True),
    ("DELETE", "/records/ticket/7", 204, {"content-length": "2", **JSON}, False),
    ("GET", "/nothing", 404, PROBLEM, True),
]


@pytest.mark.parametrize(("method", "path", "status", "headers", "named"), NAMED)
def test_an_answer_that_the_document_does_not_name_is_found(
    method: str, path: str, status: int, headers: dict[str, str], named: bool
):
    request = httpx.Request(method, f"{BASE}/api/v1{path}")

    found = undocumented(routes(), httpx.Response(status, headers=headers, request=request))

    assert (found == "") is named, found


def test_every_operation_names_the_problems_that_any_call_may_meet():
    told = [one for methods in document(routes())["paths"].values() for one in methods.values()]

    for operation in told:
        for status in ("400", "401", "403", "404", "422", "503"):
            assert list(operation["responses"][status]["content"]) == ["application/problem+json"], operation
