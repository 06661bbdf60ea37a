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
    """A record. reply_address: its own; whoever writes there writes on the thread. active: false = archived."""

    type: str
    key: str
    title: str
    url: str | None
    fields: dict[str, Any]
    reply_address: str
    assignee: Person | None
    follower_count: int
    creator: Person | None = None
    domain: str = ""
    active: bool = True
    parent: RecordName | None = None


class File(Struct, frozen=True):
    """A file. size: octets. preview: a few lines about it. main: the one to show beside the conversation."""

    id: int
    name: str
    size: int
    content_type: str
    inline: bool = False
    preview: str = ""
    main: bool = False


class Files(Struct, frozen=True):
    """The files of a record."""

    items: list[File]


class Notice(Struct, frozen=True):
    """Whether a partner was told of a message. reason: why, or why not."""

    partner: Person
    channel: str
    state: str
    reason: str
    status: str = ""
    detail: str = ""


class Message(Struct, frozen=True):
    """One entry of a thread. kind: message, note or log. tracking: {field, label, old, new} each. to, cc: whom it names."""

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
    to: list[Person] = field(default_factory=list)
    cc: list[Person] = field(default_factory=list)
    folded: bool = False
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    highlights: list[str] = field(default_factory=list)


class Found(Message, frozen=True, kw_only=True):
    """A message that was found. title: of its record."""

    title: str


class Version(Struct, frozen=True):
    """How a message stood. date: when this was written; replaced_at, replaced_by: its end."""

    id: int
    body_html: str
    body_text: str
    date: datetime
    replaced_at: datetime
    replaced_by: Person
    deleted: bool


class Scheduled(Struct, frozen=True):
    """A message that is to be posted later. state: waiting, or failed; then trouble says why."""

    id: int
    record: RecordName
    kind: str
    author: Person
    send_at: datetime
    subject: str | None
    body_html: str
    body_text: str
    mentions: list[str]
    recipients: list[str]
    attachment_ids: list[int]
    template: str
    state: str
    trouble: str
    created_at: datetime


class Follower(Struct, frozen=True):
    """Who follows a record, and with which subtypes."""

    partner: Person
    subtypes: list[str]
    reason: str = ""


class Partner(Struct, frozen=True):
    """A person or mailbox."""

    id: int
    email: str
    name: str
    internal: bool
    role: str = ""
    active: bool = True
    language: str = ""
    timezone: str = ""
    phone: str = ""
    signature: str = ""
    addresses: list[str] = field(default_factory=list)
    notify: dict[str, Any] = field(default_factory=dict)


class Unread(Struct, frozen=True):
    """What a partner was told and has not read. title: "" when the record is closed to him. following: he follows it."""

    message: int
    record: RecordName
    title: str
    reason: str
    following: bool = False


class Marked(Struct, frozen=True):
    """How many notices were marked read."""

    read: int


class RecordType(Struct, frozen=True):
    """A kind of record. subtypes: with the generic ones."""

    name: str
    label: str
    fields: list[dict[str, Any]]
    subtypes: list[dict[str, Any]]
    policy: dict[str, Any]


class Alias(Struct, frozen=True):
    """An address that opens records of a type. defaults: fields of a new record."""

    address: str
    type: str
    defaults: dict[str, Any]
    policy: dict[str, Any]


class Template(Struct, frozen=True):
    """A text with placeholders. record_type: None = for records of every type. send_at: "" = at once."""

    name: str
    record_type: str | None
    subject: str
    body_html: str
    body_text: str
    variants: dict[str, dict[str, str]]
    recipients: list[str]
    send_at: str = ""


class Filled(Struct, frozen=True):
    """A template filled in. send_at: when it wants to be sent, None = at once."""

    subject: str
    body_html: str
    body_text: str
    recipients: list[str]
    send_at: datetime | None = None


class Webhook(Struct, frozen=True):
    """An address that is told of events. secret: "" unless it was just made."""

    id: str
    url: str
    events: list[str]
    record_types: list[str]
    active: bool
    secret: str = ""


class Target(Struct, frozen=True):
    """One recipient of an accepted mail and what became of it. message: id, None if there is none."""

    forward_path: str
    kind: str
    state: str
    reason: str
    record: RecordName | None
    message: int | None


class Step(Struct, frozen=True):
    """What one step of a mail's journey found. target: the recipient that it concerns, "" = all."""

    step: str
    finding: str
    reason: str = ""
    target: str = ""


class Entry(Struct, frozen=True):
    """One accepted mail. state: the worst of its targets."""

    id: int
    door: str
    state: str
    reason: str
    reverse_path: str
    forward_paths: list[str]
    message_id: str | None
    subject: str
    author: str
    size: int
    received_at: datetime
    targets: list[Target]
    trace: list[Step]


class Accepted(Struct, frozen=True):
    """A recipient that is ours, and what it means."""

    forward_path: str
    kind: str


class Receipt(Struct, frozen=True):
    """A mail that is durable. id: of its entry in the ledger. unknown: recipients that are not ours."""

    id: int
    targets: list[Accepted]
    unknown: list[str]


class Delivery(Struct, frozen=True):
    """One mail that goes out. status: the enhanced status of the last answer, detail: its words."""

    id: int
    kind: str
    channel: str
    record: RecordName | None
    message: int | None
    partner: Person | None
    address: str
    reason: str
    state: str
    status: str
    detail: str
    attempts: int
    message_id: str
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None


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
