"""The outbox: claim due deliveries, load what their mails need, record what became of them.

``due_at`` is the lease as well: who claims a row sets it into the future, so that a row whose owner died
is due again by itself. Everything that ends an attempt names owner and lease number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, case, func, insert, literal, or_, select, text, update

from store.bell import ring
from store.models import (
    Attachment,
    Delivery,
    Follower,
    Message,
    MessageRef,
    Notice,
    Partner,
    Suppression,
    Thread,
    TokenGeneration,
)
from store.session import Session

_delivery = Delivery.table()
_notice = Notice.table()
_message = Message.table()
_ref = MessageRef.table()
_thread = Thread.table()
_partner = Partner.table()
_follower = Follower.table()
_suppression = Suppression.table()
_generation = TokenGeneration.table()
_attachment = Attachment.table()

HISTORY = 10  # References: the root and the last ten (DESIGN section 4)
_open = text("delivery.state IN ('queued', 'deferred')")  # literally, so that the partial index answers


class LeaseLost(Exception):
    """Another owner holds the delivery by now: what was done must be rolled back."""


class Claim(NamedTuple):
    """A delivery that this owner holds."""

    id: int
    lease: int


class Result(NamedTuple):
    """What became of one attempt. due_at: when to try again, or when it ended.

    sent_at: None unless sent. tried: False gives the lease back without counting an attempt.
    """

    id: int
    owner: str
    lease: int
    state: str
    due_at: datetime
    status: str = ""
    detail: str = ""
    sent_at: datetime | None = None
    tried: bool = True


class Page(NamedTuple):
    """What the mails of some claimed deliveries need, each thing once.

    deliveries: rows of delivery with the reader's state. messages: by id, with thread and author.
    files: by message id. ids: message id -> [(message id, internal, parent, header id, our own)] of what
    was said before, oldest first, the sender's own id before ours.
    """

    deliveries: list[Any]
    messages: dict[int, Any]
    threads: dict[int, Any]
    files: dict[int, list[Any]]
    ids: dict[int, list[Any]]


_due = (
    select(_delivery.c.id)
    .where(_open, _delivery.c.due_at <= bindparam("now"))
    .order_by(_delivery.c.due_at, _delivery.c.id)
    .limit(bindparam("at_most"))
)
_claim_values: dict[Any, Any] = {
    "owner": bindparam("claimer"),
    "due_at": bindparam("until"),
    "lease": _delivery.c.lease + 1,
}
# SQLite has no statistics here: left alone, it takes the index on state and sorts the whole backlog.
_due_sqlite = (
    text(
        "SELECT id FROM delivery INDEXED BY ix_delivery_due"
        " WHERE state IN ('queued', 'deferred') AND due_at <= :now ORDER BY due_at, id LIMIT :at_most"
    )
    .bindparams(bindparam("now", type_=_delivery.c.due_at.type))
    .columns(_delivery.c.id)
)
_claim_sqlite = (
    update(_delivery)
    .where(_delivery.c.id.in_(_due_sqlite))
    .values(_claim_values)
    .returning(_delivery.c.id, _delivery.c.lease)
)
_due_locked = (
    _due.with_for_update(skip_locked=True).cte("due").prefix_with("MATERIALIZED", dialect="postgresql")
)
_claim_postgresql = (
    update(_delivery)
    .where(_delivery.c.id.in_(select(_due_locked.c.id)))
    .values(_claim_values)
    .returning(_delivery.c.id, _delivery.c.lease)
)


def claim(session: Session, *, owner: str, now: datetime, until: datetime, at_most: int) -> list[Claim]:
    """Take the leases of at most so many due deliveries, in the order of their ids."""
    statement = _claim_postgresql if session.dialect.name == "postgresql" else _claim_sqlite
    rows = session.execute(statement, {"claimer": owner, "now": now, "until": until, "at_most": at_most})
    return sorted(Claim(*row) for row in rows)


_renew = (
    update(_delivery)
    .where(
        _delivery.c.id.in_(bindparam("ids", expanding=True)), _delivery.c.owner == bindparam("claimer"), _open
    )
    .values(due_at=bindparam("until"))
)


def renew(session: Session, *, owner: str, ids: Collection[int], until: datetime) -> int:
    """Keep the leases that this owner still has until then; answers how many."""
    return session.execute(_renew, {"ids": list(ids), "claimer": owner, "until": until}).rowcount


_suppressed = and_(
    _suppression.c.address == _delivery.c.address,
    or_(_suppression.c.until.is_(None), _suppression.c.until > bindparam("now")),
)
_load = (
    select(
        _delivery.c.id, _delivery.c.kind, _delivery.c.channel, _delivery.c.message_id, _delivery.c.thread_id,
        _delivery.c.partner_id, _delivery.c.address, _delivery.c.reason, _delivery.c.payload, _delivery.c.header_id,
        _delivery.c.attempts, _delivery.c.created_at, _delivery.c.lease,
        _partner.c.name, _partner.c.internal, _partner.c.active, _partner.c.language,
        _follower.c.id.label("follower_id"), _notice.c.read_at, _suppression.c.reason.label("suppressed"),
        func.coalesce(_generation.c.generation, 0).label("generation"),
    )
    .outerjoin(_partner, _partner.c.id == _delivery.c.partner_id)
    .outerjoin(
        _notice,
        (_notice.c.message_id == _delivery.c.message_id) & (_notice.c.partner_id == _delivery.c.partner_id),
    )
    .outerjoin(
        _follower,
        (_follower.c.thread_id == _delivery.c.thread_id) & (_follower.c.partner_id == _delivery.c.partner_id),
    )
    .outerjoin(
        _generation,
        (_generation.c.thread_id == _delivery.c.thread_id) & (_generation.c.partner_id == _delivery.c.partner_id),
    )
    .outerjoin(_suppression, _suppressed)
    .where(_delivery.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_delivery.c.id)
)  # fmt: skip
_load_messages = (
    select(_message, _partner.c.name.label("partner_name"))
    .outerjoin(_partner, _partner.c.id == _message.c.author_id)
    .where(_message.c.id.in_(bindparam("ids", expanding=True)))
)
_load_threads = select(_thread).where(_thread.c.id.in_(bindparam("ids", expanding=True)))
_load_files = (
    select(_attachment)
    .where(_attachment.c.message_id.in_(bindparam("ids", expanding=True)))
    .order_by(_attachment.c.id)
)


def load(session: Session, claims: Sequence[Claim], now: datetime) -> Page:
    """Read what the mails of these claims need: five statements for the whole page."""
    leases = dict(claims)
    rows = session.execute(_load, {"ids": list(leases), "now": now}).all()
    held = [row for row in rows if row.lease == leases[row.id]]
    message_ids = sorted({row.message_id for row in held if row.message_id is not None})
    thread_ids = sorted({row.thread_id for row in held if row.thread_id is not None})
    files: dict[int, list[Any]] = defaultdict(list)
    if message_ids:
        for row in session.execute(_load_files, {"ids": message_ids}):
            files[row.message_id].append(row)
    return Page(
        held,
        _by_id(session, _load_messages, message_ids),
        _by_id(session, _load_threads, thread_ids),
        files,
        _history(session, message_ids),
    )


def _by_id(session: Session, statement: Any, ids: Sequence[int]) -> dict[int, Any]:
    return {row.id: row for row in session.execute(statement, {"ids": ids})} if ids else {}


_said = _message.alias("said")
_ranked = (
    select(
        _message.c.id.label("for_id"),
        _said.c.id,
        _said.c.internal,
        _said.c.message_id.label("header_id"),
        func.row_number()
        .over(partition_by=(_message.c.id, _said.c.internal), order_by=_said.c.id)
        .label("first"),
        func.row_number()
        .over(partition_by=(_message.c.id, _said.c.internal), order_by=_said.c.id.desc())
        .label("last"),
    )
    .join(_said, (_said.c.thread_id == _message.c.thread_id) & (_said.c.id <= _message.c.id))
    .where(_message.c.id.in_(bindparam("ids", expanding=True)))
    .subquery("ranked")
)
_kept = (
    select(_ranked.c.for_id, _ranked.c.id, _ranked.c.internal, _ranked.c.header_id)
    .where(or_(_ranked.c.first == 1, _ranked.c.last <= HISTORY + 1))
    .subquery("kept")
)
_load_history = (
    select(
        _kept.c.for_id, _kept.c.id, _kept.c.internal, _kept.c.header_id, _ref.c.header_id.label("foreign_id")
    )
    .outerjoin(_ref, (_ref.c.message_id == _kept.c.id) & _ref.c.ours.is_(False))
    .order_by(_kept.c.for_id, _kept.c.id, _ref.c.id)
)


def _history(session: Session, message_ids: Sequence[int]) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = defaultdict(list)
    if message_ids:
        for row in session.execute(_load_history, {"ids": message_ids}):
            grouped[row.for_id].append(row)
    return grouped


_finish = (
    update(_delivery)
    .where(
        _delivery.c.id == bindparam("delivery_id"),
        _delivery.c.owner == bindparam("claimer"),
        _delivery.c.lease == bindparam("held_lease"),
        _open,
    )
    .values(
        state=case((bindparam("new_state") == literal(""), _delivery.c.state), else_=bindparam("new_state")),
        status=bindparam("new_status"), detail=bindparam("new_detail"), due_at=bindparam("due"),
        sent_at=bindparam("sent"), attempts=_delivery.c.attempts + bindparam("tried"), owner="",
    )
)  # fmt: skip


def record(session: Session, results: Sequence[Result]) -> None:
    """Write what became of some attempts. Raises LeaseLost when one of them is not this owner's any more.

    A result with state "" leaves the state as it was (the lease is given back).
    """
    rows = [
        {"delivery_id": one.id, "claimer": one.owner, "held_lease": one.lease, "new_state": one.state,
         "new_status": one.status, "new_detail": one.detail, "due": one.due_at, "sent": one.sent_at,
         "tried": int(one.tried)}
        for one in results
    ]  # fmt: skip
    if rows and session.execute(_finish, rows).rowcount != len(rows):
        raise LeaseLost(f"deliveries {[one.id for one in results]}")


_add_ref = insert(_ref)


def add_refs(session: Session, refs: Sequence[tuple[int, str]]) -> None:
    """Note the Message-IDs that a rewriting relay gave to copies: (message id, header id)."""
    rows = [
        {"message_id": message_id, "header_id": header_id, "ours": True} for message_id, header_id in refs
    ]
    if rows:
        session.execute(_add_ref, rows)


_next_due = {
    "postgresql": select(func.min(_delivery.c.due_at)).where(_open),
    "sqlite": text(
        "SELECT due_at FROM delivery INDEXED BY ix_delivery_due"
        " WHERE state IN ('queued', 'deferred') ORDER BY due_at LIMIT 1"
    ).columns(_delivery.c.due_at),
}


def next_due(session: Session) -> datetime | None:
    """When the next delivery may be claimed, None when nothing is open."""
    due: datetime | None = session.execute(_next_due[session.dialect.name]).scalar()
    return due


def free_leases(session: Session, now: datetime) -> int:
    """Make due what a dead process of this machine held; only when no other one runs."""
    freed = update(_delivery).where(_open, _delivery.c.owner != "").values(owner="", due_at=now)
    return session.execute(freed).rowcount


def one(session: Session, delivery_id: int) -> Any | None:
    """One delivery with the names of its record, None if there is none."""
    return session.execute(_listed.where(_delivery.c.id == delivery_id)).one_or_none()


_listed = select(
    _delivery, _thread.c.record_type, _thread.c.key, _partner.c.name.label("partner_name"),
    _partner.c.email.label("partner_email"), _partner.c.internal.label("partner_internal"),
).outerjoin(_thread, _thread.c.id == _delivery.c.thread_id).outerjoin(_partner, _partner.c.id == _delivery.c.partner_id)  # fmt: skip


def queue(
    session: Session, *, state: str | None = None, thread_id: int | None = None, before: int | None = None,
    limit: int = 30,
) -> list[Any]:  # fmt: skip
    """Deliveries, newest first, with the names of record and reader."""
    statement = _listed.order_by(_delivery.c.id.desc()).limit(limit)
    if state:
        statement = statement.where(_delivery.c.state == state)
    if thread_id is not None:
        statement = statement.where(_delivery.c.thread_id == thread_id)
    if before is not None:
        statement = statement.where(_delivery.c.id < before)
    return list(session.execute(statement))


_count_by_state = select(_delivery.c.state, func.count()).group_by(_delivery.c.state)


def counts(session: Session) -> dict[str, int]:
    """How many deliveries are in each state."""
    return {state: count for state, count in session.execute(_count_by_state).all()}


def retry(session: Session, delivery_id: int, now: datetime) -> bool:
    """Make a delivery due at once that waits or was given up; False when it was sent or is not there."""
    states = ["queued", "deferred", "failed", "bounced", "suppressed", "skipped"]
    changed = session.execute(
        update(_delivery)
        .where(_delivery.c.id == delivery_id, _delivery.c.state.in_(states), _delivery.c.owner == "")
        .values(state="queued", status="", detail="", due_at=now, created_at=now, attempts=0)
    ).rowcount
    ring(session, "deliveries")
    return changed == 1


def drop(session: Session, delivery_id: int, reason: str, now: datetime) -> bool:
    """Give up a delivery that still waits; False when it does not. A worker that holds it loses its lease."""
    changed = session.execute(
        update(_delivery)
        .where(_delivery.c.id == delivery_id, _open)
        .values(state="skipped", detail=reason, owner="", lease=_delivery.c.lease + 1, due_at=now)
    ).rowcount
    return changed == 1


def set_state(session: Session, delivery_id: int, *, states: Sequence[str], state: str, status: str, detail: str, now: datetime) -> bool:  # fmt: skip
    """Move a delivery that is in one of these states (a report came back about it)."""
    changed = session.execute(
        update(_delivery)
        .where(_delivery.c.id == delivery_id, _delivery.c.state.in_(states))
        .values(state=state, status=status, detail=detail, due_at=now)
    ).rowcount
    return changed == 1


_RECENT = 2000  # the most that the breaker looks back


def recent_ends(session: Session, since: datetime, hard: Collection[str]) -> tuple[int, int]:
    """How many of the latest deliveries ended since then, and how many of them with a hard status."""
    ended = (
        select(_delivery.c.status)
        .where(_delivery.c.state.in_(["sent", "failed", "bounced"]), _delivery.c.due_at >= since)
        .order_by(_delivery.c.id.desc())
        .limit(_RECENT)
        .subquery()
    )
    failed = func.coalesce(func.sum(case((ended.c.status.in_(list(hard)), 1), else_=0)), 0)
    finished, dead = session.execute(select(func.count(), failed).select_from(ended)).one()
    return int(finished), int(dead)
