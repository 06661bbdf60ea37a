"""Texts with placeholders that messages are made from, and the files that go with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import UNSET, UnsetType

from gateway.client.calls import Call, Cursor, Text, Upload, asked, changes, given, named, step
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
    actor: str | UnsetType = UNSET,
) -> Call[Template]:
    """Create or change a template. variants: language -> {subject, body_html, body_text}. send_at: a time, a date, or
    one of these and a step, such as ``{{ record.fields.start }} - 2d``; None = at once.

    actor: a colleague, who saves subject and text of his own; a token without the scope admin must name one.
    """
    body = changes(
        record_type=record_type, subject=subject, body_html=body_html, body_text=body_text, variants=variants,
        recipients=recipients, send_at=send_at, actor=actor,
    )  # fmt: skip
    return Call("PUT", f"/templates/{step(name)}", Template, body)


def template(name: str) -> Call[Template]:
    """One template."""
    return Call("GET", f"/templates/{step(name)}", Template)


def templates(
    *,
    record_type: str = "",
    before: Cursor = None,
    after: Cursor = None,
    around: Cursor = None,
    limit: int = 200,
) -> Call[Page[Template]]:
    """Templates by name. record_type: those that fit records of this type."""
    wish = asked(record_type=record_type, before=before, after=after, around=around, limit=limit)
    return Call("GET", "/templates", Page[Template], query=wish)


def fill_template(
    name: str, record: tuple[str, str], *, language: str | None = None, reader: str | None = None,
    author: str | None = None, actor: str | None = None,
) -> Call[Filled]:  # fmt: skip
    """What a template says about a record (type, key); nothing is written. reader, author: e-mails. language: None =
    the reader's. actor: for whom, if he may open the record."""
    body = given(record=named(record), language=language, reader=reader, author=author, actor=actor)
    return Call("POST", f"/templates/{step(name)}/preview", Filled, body)


def add_template_files(name: str, first: Upload, *more: Upload, actor: str | None = None) -> Call[Template]:
    """Give a template files, which go with every message made from it; answers it. actor: who saved it."""
    path = f"/templates/{step(name)}/attachments"
    return Call("POST", path, Template, given(actor=actor), uploads=(first, *more))


def delete_template_file(name: str, file_id: int, *, actor: str = "") -> Call[None]:
    """Take a file off a template; messages that were made from it keep theirs."""
    return Call("DELETE", f"/templates/{step(name)}/attachments/{file_id}", None, query=asked(actor=actor))


def delete_template(name: str, *, actor: str = "") -> Call[None]:
    """Delete a template; messages that were made from it stay. actor: who saved it."""
    return Call("DELETE", f"/templates/{step(name)}", None, query=asked(actor=actor))
