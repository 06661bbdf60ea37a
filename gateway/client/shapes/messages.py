"""What is said on records, and what waits to be said."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from gateway.client.shapes.common import Person, RecordName
from gateway.client.shapes.files import File


class Notice(Struct, frozen=True):
    """Whether a partner was told of a message. reason: why, or why not; status, detail: of the last trouble.

    read_at: None = not read, or told by mail. delivery: the mail that carries it, None where none does.
    """

    partner: Person
    channel: str
    state: str
    reason: str
    status: str = ""
    detail: str = ""
    read_at: datetime | None = None
    delivery: int | None = None


class Change(Struct, frozen=True):
    """One tracked change, as texts. type: boolean where they are the words yes and no, else ""."""

    field: str
    label: str
    old: str
    new: str
    type: str = ""


class LinkPreview(Struct, frozen=True):
    """What a link of a message leads to. image_url: on another server, which sees who loads it; "" if there is none."""

    id: int
    url: str
    title: str
    description: str
    site_name: str
    image_url: str


class Message(Struct, frozen=True):
    """One entry of a thread. kind: message, note or log. to, cc: whom it names. link_previews: what its links lead to,
    as far as that is known. highlights: only in a search."""

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
    tracking: list[Change] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    to: list[Person] = field(default_factory=list)
    cc: list[Person] = field(default_factory=list)
    link_previews: list[LinkPreview] = field(default_factory=list)
    folded: bool = False
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    highlights: list[str] = field(default_factory=list)


class Found(Message, frozen=True, kw_only=True):
    """A message that was found. title: of its record."""

    title: str


class VersionFile(Struct, frozen=True):
    """A file that a message had. size: octets."""

    name: str
    size: int
    content_type: str


class Version(Struct, frozen=True):
    """How a message stood. date: when this was written; replaced_at, replaced_by: its end."""

    id: int
    body_html: str
    body_text: str
    date: datetime
    replaced_at: datetime
    replaced_by: Person
    deleted: bool
    attachments: list[VersionFile] = field(default_factory=list)


class Scheduled(Struct, frozen=True):
    """A message that is to be posted later. state: waiting, or failed; then trouble says why.

    signature: the author's is put under the text when it is posted. It has the names of a message, too: date is its
    send_at, message_id is "" and nobody has a notice yet.
    """

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
    cc: list[str]
    skip_followers: bool
    attachment_ids: list[int]
    template: str
    signature: bool
    state: str
    trouble: str
    created_at: datetime
    date: datetime
    subtype: str
    internal: bool = False
    attachments: list[File] = field(default_factory=list)
    message_id: str = ""
    confidence: str = ""
    quoted_html: str | None = None
    parent_id: int | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    folded: bool = False
    tracking: list[Change] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


class Considered(Struct, frozen=True):
    """Somebody who was considered for a message. partner: its id is None for somebody who is no partner yet.

    timing: now = by mail, web = in the inbox, none = not at all; reason: why.
    """

    partner: Person
    channel: str
    timing: str
    reason: str


class Suggested(Struct, frozen=True):
    """A proposed recipient. ticked: so strongly that he is ticked beforehand. partner: None = nobody has the address
    yet; naming him makes him one."""

    email: str
    name: str
    reason: str
    ticked: bool
    partner: Person | None
