"""Which message an answer is about when it names none: the last that its writer was told of, or the last of all."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import bindparam, select

from store.models import Message, Notice
from store.session import Session

_message = Message.table()
_notice = Notice.table()

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
