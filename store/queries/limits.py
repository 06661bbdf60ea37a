"""What is counted before one more mail is let through (rules/limits); each through an index, and only so far."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Text, bindparam, cast, delete, distinct, func, literal, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from store.models import Alias, Arrival, Courtesy, Delivery, Message
from store.session import Session

_alias = Alias.table()
_arrival = Arrival.table()
_courtesy = Courtesy.table()
_delivery = Delivery.table()
_message = Message.table()

_opened = select(func.count(distinct(_arrival.c.inbound_id))).where(
    _arrival.c.target.in_(
        select(literal("alias:") + cast(_alias.c.id, Text)).where(
            _alias.c.record_type == bindparam("record_type")
        )
    ),
    _arrival.c.author == bindparam("counted_as"),
    _arrival.c.created_at > bindparam("since"),
)


def opened(session: Session, record_type: str, counted_as: str, since: datetime) -> int:
    """How many mails of an author opened records of a type since then; a mail to several aliases counts once."""
    parameters = {"record_type": record_type, "counted_as": counted_as, "since": since}
    return int(session.execute(_opened, parameters).scalar_one())


_said = (
    select(_message.c.author_id, func.substr(_message.c.body_text, 1, bindparam("letters")), _message.c.date)
    .where(_message.c.thread_id == bindparam("thread"), _message.c.kind != "log")
    .order_by(_message.c.id.desc())
    .limit(bindparam("at_most"))
)


def said(
    session: Session, thread_id: int, since: datetime, *, at_most: int, letters: int = 500
) -> list[tuple[int | None, str]]:
    """What was said in a thread since then, newest first: (author, the beginning of the text)."""
    rows = session.execute(_said, {"thread": thread_id, "at_most": at_most, "letters": letters})
    return [(author_id, text) for author_id, text, date in rows if date > since]


_nth_last = (
    select(_delivery.c.created_at)
    .where(_delivery.c.thread_id == bindparam("thread"))
    .order_by(_delivery.c.id.desc())
    .limit(1)
    .offset(bindparam("back"))
)


def queued_before(session: Session, thread_id: int, back: int) -> datetime | None:
    """When the mail of a record was queued that so many others follow; None if there are not so many."""
    found: datetime | None = session.execute(_nth_last, {"thread": thread_id, "back": back}).scalar()
    return found


def take_courtesy(session: Session, kind: str, address: str, *, since: datetime, now: datetime) -> bool:
    """Note that an address is answered now; False when it was since that time. kind: refusal or acknowledgement."""
    make: Any = insert_postgresql if session.dialect.name == "postgresql" else insert_sqlite
    note = make(_courtesy).values(kind=kind, address=address, sent_at=now)
    statement = note.on_conflict_do_update(
        index_elements=["kind", "address"], set_={"sent_at": now}, where=_courtesy.c.sent_at <= since
    )
    return session.execute(statement.returning(_courtesy.c.kind)).first() is not None


def purge_courtesies(session: Session, before: datetime) -> int:
    """Forget the answers that are older."""
    return session.execute(delete(_courtesy).where(_courtesy.c.sent_at < before)).rowcount
