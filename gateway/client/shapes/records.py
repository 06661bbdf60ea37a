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


class Batch(Struct, frozen=True):
    """What a batch did: the record of each item, in the order of the items; how many are new, how many not."""

    items: list[Record]
    created: int
    changed: int


class Duration(Struct, frozen=True):
    """How long a record had a value of a field. value: as stored; label: as it is called now, or was last.

    seconds: in all. times: how often it was taken. current: it has it now. rotting: for longer than its type allows.
    """

    value: str
    label: str
    seconds: int
    times: int
    current: bool
    rotting: bool = False


class Changed(Struct, frozen=True):
    """What following in bulk did. changed: subscriptions that are new, or that ended."""

    records: int
    partners: int
    changed: int
