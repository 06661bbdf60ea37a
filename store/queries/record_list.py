"""Which records stand in a list, newest first, as far as somebody may work on them.

The open records of each type, the records that name him, and those that he follows, are lists of their own, each
in the order of an index: no list costs more because most records are closed to him.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Select, select

from store.models import Follower, RecordType, Thread
from store.queries.access_filter import Reader, has_no_members, member, readable_threads
from store.queries.narrow import Found, merged, newest_first
from store.queries.newest import among, newest
from store.queries.words import RECORDS, named
from store.search import for_like, phrases
from store.session import Session

MOST_OWN = 1000  # newest records of his that are looked through for words

_thread = Thread.table()
_follower = Follower.table()
_names = select(RecordType.table().c.name)


def page(
    session: Session, reader: Reader, *, record_type: str | None, query: str, before: int | None,
    after: int | None = None, limit: int,
) -> Found:  # fmt: skip
    """Ids of the threads that the reader may work on, newest first. query: words of the key and the title.

    after: the oldest that are newer than this id.
    """
    if reader.partner_id is not None and not (reader.internal and reader.active):
        return Found([])
    types = reader.types
    if record_type:
        types = frozenset({record_type}) if types is None or record_type in types else frozenset()
    if types == frozenset():
        return Found([])
    if query.strip():
        found = _by_words(session, reader, types, query, before=before, after=after, limit=limit)
    else:
        lists = list(_lists(session, reader, types))
        ids = newest(lists, before=before, after=after, limit=limit) if lists else None
        found = Found([] if ids is None else list(session.execute(ids).scalars()))
    return newest_first(found, upwards=after is not None)


def _lists(session: Session, reader: Reader, types: frozenset[str] | None) -> Iterator[Select[int]]:
    """What the list is made of."""
    if reader.partner_id is None:
        if types is None:
            yield select(_thread.c.id)
        else:
            yield from (_of_type(name) for name in sorted(types))
        return
    closed = reader.members_only | reader.followers_only
    for name in sorted(session.execute(_names).scalars() if types is None else types):
        if name not in closed:
            yield _of_type(name).where(has_no_members(session))
    yield from _own(reader, types)


def _of_type(name: str) -> Select[int]:
    return select(_thread.c.id).where(_thread.c.record_type == name)


def _own(reader: Reader, types: Iterable[str] | None) -> Iterator[Select[int]]:
    """The records that name him, and those that he follows where that opens them."""
    yield _on(member.c.thread_id, types).where(member.c.partner_id == reader.partner_id)
    following = reader.followers_only if types is None else reader.followers_only & frozenset(types)
    if following:
        mine = _follower.c.partner_id == reader.partner_id
        yield _on(_follower.c.thread_id, following).where(mine)


def _on(thread_id: Any, types: Iterable[str] | None) -> Select[int]:
    ids = select(thread_id)
    if types is None:
        return ids
    return ids.join(_thread, _thread.c.id == thread_id).where(_thread.c.record_type.in_(sorted(types)))


def _by_words(
    session: Session, reader: Reader, types: frozenset[str] | None, query: str, *, before: int | None,
    after: int | None, limit: int,
) -> Found:  # fmt: skip
    """Of the newest records that hold the words, and of his own, those that he may work on; upwards from ``after``."""
    where = readable_threads(session, reader)
    if types is not None:
        where.append(_thread.c.record_type.in_(sorted(types)))
    records = named(session, RECORDS, query, where=where, before=before, after=after, limit=limit)
    if reader.partner_id is None:
        return records
    own = newest(list(_own(reader, types)), before=before, after=after, limit=MOST_OWN)
    mine = list(session.execute(own).scalars())
    holds = [_thread.c.search_text.contains(for_like(phrase, inside=True)) for phrase in phrases(query)]
    found = select(_thread.c.id).where(among(session, _thread.c.id, mine), *holds, *where)
    return merged(records, list(session.execute(found).scalars()), limit, upwards=after is not None)
