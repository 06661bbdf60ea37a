"""Messages that are to be posted later."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from store.models import Partner, ScheduledMessage, Thread
from store.queries.part import part
from store.session import Session

_scheduled = ScheduledMessage.table()
_partner = Partner.table()
_thread = Thread.table()

_listed = (
    select(
        _scheduled, _thread.c.record_type, _thread.c.key, _partner.c.name, _partner.c.email, _partner.c.internal
    )
    .join(_thread, _thread.c.id == _scheduled.c.thread_id)
    .join(_partner, _partner.c.id == _scheduled.c.author_id)
)  # fmt: skip


def add(session: Session, values: dict[str, Any]) -> int:
    """Enter a message for later (columns without id, state and trouble); answers its id."""
    key = session.execute(insert(_scheduled).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def one(session: Session, scheduled_id: int) -> Any | None:
    """One, with its record and author; None if there is none."""
    return session.execute(_listed.where(_scheduled.c.id == scheduled_id)).one_or_none()


def hold(session: Session, scheduled_id: int) -> Any | None:
    """One, nobody else's to change until this transaction ends; None if there is none any more."""
    locked = select(_scheduled.c.id).where(_scheduled.c.id == scheduled_id).with_for_update()
    return one(session, scheduled_id) if session.execute(locked).first() else None


def of_thread(
    session: Session, thread_id: int, *, before: int | None = None, after: int | None = None, limit: int,
    author_id: int | None = None,
) -> list[Any]:  # fmt: skip
    """What is to be posted on a thread, in the order in which it was entered. author_id: by him, None = by all."""
    waiting = _listed.where(_scheduled.c.thread_id == thread_id)
    if author_id is not None:
        waiting = waiting.where(_scheduled.c.author_id == author_id)
    return part(session, waiting, _scheduled.c.id, before=before, after=after, limit=limit, rising=True)


def take_due(session: Session, now: datetime) -> Any | None:
    """One that is due and that no other process is about to post; None when nothing is left."""
    due = (
        select(_scheduled.c.id)
        .where(_scheduled.c.state == "waiting", _scheduled.c.send_at <= now)
        .order_by(_scheduled.c.send_at, _scheduled.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    found = session.execute(due).scalar()
    return None if found is None else one(session, found)


def change(session: Session, scheduled_id: int, values: dict[str, Any]) -> None:
    """Write columns."""
    session.execute(update(_scheduled).where(_scheduled.c.id == scheduled_id).values(values))


def remove(session: Session, scheduled_id: int) -> bool:
    """Take one away, which sets its files free; False when it is gone."""
    return session.execute(delete(_scheduled).where(_scheduled.c.id == scheduled_id)).rowcount > 0
