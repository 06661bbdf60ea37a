"""The messages of one thread as somebody reads them: pages, and how many there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from store.models import Message
from store.queries import narrow, own
from store.queries.access_filter import EVERYTHING, Reader, readable_messages
from store.queries.message import JOINED, LISTED, by_ids
from store.queries.narrow import Window
from store.queries.newest import among, newest
from store.queries.part import part
from store.session import Session

_message = Message.table()

MOST_COUNTED = 20_000
"""How far the messages of a thread are counted."""


def page(
    session: Session, thread_id: int, *, before: int | None = None, after: int | None = None, limit: int = 30,
    kinds: Collection[str] = (), reader: Reader = EVERYTHING,
) -> list[Any]:  # fmt: skip
    """The rows of a ``window``, for a reader whose reading does not end early."""
    found = window(session, thread_id, before=before, after=after, limit=limit, kinds=kinds, reader=reader)
    return found.rows


def window(
    session: Session, thread_id: int, *, before: int | None = None, after: int | None = None, limit: int,
    kinds: Collection[str] = (), reader: Reader = EVERYTHING,
) -> Window:  # fmt: skip
    """Messages of a thread that the reader may read, with author and record, newest first.

    kinds: of these alone, () = all. after: the oldest that are newer than this id. Ends early after some thousand
    messages that are closed to the reader.
    """
    if own.reads_all(session, reader, thread_id):
        if len(kinds) < 2:
            return Window(_part(session, _in_thread(thread_id, kinds), before, after, limit))
        ids = session.execute(_ids(thread_id, kinds, before, after, limit)).scalars()
        return Window(by_ids(session, sorted(ids, reverse=True)))
    if reader.partner_id is None or not reader.active:
        return Window([])
    few = own.few(session, reader.partner_id)
    if few is not None:
        his = _own(session, reader, few, thread_id, kinds)
        return Window(_part(session, his, before, after, limit))

    def candidates(most: int) -> list[int]:
        return list(session.execute(_ids(thread_id, kinds, before, after, most)).scalars().all())

    found = own.readable_of(session, candidates, reader, ascending=after is not None, limit=limit)
    return Window(by_ids(session, found.ids), found.reached)


def _part(
    session: Session,
    conditions: Sequence[ColumnElement[bool]],
    before: int | None,
    after: int | None,
    limit: int,
) -> list[Any]:
    return part(session, LISTED.where(*conditions), _message.c.id, before=before, after=after, limit=limit)


def reads_any(session: Session, thread_id: int, reader: Reader) -> bool:
    """There is a message of the thread that the reader may read, though he may not work on it.

    For one who has many messages of his own, the thread is looked through: no bound would tell the truth.
    """
    if reader.partner_id is None or not reader.active:
        return False
    few = own.few(session, reader.partner_id)
    his = _own(session, reader, few, thread_id, ()) if few is not None else [
        *_in_thread(thread_id, ()), *readable_messages(session, reader),
    ]  # fmt: skip
    found = select(_message.c.id).select_from(JOINED).where(*his).limit(1)
    return session.execute(found).first() is not None


def count(
    session: Session, thread_id: int, *, kinds: Collection[str] = (), reader: Reader = EVERYTHING
) -> int | None:
    """How many messages ``page`` would find in all, None when too many would have to be looked at."""
    found = select(_message.c.id).where(*_in_thread(thread_id, kinds))
    if own.reads_all(session, reader, thread_id):
        return _total(session, found, MOST_COUNTED)
    if reader.partner_id is None or not reader.active:
        return 0
    few = own.few(session, reader.partner_id)
    if few is not None:
        his = select(_message.c.id).select_from(JOINED)
        return _total(session, his.where(*_own(session, reader, few, thread_id, kinds)), MOST_COUNTED)
    ids = list(session.execute(found.limit(narrow.MOST_JUDGED + 1)).scalars().all())
    return None if len(ids) > narrow.MOST_JUDGED else len(own.readable(session, reader, ids))


def _total(session: Session, found: Select[int], most: int) -> int | None:
    counted = session.execute(select(func.count()).select_from(found.limit(most + 1).subquery())).scalar_one()
    return int(counted) if counted <= most else None


def _in_thread(thread_id: int, kinds: Collection[str]) -> list[ColumnElement[bool]]:
    of_thread = _message.c.thread_id == thread_id
    return [of_thread, _message.c.kind.in_(sorted(kinds))] if kinds else [of_thread]


def _ids(
    thread_id: int, kinds: Collection[str], before: int | None, after: int | None, limit: int
) -> Select[int]:
    """The ids of a page of a thread, whoever may read them."""
    parts = [[kind] for kind in sorted(kinds)] or [[]]
    lists = [select(_message.c.id).where(*_in_thread(thread_id, part)) for part in parts]
    return newest(lists, before=before, after=after, limit=limit)


def _own(
    session: Session, reader: Reader, few: Sequence[int], thread_id: int, kinds: Collection[str]
) -> list[ColumnElement[bool]]:
    """The conditions on what of his own a reader may read in a thread; not by the index of a long thread."""
    conditions = [_message.c.thread_id + 0 == thread_id, among(session, _message.c.id, few)]
    if kinds:
        conditions.append(_message.c.kind.in_(sorted(kinds)))
    return [*conditions, *readable_messages(session, reader)]
