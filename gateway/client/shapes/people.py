"""Partners, and what they have not read."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from gateway.client.shapes.common import RecordName


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
