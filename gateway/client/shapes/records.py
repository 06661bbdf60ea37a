"""Records and who follows them."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from gateway.client.shapes.common import Person, RecordName


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


class Follower(Struct, frozen=True):
    """Who follows a record, and with which subtypes."""

    partner: Person
    subtypes: list[str]
    reason: str = ""


class Changed(Struct, frozen=True):
    """What a batch did."""

    records: int
    partners: int
    changed: int
