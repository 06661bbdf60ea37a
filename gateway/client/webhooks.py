"""Host applications that want to hear what happens, and what they were told."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from gateway.client.calls import Call, Cursor, asked, changes, step
from gateway.client.shapes.common import Page
from gateway.client.shapes.webhooks import Told, Webhook


def put_webhook(
    webhook_id: str,
    *,
    url: str | UnsetType = UNSET,
    events: Sequence[str] | UnsetType = UNSET,
    record_types: Sequence[str] | UnsetType | None = UNSET,
    active: bool | UnsetType = UNSET,
    secret: UnsetType | None = UNSET,
    actor: str | UnsetType = UNSET,
) -> Call[Webhook]:
    """Enter or change a webhook. record_types: None = all. secret: None makes a new one, and shows it."""
    body = changes(
        url=url, events=events, record_types=record_types, active=active, secret=secret, actor=actor
    )
    return Call("PUT", f"/webhooks/{step(webhook_id)}", Webhook, body)


def webhook(webhook_id: str) -> Call[Webhook]:
    """One webhook, without its secret."""
    return Call("GET", f"/webhooks/{step(webhook_id)}", Webhook)


def webhooks(
    *, before: Cursor = None, after: Cursor = None, around: Cursor = None, limit: int = 200
) -> Call[Page[Webhook]]:
    """Webhooks by id, without their secrets."""
    return Call(
        "GET", "/webhooks", Page[Webhook], query=asked(before=before, after=after, around=around, limit=limit)
    )


def delete_webhook(webhook_id: str, *, actor: str = "") -> Call[None]:
    """Delete a webhook and what waits for it."""
    return Call("DELETE", f"/webhooks/{step(webhook_id)}", None, query=asked(actor=actor))


def webhook_events(
    webhook_id: str,
    *,
    state: str = "",
    before: Cursor = None,
    after: Cursor = None,
    around: Cursor = None,
    limit: int = 30,
) -> Call[Page[Told]]:
    """What a webhook was told, newest first. state: ``failed`` = what it never took."""
    wish = asked(state=state, before=before, after=after, around=around, limit=limit)
    return Call("GET", f"/webhooks/{step(webhook_id)}/events", Page[Told], query=wish)


def retry_event(webhook_id: str, event_id: int) -> Call[None]:
    """Tell a webhook of an event again at once. event_id: of ``webhook_events``."""
    return Call("POST", f"/webhooks/{step(webhook_id)}/events/{event_id}/retry", None)
