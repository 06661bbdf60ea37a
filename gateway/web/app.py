"""Build the web application: API under /api/v1, pages, health. Everything it needs is given.

The settings that are not obvious: no logging configuration (Litestar's would take over the root logger),
security headers on every answer and not on most, keys of records may hold slashes.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from litestar import Litestar, Request, Router
from litestar.config.app import AppConfig
from litestar.datastructures import MutableScopeHeaders, State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import Message, Scope

from gateway.errors import GatewayError
from gateway.templating import templates_directory
from gateway.web import errors, pages
from gateway.web.api import (
    aliases,
    attachments,
    audience,
    batch,
    blocks,
    deliveries,
    edits,
    failures,
    followers,
    health,
    inbox,
    ledger,
    lives,
    messages,
    partners,
    raw,
    records,
    reply_addresses,
    scheduled,
    search,
    suggest,
    types,
    webhooks,
)
from gateway.web.api import templates as template_routes
from gateway.web.auth import SLASH, Authentication, provide_caller, provide_colleague
from gateway.web.conditions import conditional, unless_known
from gateway.web.document import documented, openapi
from gateway.web.methods import as_get, name_methods
from gateway.web.paging import provide_wish
from gateway.web.reading import Incoming
from gateway.web.services import Services
from store.session import StoreUnavailable

_API = (
    records,
    batch,
    lives,
    messages,
    audience,
    edits,
    template_routes,
    scheduled,
    suggest,
    failures,
    followers,
    partners,
    aliases,
    types,
    attachments,
    ledger,
    deliveries,
    inbox,
    raw,
    blocks,
    reply_addresses,
    search,
    webhooks,
)
_JSON_OCTETS = 8 * 1024 * 1024
_FORM_OCTETS = 1024 * 1024  # what a form may hold beside its file

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self'; font-src 'self'; "
    "frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
_ON_ERROR: dict[int | type[Exception], Any] = {
    GatewayError: errors.on_gateway_error,
    StoreUnavailable: errors.on_store_trouble,
    HTTPException: errors.on_http_error,
    RecursionError: errors.on_deep_body,
    Exception: errors.on_bug,
}


class Web(Litestar):
    """The application; a key of a record may hold an encoded slash (%2F)."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Take a request; segments of its path are decoded one by one."""
        raw_path = scope.get("raw_path") if scope["type"] == "http" else None
        if raw_path and b"%2f" in raw_path.lower():
            segments = raw_path.split(b"?")[0].decode("latin-1").split("/")
            scope["path"] = "/".join(unquote(segment).replace("/", SLASH) for segment in segments)
        if scope.get("method") == "HEAD":
            scope, send = as_get(scope, send)
        if scope.get("method") == "GET":
            send = unless_known(scope, send)
        await super().__call__(scope, receive, send)


def create_web(services: Services) -> Litestar:
    """Build the application. The page /dev/outbox exists where the services have an ``outbox_dir``."""
    web = build(dev=services.outbox_dir is not None, max_upload=services.max_upload)
    web.state["services"] = services
    return web


def build(*, dev: bool, max_upload: int) -> Litestar:
    """Build the application without what stands behind it: that is ``state["services"]``.

    dev: with /dev/outbox. max_upload: octets of one file.
    """
    return Web(
        route_handlers=[_api(), *_on_both_sides(), _outside(dev=dev)],
        dependencies={
            "services": Provide(_services, sync_to_thread=False),
            "caller": Provide(provide_caller),
            "colleague": Provide(provide_colleague),
            "wish": Provide(provide_wish),
        },
        middleware=[Authentication],
        request_class=Incoming,
        exception_handlers=_ON_ERROR,
        before_send=[_add_headers],
        on_app_init=[_quiet],
        request_max_body_size=max(_JSON_OCTETS, max_upload + _FORM_OCTETS),
        openapi_config=openapi(),
        logging_config=None,
        debug=False,
    )


def _services(state: State, request: Request[Any, Any, Any]) -> Services:
    return conditional(state["services"], request)


def _api() -> Router:
    """All that stands in the OpenAPI document."""
    routes = [documented(route) for module in _API for route in module.handlers]
    return Router("/api/v1", route_handlers=routes)


def _outside(*, dev: bool) -> Router:
    """Pages."""
    return Router("/", route_handlers=pages.handlers(templates_directory() / "web" / "static", dev=dev))


def _on_both_sides() -> list[Router]:
    """Health, for whoever looks for it below the API or beside it; and the door for mail beside it, too."""
    return [
        Router("/api/v1", route_handlers=health.handlers),
        Router("/", route_handlers=[*health.handlers, *raw.handlers], include_in_schema=False),
    ]


def _quiet(config: AppConfig) -> AppConfig:
    config.logging_config = None
    return config


async def _add_headers(message: Message, scope: Scope) -> None:
    """Put the security headers on every answer that does not bring its own; and what the path allows."""
    if message["type"] != "http.response.start":
        return
    name_methods(message, scope)
    headers = MutableScopeHeaders.from_message(message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
