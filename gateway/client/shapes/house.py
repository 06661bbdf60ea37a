"""How the house is set up: record types, aliases, templates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct, field

from gateway.client.shapes.common import Person


class RecordType(Struct, frozen=True):
    """A kind of record. subtypes: with the generic ones. activity_types: names of what one can plan on its records."""

    name: str
    label: str
    fields: list[dict[str, Any]]
    subtypes: list[dict[str, Any]]
    policy: dict[str, Any]
    activity_types: list[str] = field(default_factory=list)


class Alias(Struct, frozen=True):
    """An address that opens records of a type. defaults: fields of a new record."""

    address: str
    type: str
    defaults: dict[str, Any]
    policy: dict[str, Any]


class TemplateFile(Struct, frozen=True):
    """A file that goes with every message made from a template. size: octets."""

    id: int
    name: str
    size: int
    content_type: str


class Template(Struct, frozen=True):
    """A text with placeholders. record_type: None = for records of every type. send_at: "" = at once.

    owner: the colleague who saved it, None = an admin.
    """

    name: str
    record_type: str | None
    subject: str
    body_html: str
    body_text: str
    variants: dict[str, dict[str, str]]
    recipients: list[str]
    send_at: str = ""
    updated_at: datetime | None = None
    owner: Person | None = None
    attachments: list[TemplateFile] = field(default_factory=list)


class Filled(Struct, frozen=True):
    """A template filled in. send_at: when it wants to be sent, None = at once."""

    subject: str
    body_html: str
    body_text: str
    recipients: list[str]
    send_at: datetime | None = None
