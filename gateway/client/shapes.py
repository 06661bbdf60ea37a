"""What the API answers. A field that a newer gateway adds is passed over."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar

from msgspec import Struct, field

Item = TypeVar("Item")


class Person(Struct, frozen=True):
    """A partner in a few words. id: None for the system, and for somebody who is no partner."""

    id: int | None
    name: str
    email: str
    internal: bool


class RecordName(Struct, frozen=True):
    """The two names of a record."""

    type: str
    key: str


class Record(Struct, frozen=True):
    """A record. reply_address: its own; whoever writes there writes on the thread."""

    type: str
    key: str
    title: str
    url: str | None
    fields: dict[str, Any]
    reply_address: str
    assignee: Person | None
    follower_count: int


class File(Struct, frozen=True):
    """A file of a message. size: octets."""

    id: int
    name: str
    size: int
    content_type: str


class Notice(Struct, frozen=True):
    """Whether a partner was told of a message. reason: why, or why not."""

    partner: Person
    channel: str
    state: str
    reason: str


class Message(Struct, frozen=True):
    """One entry of a thread. kind: message, note or log. tracking: {field, label, old, new} each."""

    id: int
    record: RecordName
    kind: str
    subtype: str
    author: Person
    confidence: str
    date: datetime
    subject: str | None
    body_html: str
    body_text: str
    message_id: str
    parent_id: int | None = None
    quoted_html: str | None = None
    internal: bool = False
    attachments: list[File] = field(default_factory=list)
    tracking: list[dict[str, Any]] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    edited_at: datetime | None = None
    highlights: list[str] = field(default_factory=list)


class Follower(Struct, frozen=True):
    """Who follows a record, and with which subtypes."""

    partner: Person
    subtypes: list[str]


class Partner(Struct, frozen=True):
    """A person or mailbox."""

    id: int
    email: str
    name: str
    internal: bool
    role: str = ""
    active: bool = True
    addresses: list[str] = field(default_factory=list)


class Webhook(Struct, frozen=True):
    """An address that is told of events. secret: "" unless it was just made."""

    id: str
    url: str
    events: list[str]
    record_types: list[str]
    active: bool
    secret: str = ""


class Changed(Struct, frozen=True):
    """What a batch did."""

    records: int
    partners: int
    changed: int


class Page(Struct, Generic[Item], frozen=True):
    """A page of a list. next: what to give as ``before`` for the next page, None at the end."""

    items: list[Item]
    next: str | int | None = None
    total: int | None = None


class FieldError(Struct, frozen=True):
    """One wrong place of a request, such as ``#/author``."""

    pointer: str
    detail: str


class Event(Struct, frozen=True):
    """What a webhook was sent. record: what it is about. message: of message.posted, else None."""

    id: str
    type: str
    timestamp: datetime
    record: RecordName
    data: dict[str, Any]
    message: Message | None = None
