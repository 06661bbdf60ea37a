"""What of a list a person may read: all of it, what is his own, or what is found so by asking for each row.

His own is what he wrote and what was told to him. Who has few messages of his own has those looked at. Else so many rows
of the list are judged, and where it led is told, that no page costs more as the store grows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, or_, select

from store.models import Message, Notice, Thread
from store.queries.access_filter import EVERYTHING, THREAD_OF, Reader, readable_messages, readable_threads
from store.queries.narrow import Found, judged
from store.queries.newest import among, each_of, newest
from store.session import Session

FEW = 1000  # messages that are looked at one by one rather than through the lists of others

_message = Message.table()
_notice = Notice.table()
_thread = Thread.table()


def readable_of(
    session: Session, candidates: Callable[[int], list[int]], reader: Reader, *, ascending: bool, limit: int,
    narrow: Sequence[ColumnElement[bool]] = (), is_sparse: bool = False,
) -> Found:  # fmt: skip
    """Those of the candidates that the reader may read, newest first.

    candidates: as of ``narrow.judged``: oldest first where ``ascending``. narrow: further conditions on the message.
    is_sparse: an outsider can read few of them, and to fetch the others would take most of the time.
    """

    def belonging(ids: Sequence[int]) -> list[int]:
        his = _his(session, reader.partner_id, ids) if is_sparse and not reader.internal else ids
        return readable(session, reader, his, narrow)

    found = judged(candidates, belonging, first=limit, limit=limit)
    return found._replace(ids=found.ids[::-1]) if ascending else found


def few(session: Session, partner_id: int) -> list[int] | None:
    """The ids of all messages that he wrote or has a notice of, None when they are many."""
    told = select(_notice.c.message_id).where(_notice.c.partner_id == partner_id)
    written = select(_message.c.id).where(_message.c.author_id == partner_id)
    ids = list(session.execute(newest([told, written], limit=FEW + 1)).scalars().all())
    return ids if len(ids) <= FEW else None


def readable(
    session: Session, reader: Reader, ids: Sequence[int], narrow: Sequence[ColumnElement[bool]] = ()
) -> list[int]:
    """Those of the messages that the reader may read, in no order. narrow: as for ``readable_of``."""
    found = select(_message.c.id).join(_thread, THREAD_OF)
    found = found.where(among(session, _message.c.id, ids), *readable_messages(session, reader), *narrow)
    return list(session.execute(found).scalars().all())


def _his(session: Session, partner_id: int | None, ids: Sequence[int]) -> list[int]:
    """Those of the messages that he wrote or has a notice of, as the indexes tell."""
    key = each_of(session, ids)
    told = select(_notice.c.message_id).where(_notice.c.message_id == key, _notice.c.partner_id == partner_id)
    wrote = select(_message.c.id).where(_message.c.id == key, _message.c.author_id == partner_id)
    ways = [way.scalar_subquery().is_not(None) for way in (told, wrote)]
    return list(session.execute(select(key).where(or_(*ways))).scalars().all())


def reads_all(session: Session, reader: Reader, thread_id: int) -> bool:
    """The reader may work on the thread, and so reads every message of it."""
    if reader == EVERYTHING:
        return True
    found = select(_thread.c.id).where(_thread.c.id == thread_id, *readable_threads(session, reader))
    return session.execute(found).first() is not None
