"""The deliveries of one tick of the timetable: which they are, that they are due now, what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import case, func, select, text, true, update

from store.bell import ring
from store.models import Delivery
from store.session import Session

_delivery = Delivery.table()
_open = text("delivery.state IN ('queued', 'deferred')")  # literally, so that the partial index answers
_waited = _delivery.c.due_at > _delivery.c.created_at
_STEP = 500

# an open one with an owner is in the hands of a dispatcher, ours or that of a serve beside us
_standing = case(((_delivery.c.owner != "") & _open, "sending"), else_=_delivery.c.state)


def take_up(session: Session, state: str, at: datetime, now: datetime) -> list[int]:
    """Make due now the deliveries in this state, queued or deferred, that wait and are due as at a time; answers
    their ids. What was queued for the moment it was queued does not wait."""
    waits = (_delivery.c.state == state) & (_waited if state == "queued" else true())
    due = update(_delivery).where(_open, waits, _delivery.c.due_at <= at, _delivery.c.owner == "")
    ring(session, "deliveries")
    return sorted(session.execute(due.values(due_at=now).returning(_delivery.c.id)).scalars())


def of_messages(session: Session, message_ids: Sequence[int]) -> list[int]:
    """The deliveries of some messages."""
    found: list[int] = []
    for some in _steps(message_ids):
        found += session.execute(select(_delivery.c.id).where(_delivery.c.message_id.in_(some))).scalars()
    return found


def hurry(session: Session, ids: Sequence[int], now: datetime) -> None:
    """Make those due at once that wait for a later time, whatever they wait for."""
    for some in _steps(ids):
        waiting = (_delivery.c.id.in_(some), _open, _delivery.c.due_at > now, _delivery.c.owner == "")
        session.execute(update(_delivery).where(*waiting).values(due_at=now))
    ring(session, "deliveries")


def standing(session: Session, ids: Sequence[int]) -> Counter[str]:
    """How many of them are in each state; "sending" = somebody is at it just now."""
    counts: Counter[str] = Counter()
    for some in _steps(ids):
        counted = select(_standing, func.count()).where(_delivery.c.id.in_(some)).group_by(_standing)
        counts.update({state: int(count) for state, count in session.execute(counted)})
    return counts


def _steps(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + _STEP] for start in range(0, len(ids), _STEP))
