"""Host applications that want to hear what happens."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from gateway.client.calls import Call, changes, step
from gateway.client.shapes.common import Page
from gateway.client.shapes.webhooks import Webhook


def put_webhook(
    webhook_id: str,
    *,
    url: str | UnsetType = UNSET,
    events: Sequence[str] | UnsetType = UNSET,
    record_types: Sequence[str] | UnsetType | None = UNSET,
    active: bool | UnsetType = UNSET,
    secret: UnsetType | None = UNSET,
) -> Call[Webhook]:
    """Enter or change a webhook. record_types: None = all. secret: None makes a new one, and shows it."""
    body = changes(url=url, events=events, record_types=record_types, active=active, secret=secret)
    return Call("PUT", f"/webhooks/{step(webhook_id)}", Webhook, body)


def webhooks() -> Call[Page[Webhook]]:
    """Every webhook, without its secret."""
    return Call("GET", "/webhooks", Page[Webhook], query={"limit": 200})


def delete_webhook(webhook_id: str) -> Call[None]:
    """Delete a webhook and what waits for it."""
    return Call("DELETE", f"/webhooks/{step(webhook_id)}", None)
