"""The outbox: claim due deliveries, load what their mails need, record what became of them.

``due_at`` is the lease as well: who claims a row sets it into the future, so that a row whose owner died
is due again by itself. Everything that ends an attempt names owner and lease number.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, case, exists, func, insert, literal, select, text, update

from store.bell import ring
from store.models import (
    Delivery,
    MessageRef,
    Notice,
    Partner,
    Thread,
)
from store.queries.narrow import Window, narrowed
from store.queries.part import part
from store.session import Session

_delivery = Delivery.table()
_notice = Notice.table()
_ref = MessageRef.table()
_thread = Thread.table()
_partner = Partner.table()

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


_next_due: dict[str, Any] = {
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


# the sum keeps a database from taking all deliveries of some threads instead
_listed = select(
    _delivery, _thread.c.record_type, _thread.c.key, _partner.c.name.label("partner_name"),
    _partner.c.email.label("partner_email"), _partner.c.internal.label("partner_internal"),
).outerjoin(_thread, _thread.c.id == _delivery.c.thread_id + 0).outerjoin(_partner, _partner.c.id == _delivery.c.partner_id)  # fmt: skip


def queue(
    session: Session, *, state: str | None = None, thread_id: int | None = None, before: int | None = None,
    after: int | None = None, limit: int = 30, types: Collection[str] | None = None,
) -> Window:  # fmt: skip
    """Deliveries, newest first, with the names of record and reader. types: of these record types, None = all."""
    conditions = []
    if state:
        conditions.append(_delivery.c.state == state)
    if thread_id is not None:
        conditions.append(_delivery.c.thread_id == thread_id)
    if types is None:
        listed = _listed.where(*conditions)
        return Window(part(session, listed, _delivery.c.id, before=before, after=after, limit=limit))
    of_types = _listed.where(_thread.c.record_type.in_(sorted(types)))
    candidates = select(_delivery.c.id).where(*conditions)
    return narrowed(
        session, candidates, of_types.where, _delivery.c.id, before=before, after=after, limit=limit
    )


_count_by_state = select(_delivery.c.state, func.count()).group_by(_delivery.c.state)


def counts(session: Session) -> dict[str, int]:
    """How many deliveries are in each state."""
    return {state: int(count) for state, count in session.execute(_count_by_state)}


def told_again(session: Session, ids: Select[int]) -> None:
    """Their readers count as told by mail where they did not, because their address got none.

    ids: of deliveries that are about to be tried again.
    """
    of_reader = (_delivery.c.message_id == _notice.c.message_id) & (
        _delivery.c.partner_id == _notice.c.partner_id
    )
    suppressed = _delivery.c.id.in_(ids) & (_delivery.c.state == "suppressed") & of_reader
    reason = select(func.min(_delivery.c.reason)).where(suppressed).correlate(_notice).scalar_subquery()
    mailed = {"channel": "email", "state": "queued", "reason": reason}
    session.execute(update(_notice).where(exists().where(suppressed).correlate(_notice)).values(mailed))


def retry(session: Session, delivery_id: int, now: datetime) -> bool:
    """Make a delivery due at once that waits or was given up; False when it was sent or is not there."""
    told_again(session, select(_delivery.c.id).where(_delivery.c.id == delivery_id, _delivery.c.owner == ""))
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
