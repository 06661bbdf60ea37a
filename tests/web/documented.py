"""Does the OpenAPI document name an answer? Every client of these tests asks that of every answer it gets."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import httpx
from litestar import Litestar

ANYWHERE = (405, 500)
"""What no operation answers: the path has no such method, and a bug of ours."""


def undocumented(app: Litestar, answer: httpx.Response) -> str:
    """What the document does not say of this answer, "" if it is all there or of no operation."""
    request = answer.request
    told = operation(app, request.method, request.url.raw_path.decode().partition("?")[0])
    if told is None or answer.status_code in ANYWHERE:
        return ""
    name = f"{request.method} {request.url.path}: {answer.status_code}"
    declared = told["responses"].get(str(answer.status_code))
    if declared is None:
        return f"{name} is not in the document"
    kind = answer.headers.get("content-type", "").partition(";")[0]
    kinds = set(declared.get("content") or ())
    return (
        ""
        if kind in kinds or (not kinds and not answer.headers.get("content-length", "0").strip("0"))
        else f"{name} as {kind}"
    )


def operation(app: Litestar, method: str, path: str) -> dict[str, Any] | None:
    """The operation of a request: of all paths that fit, the one with the most words of its own."""
    fitting = [
        (len(names), told) for names, pattern, told in operations(app, method) if pattern.fullmatch(path)
    ]
    return min(fitting, key=lambda one: one[0])[1] if fitting else None


@cache
def operations(app: Litestar, method: str) -> list[tuple[list[str], re.Pattern[str], dict[str, Any]]]:
    """The operations of a method: the names in its path, the pattern of the path, and what is told of it."""
    return [
        (
            re.findall(r"{\w+}", path),
            re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))),
            methods[method.lower()],
        )
        for path, methods in document(app)["paths"].items()
        if method.lower() in methods
    ]


@cache
def document(app: Litestar) -> dict[str, Any]:
    """The document, made once."""
    return app.openapi_schema.to_schema()
