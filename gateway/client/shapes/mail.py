"""Mail that came in and mail that goes out."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from gateway.client.shapes.common import Person, RecordName


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


class Failures(Struct, frozen=True):
    """A page of mail that failed. by_record_type: how much there is in all. next: as of ``Page``."""

    items: list[Delivery]
    next: str | int | None = None
    by_record_type: dict[str, int] = field(default_factory=dict)


class ChangedDeliveries(Struct, frozen=True):
    """How many deliveries changed."""

    changed: int
