"""What the API and the pages show of the ledger and of the outbox (DESIGN section 8)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec

from gateway.chatter.names import Person, RecordName
from gateway.errors import NotFound
from store.queries import delivery as deliveries
from store.queries import ledger
from store.queries.narrow import Window
from store.session import Session

ENTRY_STATES = ("received", "processing", "posted", "absorbed", "held", "refused", "failed")
DELIVERY_STATES = ("queued", "deferred", "sent", "failed", "bounced", "complained", "suppressed", "skipped")


class TargetView(msgspec.Struct, frozen=True):
    """One forward-path of a mail and what became of it. message: id of the message, null if there is none."""

    forward_path: str
    kind: str
    state: str
    reason: str
    record: RecordName | None
    message: int | None


class TraceLine(msgspec.Struct, frozen=True):
    """What one step found. target: the forward-path that it concerns, absent when it concerns all."""

    step: str
    finding: str
    reason: str = ""
    target: str | msgspec.UnsetType = msgspec.UNSET


class EntryView(msgspec.Struct, frozen=True):
    """One accepted transaction. state: the worst of its targets."""

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
    targets: list[TargetView]
    trace: list[TraceLine]


class DeliveryView(msgspec.Struct, frozen=True):
    """One mail of the outbox. status: RFC 3463 code of the last answer, detail: its words."""

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


def ledger_entries(
    session: Session, *, state: str | None = None, query: str = "", before: int | None = None,
    after: int | None = None, limit: int = 30, types: Collection[str] | None = None,
) -> Window:  # fmt: skip
    """Entries of the ledger, newest first: two statements. types: only of these record types, None = all."""
    found = ledger.ledger(
        session, state=state, query=query, before=before, after=after, limit=limit, types=types
    )
    return found._replace(rows=entry_views(session, found.rows))


def ledger_entry(session: Session, mail_id: int, types: Collection[str] | None = None) -> EntryView:
    """One entry. types: as of ``ledger_entries``. Raises NotFound."""
    row = ledger.entry(session, mail_id)
    if row is None or not ledger.is_of_types(session, mail_id, types):
        raise NotFound(f"there is no entry {mail_id} in the ledger")
    return entry_views(session, [row])[0]


def entry_views(session: Session, rows: Sequence[Any]) -> list[EntryView]:
    """The entries of rows of ``ledger.ledger``, in their order: one statement."""
    targets = ledger.targets_of(session, [row.id for row in rows]) if rows else {}
    return [_entry(row, targets.get(row.id, [])) for row in rows]


def _entry(row: Any, targets: Sequence[Any]) -> EntryView:
    working = row.state == "received" and any(target.state == "processing" for target in targets)
    return EntryView(
        id=row.id, door=row.door, state="processing" if working else row.state, reason=row.reason,
        reverse_path=row.reverse_path, forward_paths=[target.forward_path for target in targets],
        message_id=row.message_id, subject=row.subject, author=row.author, size=row.size,
        received_at=row.received_at, targets=[_target(target) for target in targets], trace=_trace(targets),
    )  # fmt: skip


def _target(row: Any) -> TargetView:
    record = RecordName(row.record_type, row.key) if row.record_type is not None else None
    return TargetView(row.forward_path, row.kind, row.state, row.reason, record, row.message_id)


def _trace(targets: Sequence[Any]) -> list[TraceLine]:
    """The steps of all targets: what they have in common first and once, the rest with its target."""
    traces = [target.trace or [] for target in targets]
    common = 0
    while traces and all(len(trace) > common and trace[common] == traces[0][common] for trace in traces):
        common += 1
    lines = [_line(line) for line in traces[0][:common]] if traces else []
    for target, trace in zip(targets, traces, strict=True):
        lines += [_line(line, target.forward_path) for line in trace[common:]]
    return lines


def _line(line: dict[str, Any], target: str | msgspec.UnsetType = msgspec.UNSET) -> TraceLine:
    return TraceLine(
        str(line.get("step", "")), str(line.get("finding", "")), str(line.get("reason", "")), target
    )


def delivery_views(
    session: Session, *, state: str | None = None, thread_id: int | None = None, before: int | None = None,
    after: int | None = None, limit: int = 30, types: Collection[str] | None = None,
) -> Window:  # fmt: skip
    """Deliveries, newest first: one statement. types: of these record types, None = all."""
    found = deliveries.queue(
        session, state=state, thread_id=thread_id, before=before, after=after, limit=limit, types=types
    )
    return found._replace(rows=[delivery_view(row) for row in found.rows])


def delivery_view(row: Any) -> DeliveryView:
    """A delivery of a row of ``deliveries.queue``."""
    record = RecordName(row.record_type, row.key) if row.record_type is not None else None
    reader = None
    if row.partner_id is not None and row.partner_email is not None:
        reader = Person(row.partner_id, row.partner_name, row.partner_email, row.partner_internal)
    return DeliveryView(
        id=row.id, kind=row.kind, channel=row.channel, record=record, message=row.message_id, partner=reader,
        address=row.address, reason=row.reason, state=row.state, status=row.status, detail=row.detail,
        attempts=row.attempts, message_id=row.header_id, created_at=row.created_at, due_at=row.due_at,
        sent_at=row.sent_at,
    )  # fmt: skip
