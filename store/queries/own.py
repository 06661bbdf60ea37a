"""What of a list a person may read: all of it, what is his own, or what is found so by asking for each row.

His own is what he wrote and what was told to him. Who has few messages of his own has those looked at. Else so many rows
of the list are judged, and where it led is told, that no page costs more as the store grows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, select

from store.models import Message, Notice, Thread
from store.queries.access_filter import EVERYTHING, THREAD_OF, Reader, readable_messages, readable_threads
from store.queries.narrow import Found, judged
from store.queries.newest import among, newest
from store.session import Session

FEW = 1000  # messages that are looked at one by one rather than through the lists of others

_message = Message.table()
_notice = Notice.table()
_thread = Thread.table()


def readable_of(
    session: Session, candidates: Callable[[int], list[int]], reader: Reader, *, ascending: bool, limit: int,
    narrow: Sequence[ColumnElement[bool]] = (),
) -> Found:  # fmt: skip
    """Those of the candidates that the reader may read, newest first.

    candidates: as of ``narrow.judged``: oldest first where ``ascending``. narrow: further conditions on the message.
    """
    found = judged(candidates, lambda ids: readable(session, reader, ids, narrow), first=limit, limit=limit)
    return found._replace(ids=found.ids[::-1]) if ascending else found


def few(session: Session, partner_id: int) -> list[int] | None:
    """The ids of all messages that he wrote or has a notice of, None when they are many."""
    told = select(_notice.c.message_id).where(_notice.c.partner_id == partner_id)
    written = select(_message.c.id).where(_message.c.author_id == partner_id)
    ids = list(session.execute(newest([told, written], limit=FEW + 1)).scalars())
    return ids if len(ids) <= FEW else None


def readable(
    session: Session, reader: Reader, ids: Sequence[int], narrow: Sequence[ColumnElement[bool]] = ()
) -> list[int]:
    """Those of the messages that the reader may read, in no order. narrow: as for ``readable_of``."""
    found = select(_message.c.id).join(_thread, THREAD_OF)
    found = found.where(among(session, _message.c.id, ids), *readable_messages(session, reader), *narrow)
    return list(session.execute(found).scalars())


def reads_all(session: Session, reader: Reader, thread_id: int) -> bool:
    """The reader may work on the thread, and so reads every message of it."""
    if reader == EVERYTHING:
        return True
    found = select(_thread.c.id).where(_thread.c.id == thread_id, *readable_threads(session, reader))
    return session.execute(found).first() is not None
