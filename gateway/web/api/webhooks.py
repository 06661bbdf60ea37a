"""/webhooks: host applications that want to hear what happens; and what they were told."""

from __future__ import annotations

import base64
import re
import secrets
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import Response, delete, get, post, put
from msgspec import UNSET, UnsetType

from gateway.chatter.access import Caller
from gateway.chatter.events import KINDS
from gateway.errors import BadShape, BadValue, Conflict, FieldError, Forbidden, NotFound
from gateway.web.auth import Asking, needs, refuse_unless
from gateway.web.paging import Page, StateFilter, Wished, among_few, both_ways, by_name, check_state
from gateway.web.schema import WebhookBody
from gateway.web.services import Given, Services
from store.queries import event as store
from store.session import Session

STATES = ("queued", "deferred", "sent", "failed", "skipped")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class WebhookView(msgspec.Struct, frozen=True):
    """An address that is told of events. record_types: empty = all. secret: only when it was just made."""

    id: str
    url: str
    events: list[str]
    record_types: list[str]
    active: bool
    created_at: datetime
    secret: str | UnsetType = UNSET


class EventView(msgspec.Struct, frozen=True):
    """One event for a webhook. status: of the last answer over HTTP, "" if none; detail: its words."""

    id: int
    type: str
    state: str
    status: str
    detail: str
    attempts: int
    created_at: datetime
    due_at: datetime


@put("/webhooks/{id:str}", guards=[needs("admin")], sync_to_thread=True, tags=["webhooks"])
def put_webhook(id: str, data: WebhookBody, services: Given, caller: Asking) -> Response[WebhookView]:
    """Enter a webhook (201) or change it; absent = unchanged. The secret is shown when it is made, and never again.

    A token that is limited to record types enters webhooks for those only; to it, all types are its own.
    """
    if not _ID.fullmatch(id):
        raise BadValue.of("id", "an id has 1 to 64 letters, digits, dots, underscores and hyphens")
    values = _checked(data, services, caller)

    def work(session: Session) -> tuple[WebhookView, bool]:
        old = store.webhook(session, id)
        is_new = old is None
        if old is not None and not _covers(caller, old):
            raise Forbidden(f"the webhook {id} hears of record types that the token does not cover")
        if is_new:
            for name in ("url", "events"):
                if name not in values:
                    raise BadShape(f"a webhook needs {name}", [FieldError(f"#/{name}", "missing")])
        if is_new or data.secret is None:
            values["secret"] = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
        store.put_webhook(session, id, _full(values, caller) if is_new else values, services.now())
        return _view(store.webhook(session, id), secret=values.get("secret", UNSET)), is_new

    view, is_new = services.write(work)
    return Response(view, status_code=201 if is_new else 200)


def _full(values: dict[str, Any], caller: Caller) -> dict[str, Any]:
    return {"record_types": caller.record_types, "active": True, **values}


def _covers(caller: Caller, row: Any) -> bool:
    """All that a webhook hears of is the token's to hear."""
    return not caller.record_types or (bool(row.record_types) and row.record_types <= caller.record_types)


def _checked(data: WebhookBody, services: Services, caller: Caller) -> dict[str, Any]:
    """The columns of what was given. Raises BadValue, Forbidden."""
    values = data.given("secret")
    if "url" in values:
        _check_url(values["url"])
    if "events" in values:
        for index, kind in enumerate(values["events"]):
            if kind not in KINDS:
                raise BadValue.of(f"events/{index}", f"{kind!r} is none of {', '.join(KINDS)}")
        values["events"] = frozenset(values["events"])
    if "record_types" in values:
        known = services.types.all()
        for index, name in enumerate(values["record_types"] or ()):
            if name not in known:
                raise BadValue.of(f"record_types/{index}", f"there is no record type {name!r}")
            refuse_unless(caller, "admin", name, f"record_types/{index}")
        values["record_types"] = frozenset(values["record_types"] or caller.record_types)
    return values


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
        _ = parts.port
    except ValueError:
        fine = False
    if not fine or len(url) > 2000 or not url.isascii() or any(letter <= " " for letter in url):
        raise BadValue.of("url", "this must be https://host/path, without a password")


@get("/webhooks/{id:str}", guards=[needs("admin")], sync_to_thread=True, tags=["webhooks"])
def get_webhook(id: str, services: Given, caller: Asking) -> WebhookView:
    """One webhook, without its secret."""
    return services.read(lambda session: _view(_known(session, caller, id)))


@get("/webhooks", guards=[needs("admin")], sync_to_thread=True, tags=["webhooks"])
def list_webhooks(services: Given, caller: Asking, wish: Wished) -> Page[WebhookView]:
    """Webhooks, by id; there are few of them."""
    rows = [row for row in services.read(store.webhooks) if _covers(caller, row)]
    page, following = both_ways(among_few(rows, by_name("id")), wish, by_name("id"))
    return Page([_view(row) for row in page], following)


@delete("/webhooks/{id:str}", guards=[needs("admin")], sync_to_thread=True, tags=["webhooks"])
def delete_webhook(id: str, services: Given, caller: Asking, actor: str | None = None) -> None:
    """Delete a webhook and what waits for it."""
    services.write(lambda session: store.delete_webhook(session, _known(session, caller, id).id))


@get("/webhooks/{id:str}/events", guards=[needs("admin")], sync_to_thread=True, tags=["webhooks"])
def list_events(
    id: str, services: Given, caller: Asking, wish: Wished, wanted: StateFilter = None
) -> Page[EventView]:
    """What a webhook was told, newest first. state ``failed``: what it never took."""
    check_state(wanted, STATES)

    def work(session: Session) -> Page[EventView]:
        _known(session, caller, id)
        page, following = both_ways(partial(store.listed, session, id, state=wanted), wish)
        return Page([_event(row) for row in page], following)

    return services.read(work)


@post("/webhooks/{id:str}/events/{event_id:int}/retry", guards=[needs("admin")], status_code=204, sync_to_thread=True, tags=["webhooks"])  # fmt: skip
def retry_event(id: str, event_id: int, services: Given, caller: Asking) -> None:
    """Tell of an event again at once."""

    def work(session: Session) -> None:
        _known(session, caller, id)
        if not store.retry(session, id, event_id, services.now()):
            raise Conflict(f"event {event_id} was told, is being told, or is not of this webhook")

    services.write(work)


def _known(session: Session, caller: Caller, webhook_id: str) -> Any:
    """The row of a webhook, of types that the token covers. Raises NotFound."""
    row = store.webhook(session, webhook_id)
    if row is None or not _covers(caller, row):
        raise NotFound(f"there is no webhook {webhook_id}")
    return row


def _view(row: Any, *, secret: str | UnsetType = UNSET) -> WebhookView:
    return WebhookView(
        row.id, row.url, sorted(row.events), sorted(row.record_types), row.active, row.created_at, secret
    )


def _event(row: Any) -> EventView:
    return EventView(
        row.id, row.kind, row.state, row.status, row.detail, row.attempts, row.created_at, row.due_at
    )


handlers: list[Any] = [put_webhook, get_webhook, list_webhooks, delete_webhook, list_events, retry_event]
