"""Files of records and messages, as far as the reader may have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy import delete as delete_rows

from store.models import Attachment, Message, Thread
from store.queries.access_filter import Reader, readable_files
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


def of_record(session: Session, reader: Reader, thread_id: int) -> list[Any]:
    """The files of a record and of its messages that the reader may have, by id."""
    found = _readable(session, reader).where(_attachment.c.thread_id == thread_id)
    return list(session.execute(found.order_by(_attachment.c.id)))


def of_message(session: Session, reader: Reader, message_id: int) -> list[Any]:
    """The files of a message that the reader may have, by id."""
    found = _readable(session, reader).where(_attachment.c.message_id == message_id)
    return list(session.execute(found.order_by(_attachment.c.id)))


def pending(
    session: Session, thread_id: int, ids: Sequence[int], *, by: str = "", author_id: int = 0
) -> dict[int, str]:
    """Those of the ids that may be put into a message of the record now: id -> name.

    by: the token or session that posts; it must have uploaded them, and for nobody else than the author.
    "" = whoever uploaded them.
    """
    statement = select(_attachment.c.id, _attachment.c.name).where(
        _attachment.c.id.in_(ids), _attachment.c.thread_id == thread_id, _attachment.c.message_id.is_(None)
    )
    if by:
        statement = statement.where(
            _attachment.c.uploaded_by == by,
            or_(_attachment.c.uploader_id.is_(None), _attachment.c.uploader_id == author_id),
        )
    return {row.id: row.name for row in session.execute(statement)}


def delete(session: Session, attachment_id: int) -> None:
    """Take a file away; its octets stay until housekeeping."""
    session.execute(delete_rows(_attachment).where(_attachment.c.id == attachment_id))
