"""Which message an answer is about when it names none, and which colleagues an answer of an outsider concerns."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import bindparam, func, literal, select

from store.models import Message, Notice, Partner
from store.session import Session

_message = Message.table()
_notice = Notice.table()
_partner = Partner.table()

_MOST_STEPS = 50  # up a chain of answers
_MOST_LOOKED_AT = 200  # messages of a thread

_told = (
    select(_message.c.id)
    .join(_notice, _notice.c.message_id == _message.c.id)
    .where(
        _message.c.thread_id == bindparam("thread_id"), _message.c.internal == bindparam("internal"),
        _message.c.deleted_at.is_(None), _notice.c.state != "skipped",
        _notice.c.partner_id.in_(bindparam("partner_ids", expanding=True)),
    )
    .order_by(_message.c.id.desc())
    .limit(1)
)  # fmt: skip
_said = (
    select(_message.c.id)
    .where(
        _message.c.thread_id == bindparam("thread_id"), _message.c.kind == "message",
        _message.c.internal.is_(False), _message.c.deleted_at.is_(None),
    )
    .order_by(_message.c.date.desc(), _message.c.id.desc())
    .limit(1)
)  # fmt: skip


def last_told(
    session: Session, thread_id: int, partner_ids: Collection[int], *, internal: bool
) -> int | None:
    """The last message of a thread and a scope that one of these partners was told of, None if there is none."""
    values = {"thread_id": thread_id, "partner_ids": sorted(partner_ids), "internal": internal}
    found: int | None = session.execute(_told, values).scalar()
    return found


def last_said(session: Session, thread_id: int) -> int | None:
    """The last message of a thread by its date that is no note and no log entry, None if there is none."""
    found: int | None = session.execute(_said, {"thread_id": thread_id}).scalar()
    return found


_answer = (
    select(_message.c.author_id, _message.c.parent_id, literal(0).label("step"))
    .where(_message.c.id == bindparam("message_id"))
    .cte("chain", recursive=True)
)
_chain = _answer.union_all(
    select(_message.c.author_id, _message.c.parent_id, _answer.c.step + 1)
    .join(_answer, _message.c.id == _answer.c.parent_id)
    .where(_answer.c.step < _MOST_STEPS)
)
_above = (
    select(_chain.c.author_id)
    .join(_partner, _partner.c.id == _chain.c.author_id)
    .where(_partner.c.internal, _partner.c.active)
    .group_by(_chain.c.author_id)
    .order_by(func.min(_chain.c.step))
)
_newest = (
    select(_message.c.id, _message.c.author_id)
    .where(_message.c.thread_id == bindparam("thread_id"))
    .order_by(_message.c.id.desc())
    .limit(_MOST_LOOKED_AT)
    .subquery("newest")
)
_writers = (
    select(_newest.c.author_id)
    .join(_partner, _partner.c.id == _newest.c.author_id)
    .where(_partner.c.internal, _partner.c.active)
    .group_by(_newest.c.author_id)
    .order_by(func.max(_newest.c.id).desc())
)


def colleagues_above(session: Session, message_id: int) -> list[int]:
    """The active colleagues who wrote a message, what it answers, what that answers and so on; the nearest first."""
    return list(session.execute(_above, {"message_id": message_id}).scalars())


def colleagues_of(session: Session, thread_id: int) -> list[int]:
    """The active colleagues who wrote on a thread lately; the last first."""
    return list(session.execute(_writers, {"thread_id": thread_id}).scalars())
