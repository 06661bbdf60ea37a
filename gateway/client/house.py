"""How the house is set up: record types, aliases, templates, webhooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from gateway.client.calls import Call, Text, asked, changes, given, step
from gateway.client.shapes import Alias, Filled, Page, RecordType, Template, Webhook

Objects = Sequence[Mapping[str, Any]] | None | UnsetType


def put_record_type(
    name: str,
    *,
    label: Text = UNSET,
    fields: Objects = UNSET,
    subtypes: Objects = UNSET,
    policy: Mapping[str, Any] | UnsetType | None = UNSET,
) -> Call[RecordType]:
    """Create or change a record type. fields: {name, label, type, ...}. subtypes: {name, label, internal, ...}."""
    body = changes(label=label, fields=fields, subtypes=subtypes, policy=policy)
    return Call("PUT", f"/record-types/{step(name)}", RecordType, body)


def record_type(name: str) -> Call[RecordType]:
    """One record type."""
    return Call("GET", f"/record-types/{step(name)}", RecordType)


def record_types(*, limit: int = 200) -> Call[Page[RecordType]]:
    """Record types by name."""
    return Call("GET", "/record-types", Page[RecordType], query={"limit": limit})


def delete_record_type(name: str) -> Call[None]:
    """Delete a record type that has no records and no aliases."""
    return Call("DELETE", f"/record-types/{step(name)}", None)


def put_alias(
    address: str,
    *,
    type: str | UnsetType = UNSET,
    defaults: Mapping[str, Any] | UnsetType | None = UNSET,
    policy: Mapping[str, Any] | UnsetType | None = UNSET,
) -> Call[Alias]:
    """Create or change an address that opens records of a type. defaults: fields of a new record."""
    body = changes(type=type, defaults=defaults, policy=policy)
    return Call("PUT", f"/aliases/{step(address)}", Alias, body)


def aliases(*, limit: int = 200) -> Call[Page[Alias]]:
    """Aliases by address."""
    return Call("GET", "/aliases", Page[Alias], query={"limit": limit})


def delete_alias(address: str) -> Call[None]:
    """Delete an alias; mail to it is unknown from then on."""
    return Call("DELETE", f"/aliases/{step(address)}", None)


def put_template(
    name: str,
    *,
    record_type: Text = UNSET,
    subject: Text = UNSET,
    body_html: Text = UNSET,
    body_text: Text = UNSET,
    variants: Mapping[str, Mapping[str, str]] | UnsetType | None = UNSET,
    recipients: Sequence[str] | UnsetType | None = UNSET,
    send_at: Text = UNSET,
) -> Call[Template]:
    """Create or change a template. variants: language -> {subject, body_html, body_text}. send_at: a time, a date, or
    one of these and a step, such as ``{{ record.fields.start }} - 2d``; None = at once."""
    body = changes(
        record_type=record_type, subject=subject, body_html=body_html, body_text=body_text, variants=variants,
        recipients=recipients, send_at=send_at,
    )  # fmt: skip
    return Call("PUT", f"/templates/{step(name)}", Template, body)


def template(name: str) -> Call[Template]:
    """One template."""
    return Call("GET", f"/templates/{step(name)}", Template)


def templates(*, record_type: str = "", limit: int = 200) -> Call[Page[Template]]:
    """Templates by name. record_type: those that fit records of this type."""
    return Call("GET", "/templates", Page[Template], query=asked(record_type=record_type, limit=limit))


def fill_template(
    name: str, record: tuple[str, str], *, language: str | None = None, reader: str | None = None,
    author: str | None = None,
) -> Call[Filled]:  # fmt: skip
    """What a template says about a record (type, key). reader, author: e-mails."""
    whole = {"type": record[0], "key": record[1]}
    body = given(record=whole, language=language, reader=reader, author=author)
    return Call("POST", f"/templates/{step(name)}/preview", Filled, body)


def delete_template(name: str) -> Call[None]:
    """Delete a template."""
    return Call("DELETE", f"/templates/{step(name)}", None)


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
