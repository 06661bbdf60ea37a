"""Files of records and messages, as far as the reader may have them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, not_, or_, select, update
from sqlalchemy import delete as delete_rows

from store.models import Attachment, Message, Thread
from store.queries.access_filter import Reader, readable_files
from store.queries.part import part
from store.session import Session

_attachment = Attachment.table()
_message = Message.table()
_thread = Thread.table()


def _readable(session: Session, reader: Reader) -> Select[Any]:
    joined = _attachment.join(_thread, _thread.c.id == _attachment.c.thread_id).outerjoin(
        _message, _message.c.id == _attachment.c.message_id
    )
    return select(_attachment).select_from(joined).where(*readable_files(session, reader))


def one(session: Session, reader: Reader, attachment_id: int) -> Any | None:
    """One file, None if there is none that the reader may have."""
    found = _readable(session, reader).where(_attachment.c.id == attachment_id)
    return session.execute(found).one_or_none()


def of_record(
    session: Session, reader: Reader, thread_id: int, *, before: int | None = None, after: int | None = None,
    limit: int = 200,
) -> list[Any]:  # fmt: skip
    """The files of a record and of its messages that the reader may have, by id."""
    found = _readable(session, reader).where(*_on_record(thread_id))
    return part(session, found, _attachment.c.id, before=before, after=after, limit=limit, rising=True)


def count(session: Session, reader: Reader, thread_id: int) -> int:
    """How many files ``of_record`` would find in all."""
    found = _readable(session, reader).where(*_on_record(thread_id))
    return int(session.execute(found.with_only_columns(func.count())).scalar_one())


_kind = _attachment.c.content_type
_rank = case(
    (_kind == "application/pdf", 0),
    (and_(_kind.like("image/%"), _kind.not_like("%svg%")), 1),
    else_=2,
)


def main(session: Session, reader: Reader, thread_id: int) -> int | None:
    """The id of the file to show beside the conversation: a PDF before an image before others, XML never.

    Images inside a body do not count. None when there is no such file. Source: Odoo H07.
    """
    found = _readable(session, reader).where(
        *_on_record(thread_id),
        _attachment.c.inline.is_(False),
        _kind.not_like("%/xml"),
        or_(_kind.not_like("%+xml"), _rank < 2),
    )
    first = found.with_only_columns(_attachment.c.id).order_by(_rank, _attachment.c.id).limit(1)
    return session.execute(first).scalar()


def _on_record(thread_id: int) -> list[ColumnElement[bool]]:
    """Files of the record and of its messages; not those that wait to be sent."""
    waits = or_(_attachment.c.pending, _attachment.c.scheduled_id.is_not(None))
    return [_attachment.c.thread_id == thread_id, or_(_attachment.c.message_id.is_not(None), not_(waits))]


def of_message(session: Session, reader: Reader, message_id: int) -> list[Any]:
    """The files of a message that the reader may have, by id."""
    found = _readable(session, reader).where(_attachment.c.message_id == message_id)
    return list(session.execute(found.order_by(_attachment.c.id)))


def pending(
    session: Session, thread_id: int, ids: Sequence[int], *, by: str = "", author_id: int = 0
) -> dict[int, str]:
    """Those of the ids that may be put into a message of the record now: id -> name.

    by: the token or session that posts; it must have uploaded them, and for nobody else than the author.
    "" = whoever uploaded them. What a scheduled message will carry is not free.
    """
    statement = select(_attachment.c.id, _attachment.c.name).where(
        _attachment.c.id.in_(ids),
        _attachment.c.thread_id == thread_id,
        _attachment.c.message_id.is_(None),
        _attachment.c.scheduled_id.is_(None),
    )
    if by:
        statement = statement.where(
            _attachment.c.uploaded_by == by,
            or_(_attachment.c.uploader_id.is_(None), _attachment.c.uploader_id == author_id),
        )
    return {row.id: row.name for row in session.execute(statement)}


def images(session: Session, ids: Sequence[int]) -> list[int]:
    """Those of the files that are images, in the order of their ids."""
    statement = select(_attachment.c.id).where(
        _attachment.c.id.in_(ids), _attachment.c.content_type.like("image/%")
    )
    return list(session.scalars(statement.order_by(_attachment.c.id)))


def delete(session: Session, attachment_id: int) -> None:
    """Take a file away; its octets stay until housekeeping."""
    session.execute(delete_rows(_attachment).where(_attachment.c.id == attachment_id))


def reserve(session: Session, scheduled_id: int, ids: Sequence[int]) -> bool:
    """Keep files for a scheduled message; False when one of them is not free any more."""
    if not ids:
        return True
    statement = update(_attachment).where(
        _attachment.c.id.in_(ids), _attachment.c.message_id.is_(None), _attachment.c.scheduled_id.is_(None)
    )
    return session.execute(statement.values(scheduled_id=scheduled_id)).rowcount == len(set(ids))


def of_scheduled(session: Session, ids: Sequence[int]) -> list[Any]:
    """The files that are kept for these scheduled messages, by id."""
    kept = select(_attachment).where(_attachment.c.scheduled_id.in_(ids)).order_by(_attachment.c.id)
    return list(session.execute(kept)) if ids else []


def release(session: Session, scheduled_id: int) -> None:
    """Set free what a scheduled message kept."""
    statement = update(_attachment).where(_attachment.c.scheduled_id == scheduled_id)
    session.execute(statement.values(scheduled_id=None))


def forget_pending(session: Session, before: datetime) -> int:
    """Delete uploads for messages that were never sent; answers how many."""
    forgotten = delete_rows(_attachment).where(
        _attachment.c.pending,
        _attachment.c.message_id.is_(None),
        _attachment.c.scheduled_id.is_(None),
        _attachment.c.created_at < before,
    )
    return session.execute(forgotten).rowcount
