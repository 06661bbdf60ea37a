"""Messages that wait for their time."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from gateway.client.calls import Call, Cursor, Text, asked, changes, given, record_path
from gateway.client.shapes.common import Page
from gateway.client.shapes.messages import Message, Scheduled


def schedule_message(
    record_type: str,
    key: str,
    *,
    author: str,
    send_at: str,
    kind: str = "message",
    body_html: str | None = None,
    body_text: str | None = None,
    subject: str | None = None,
    mentions: Sequence[str] | None = None,
    recipients: Sequence[str] | None = None,
    cc: Sequence[str] | None = None,
    skip_followers: bool | None = None,
    attachment_ids: Sequence[int] | None = None,
    confirm_external: Sequence[str] | None = None,
    template: str | None = None,
    signature: bool | None = None,
    actor: str | None = None,
    idempotency_key: str = "",
) -> Call[Scheduled | Message]:
    """Post a message or a note later. send_at: a time with its zone (RFC 3339).

    A time that has passed means now: then the answer is the Message that was posted. ``fill_template`` tells the time
    that a template names.
    """
    body = given(
        kind=kind, author=author, send_at=send_at, body_html=body_html, body_text=body_text, subject=subject,
        mentions=mentions, recipients=recipients, cc=cc, skip_followers=skip_followers,
        attachment_ids=attachment_ids, confirm_external=confirm_external, template=template,
        signature=signature, actor=actor,
    )  # fmt: skip
    path = f"{record_path(record_type, key)}/messages"
    return Call("POST", path, (Scheduled, Message), body, key=idempotency_key)


def scheduled(
    record_type: str,
    key: str,
    *,
    before: Cursor = None,
    after: Cursor = None,
    around: Cursor = None,
    limit: int = 30,
    actor: str = "",
) -> Call[Page[Scheduled]]:
    """What is to be posted on a record, in the order in which it was entered. actor: as this person sees it."""
    wish = asked(before=before, after=after, around=around, limit=limit, actor=actor)
    return Call("GET", f"{record_path(record_type, key)}/scheduled", Page[Scheduled], query=wish)


def scheduled_message(scheduled_id: int, *, actor: str = "") -> Call[Scheduled]:
    """One message that waits."""
    return Call("GET", f"/scheduled/{scheduled_id}", Scheduled, query=asked(actor=actor))


def change_scheduled(
    scheduled_id: int,
    *,
    send_at: str | UnsetType = UNSET,
    subject: Text = UNSET,
    body_html: Text = UNSET,
    body_text: Text = UNSET,
    mentions: Sequence[str] | UnsetType | None = UNSET,
    recipients: Sequence[str] | UnsetType | None = UNSET,
    cc: Sequence[str] | UnsetType | None = UNSET,
    skip_followers: bool | UnsetType | None = UNSET,
    attachment_ids: Sequence[int] | UnsetType | None = UNSET,
    confirm_external: Sequence[str] | UnsetType | None = UNSET,
    template: Text = UNSET,
    signature: bool | UnsetType | None = UNSET,
    actor: str | UnsetType = UNSET,
) -> Call[Scheduled]:
    """Change a message that waits, or its time."""
    body = changes(
        send_at=send_at, subject=subject, body_html=body_html, body_text=body_text, mentions=mentions,
        recipients=recipients, cc=cc, skip_followers=skip_followers, attachment_ids=attachment_ids,
        confirm_external=confirm_external, template=template, signature=signature, actor=actor,
    )  # fmt: skip
    return Call("PATCH", f"/scheduled/{scheduled_id}", Scheduled, body)


def delete_scheduled(scheduled_id: int, *, actor: str = "") -> Call[None]:
    """Take back a message that waits; it is never posted."""
    return Call("DELETE", f"/scheduled/{scheduled_id}", None, query=asked(actor=actor))


def send_scheduled(
    scheduled_id: int, *, actor: str | None = None, idempotency_key: str = ""
) -> Call[Message]:
    """Post a message that waits now. actor: who wrote or entered it, or an admin."""
    path, body = f"/scheduled/{scheduled_id}/send", given(actor=actor)
    return Call("POST", path, Message, body, key=idempotency_key)
