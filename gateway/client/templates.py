"""Texts with placeholders that messages are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import UNSET, UnsetType

from gateway.client.calls import Call, Text, asked, changes, given, step
from gateway.client.shapes.common import Page
from gateway.client.shapes.house import Filled, Template


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
