"""HEAD and OPTIONS, which every path has (RFC 9110 sections 9.3.2 and 9.3.7)."""

from __future__ import annotations

from typing import Any

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Send


def as_get(scope: Any, send: Send) -> tuple[Any, Send]:
    """A HEAD as the GET that answers it, and a ``send`` that keeps the body back."""

    async def headers_only(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return {**scope, "method": "GET"}, headers_only


def name_methods(message: Message, scope: Any) -> None:
    """Put all methods of the path into the Allow of an answer to OPTIONS, and HEAD into that of a wrong method.

    The framework knows only the methods of the handler that it asked.
    """
    headers = MutableScopeHeaders.from_message(message)
    allowed = {name.strip() for name in headers.get("Allow", "").split(",") if name.strip()}
    if not allowed:
        return
    if scope["method"] == "OPTIONS":
        routes = scope["litestar_app"].routes
        same = [route for route in routes if getattr(route, "path_format", "") == scope["path_template"]]
        allowed |= {str(method) for route in same for method in getattr(route, "methods", ())}
    headers["Allow"] = ", ".join(sorted(allowed | ({"HEAD"} if "GET" in allowed else set())))
