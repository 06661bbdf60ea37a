"""The calls of the API as values: what is sent, and what comes back. A client carries them out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from gateway.client.shapes import Changed, Follower, Message, Page, Partner, Record, Webhook

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Call(Generic[Answer]):
    """One request. shape: what its answer is read as, None where there is none. key: its Idempotency-Key."""

    method: str
    path: str
    shape: type[Answer] | None
    body: dict[str, Any] | None = None
    query: Mapping[str, str | int] = field(default_factory=dict)
    key: str = ""


def put_record(record_type: str, key: str, **values: Any) -> Call[Record]:
    """Create or change a record: title, url, fields, assignee, parent, domain, untracked, actor. None clears."""
    return Call("PUT", _record(record_type, key), Record, values)


def record(record_type: str, key: str) -> Call[Record]:
    """One record."""
    return Call("GET", _record(record_type, key), Record)


def records(
    *, record_type: str = "", query: str = "", before: str | int | None = None, limit: int = 30
) -> Call[Page[Record]]:
    """Records, newest first."""
    return Call(
        "GET", "/records", Page[Record], query=_given(type=record_type, q=query, before=before, limit=limit)
    )


def delete_record(record_type: str, key: str) -> Call[None]:
    """Delete a record with its conversation."""
    return Call("DELETE", _record(record_type, key), None)


def post_message(
    record_type: str,
    key: str,
    *,
    author: str,
    kind: str = "message",
    idempotency_key: str = "",
    **values: Any,
) -> Call[Message]:
    """Post a message or note: body_html or body_text, subject, mentions, recipients, attachment_ids, ..."""
    body = {"kind": kind, "author": author, **values}
    return Call("POST", f"{_record(record_type, key)}/messages", Message, body, key=idempotency_key)


def messages(
    record_type: str,
    key: str,
    *,
    query: str = "",
    kind: str = "",
    before: str | int | None = None,
    limit: int = 30,
) -> Call[Page[Message]]:
    """The thread of a record, newest first. query: only what holds these words."""
    asked = _given(q=query, kind=kind, before=before, limit=limit)
    return Call("GET", f"{_record(record_type, key)}/messages", Page[Message], query=asked)


def message(message_id: int) -> Call[Message]:
    """One message with its notices."""
    return Call("GET", f"/messages/{message_id}", Message)


def follow(record_type: str, key: str, email: str, **values: Any) -> Call[Follower]:
    """Make somebody a follower: name, subtypes, notify, invitation_html, actor."""
    return Call("POST", f"{_record(record_type, key)}/followers", Follower, {"email": email, **values})


def followers(record_type: str, key: str, *, limit: int = 200) -> Call[Page[Follower]]:
    """Who follows a record."""
    return Call("GET", f"{_record(record_type, key)}/followers", Page[Follower], query={"limit": limit})


def delete_follower(record_type: str, key: str, partner_id: int) -> Call[None]:
    """End a subscription."""
    return Call("DELETE", f"{_record(record_type, key)}/followers/{partner_id}", None)


def follow_many(
    names: Iterable[tuple[str, str]],
    partners: Sequence[str],
    *,
    subtypes: Sequence[str] | None = None,
    follow: bool = True,
    **values: Any,
) -> Call[Changed]:
    """Make partners followers of many records (type, key) at once, or end that: notify, invitation_html, actor."""
    body: dict[str, Any] = {
        "records": [{"type": record_type, "key": key} for record_type, key in names],
        "partners": list(partners),
        "follow": follow,
        **values,
    }
    if subtypes is not None:
        body["subtypes"] = list(subtypes)
    return Call("POST", "/followers/batch", Changed, body)


def put_partner(email: str, **values: Any) -> Call[Partner]:
    """Create or change a partner: name, internal, role, active, addresses, language, timezone, notify."""
    return Call("PUT", f"/partners/{_step(email)}", Partner, values)


def merge_partner(email: str, into: str) -> Call[Partner]:
    """Make a partner a part of another; answers the other."""
    return Call("POST", f"/partners/{_step(email)}/merge", Partner, {"into": into})


def put_webhook(webhook_id: str, **values: Any) -> Call[Webhook]:
    """Enter or change a webhook: url, events, record_types, active; secret=None makes a new secret."""
    return Call("PUT", f"/webhooks/{_step(webhook_id)}", Webhook, values)


def webhooks() -> Call[Page[Webhook]]:
    """Every webhook, without its secret."""
    return Call("GET", "/webhooks", Page[Webhook], query={"limit": 200})


def delete_webhook(webhook_id: str) -> Call[None]:
    """Delete a webhook and what waits for it."""
    return Call("DELETE", f"/webhooks/{_step(webhook_id)}", None)


def _record(record_type: str, key: str) -> str:
    return f"/records/{_step(record_type)}/{_step(key)}"


def _step(text: str) -> str:
    return quote(text, safe="@")


def _given(**values: str | int | None) -> dict[str, str | int]:
    return {name: value for name, value in values.items() if value not in (None, "")}
