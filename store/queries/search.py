"""Find messages by their words: FTS5 on SQLite, tsvector with a GIN index on PostgreSQL.

Both hold what ``store.search.indexed`` made of a message, with marks for its kind and record type, and answer in
the order of ids. What a person may read is asked of the newest hits only, so many at a time that no question
costs more as the store grows; where the looking ended is told, and the next page goes on from there. Who may
read few messages at all has those looked through instead.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    cast,
    column,
    false,
    func,
    literal,
    or_,
    select,
    table,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR

from store.models import Message, Thread
from store.queries import own
from store.queries.access_filter import THREAD_OF, Reader, readable_messages
from store.queries.narrow import Found
from store.queries.newest import ByWords, Question, among, is_in_more, newest, newest_id
from store.search import Phrase, Scope, for_fts5, for_like, for_tsquery, marked_fts5, marked_tsquery
from store.session import Session

MOST_SCANNED = 1000  # newest messages of a thread that are looked through without the index
FREQUENT = 5000  # messages
LONG = 12_000  # messages of a thread that are asked at once where each step has to gather what begins so
BEGUN = 16_384  # messages of the store that are asked at once where it has to
SEVERAL = 65_536  # the same where few of them hold all the words

_message = Message.table()
_thread = Thread.table()
_fts5 = table("message_words", column("rowid", BigInteger()))
_tsvector = table(
    "message_words", column("id", BigInteger()), column("thread_id", BigInteger()), column("words", TSVECTOR)
)


def hits(
    session: Session, wanted: Sequence[Phrase], reader: Reader, scope: Scope, *, before: int | None = None,
    after: int | None = None, limit: int, whole: Collection[Phrase] = (),
) -> Found:  # fmt: skip
    """The messages that hold all phrases and that the reader may read, newest first.

    after: the oldest that are newer than this id. whole: the phrases whose last word is no beginning of a longer
    one. wanted must not be empty.
    """
    if not reader.active or scope.types == frozenset():
        return Found([])

    def question(marks: Sequence[Sequence[str]]) -> Select[int]:
        return _indexed(session, wanted, scope, whole, marks)

    first, last = _first_step(session, wanted, scope, is_begun=any(phrase not in whole for phrase in wanted))
    candidates = ByWords(
        session, question, _message, before=before, after=after, first=first, last=last
    ).first
    if reader.partner_id is None:
        ids = candidates(limit)
        return Found(ids if after is None else ids[::-1])
    narrow = [] if scope.staff else _not_inside(session, wanted)
    return own.readable_of(
        session, candidates, reader, ascending=after is not None, limit=limit, narrow=narrow,
        is_sparse=scope.thread_id is None,
    )  # fmt: skip


def _not_inside(session: Session, wanted: Sequence[Phrase]) -> list[ColumnElement[bool]]:
    """The words stand not only among those for staff, which PostgreSQL's index holds beside the others."""
    if session.dialect.name != "postgresql":
        return []
    said = literal(" ") + _message.c.search_text
    return [or_(_message.c.search_internal == "", and_(*(said.contains(for_like(one)) for one in wanted)))]


def _first_step(
    session: Session, wanted: Sequence[Phrase], scope: Scope, *, is_begun: bool
) -> tuple[int | None, int | None]:
    """How many messages ``ByWords`` asks at first, and the newest; None = as it is used to, and unknown.

    In a thread those since so many of it, the whole store where it has not so many. is_begun: longer words count
    too, which each step has to gather anew.
    """
    if session.dialect.name != "postgresql":
        return None, None
    if scope.thread_id is None:
        return ((SEVERAL if len(wanted) > 1 else BEGUN) if is_begun else None), None
    of_thread = select(_message.c.id).where(_message.c.thread_id == scope.thread_id)
    place = of_thread.order_by(_message.c.id.desc()).offset(LONG if is_begun else MOST_SCANNED).limit(1)
    row = session.execute(select(func.max(_message.c.id), place.scalar_subquery())).one()
    last, oldest = row[0] or 0, row[1] or 0
    return last + 1 - oldest, last


def _indexed(
    session: Session, wanted: Sequence[Phrase], scope: Scope, whole: Collection[Phrase],
    marks: Sequence[Sequence[str]] = (),
) -> Select[int]:  # fmt: skip
    """The question to the index of this database. marks: further ones, as in ``Scope.marks``."""
    narrowed = [*scope.marks(), *marks]
    if session.dialect.name == "postgresql":
        query: ColumnElement[Any] = func.to_tsquery(text("'simple'"), for_tsquery(wanted, whole))
        if scope.named:
            query = query.op("||")(cast(marked_tsquery([scope.named_marks()]), TSQUERY))
        if narrowed:
            query = query.op("&&")(cast(marked_tsquery(narrowed), TSQUERY))
        found = select(_tsvector.c.id).where(_tsvector.c.words.op("@@")(query))
        # of the parts of the index one alone is asked, see migration 0011
        return found if scope.thread_id is None else found.where(_tsvector.c.thread_id == scope.thread_id)
    columns = "{search_text search_internal}" if scope.staff else "search_text"
    said = f"{columns} : {for_fts5(wanted, whole)}"
    if scope.named:
        said = f"({' OR '.join([*marked_fts5([scope.named_marks()]), said])})"
    asked = " AND ".join([*marked_fts5(narrowed), said])
    match = text("message_words MATCH :wanted").bindparams(wanted=asked)
    return select(_fts5.c.rowid).where(match)


def frequent(session: Session, phrases: Collection[Phrase]) -> frozenset[Phrase]:
    """Those whose whole words stand in so many messages that the index is not asked for longer ones that begin so."""
    if not phrases:
        return frozenset()
    last = newest_id(session, _message) if session.dialect.name == "postgresql" else 0

    def question(phrase: Phrase) -> Question:
        return lambda marks: _indexed(session, [phrase], Scope(), [phrase], marks)

    return frozenset(one for one in phrases if is_in_more(session, question(one), last, FREQUENT))


def is_small(session: Session, thread_id: int) -> bool:
    """The thread is as quickly looked through as the index is asked."""
    beyond = select(_message.c.id).where(_message.c.thread_id == thread_id).order_by(_message.c.id.desc())
    return session.execute(beyond.offset(MOST_SCANNED).limit(1)).first() is None


def scan(
    session: Session, wanted: Sequence[Phrase], reader: Reader, scope: Scope, *, inside: bool = False
) -> list[int]:
    """As ``hits`` among the newest messages of a thread, without the index: a beginning of any length will do.

    inside: the phrases may also stand inside longer words, where the index finds nothing.
    """
    of_thread = select(_message.c.id).where(_message.c.thread_id == scope.thread_id)
    ids = session.execute(newest([of_thread], limit=MOST_SCANNED)).scalars().all()
    return _looked_through(session, wanted, reader, scope, inside, ids)


def own_hits(
    session: Session, wanted: Sequence[Phrase], reader: Reader, scope: Scope, ids: Sequence[int]
) -> list[int]:
    """As ``scan`` among these messages, which are all that the reader may read."""
    return _looked_through(session, wanted, reader, scope, False, ids) or _looked_through(
        session, wanted, reader, scope, True, ids
    )


def _looked_through(
    session: Session, wanted: Sequence[Phrase], reader: Reader, scope: Scope, inside: bool, ids: Sequence[int]
) -> list[int]:
    found = select(_message.c.id).join(_thread, THREAD_OF)
    found = found.where(among(session, _message.c.id, ids))
    said = literal(" ") + _message.c.search_text
    if scope.staff:
        said = said + " " + _message.c.search_internal
    holds = and_(*(said.contains(for_like(phrase, inside=inside)) for phrase in wanted))
    named = tuple_(_thread.c.record_type, _message.c.subtype).in_(scope.named) if scope.named else false()
    found = found.where(or_(holds, named))
    if scope.thread_id is not None:
        found = found.where(_message.c.thread_id + 0 == scope.thread_id)  # not by the index of the thread
    if scope.kinds:
        found = found.where(_message.c.kind.in_(scope.kinds))
    if scope.types is not None:
        found = found.where(_thread.c.record_type.in_(sorted(scope.types)))
    found = found.where(*readable_messages(session, reader)).order_by(_message.c.id.desc())
    return list(session.execute(found).scalars().all())
