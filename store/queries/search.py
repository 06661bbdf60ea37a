"""Find messages by their words: FTS5 on SQLite, tsvector with a GIN index on PostgreSQL.

Both hold what ``store.search.indexed`` made of a message. A question is answered by the index in the
order of ids; the rows of the hits are read afterwards, so that only one page of them is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import BigInteger, Select, column, func, literal, select, table, text

from store.models import Message, Thread
from store.queries.access_filter import Reader, of_kind, readable_messages
from store.search import Phrase, for_fts5, for_like, for_tsquery
from store.session import Session

MOST_SCANNED = 1000  # newest messages of a thread that are looked through without the index
FREQUENT = 5000  # messages

_message = Message.table()
_thread = Thread.table()
_fts5 = table("message_words", column("rowid", BigInteger()))
_tsvector = table(
    "message_words", column("id", BigInteger()), column("thread_id", BigInteger()), column("words")
)


def hits(
    session: Session, wanted: Sequence[Phrase], reader: Reader, *, thread_id: int | None = None,
    kind: str | None = None, record_type: str | None = None, before: int | None = None, after: int | None = None,
    limit: int, whole: Collection[Phrase] = (),
) -> list[int]:  # fmt: skip
    """Ids of the messages that hold all phrases and that the reader may read, newest first.

    thread_id: of one thread only. after: the oldest that are newer than this id. whole: the phrases
    whose last word is no beginning of a longer one. wanted must not be empty.
    """
    found, ids = _indexed(session, wanted, thread_id, whole)
    narrow = readable_messages(session, reader)
    if kind:
        narrow.append(of_kind(kind))
    if record_type:
        narrow.append(_thread.c.record_type == record_type)
    if narrow:
        found = found.join(_message, _message.c.id == ids).join(_thread, _thread.c.id == _message.c.thread_id)
        found = found.where(*narrow)
    if before is not None:
        found = found.where(ids < before)
    if after is not None:
        return list(session.execute(found.where(ids > after).order_by(ids).limit(limit)).scalars())[::-1]
    return list(session.execute(found.order_by(ids.desc()).limit(limit)).scalars())


def _indexed(
    session: Session, wanted: Sequence[Phrase], thread_id: int | None, whole: Collection[Phrase]
) -> tuple[Select[Any], Any]:
    """The question to the index of this database, and its column of message ids."""
    if session.dialect.name == "postgresql":
        ids = _tsvector.c.id
        query = func.to_tsquery(text("'simple'"), for_tsquery(wanted, whole))
        found = select(ids).select_from(_tsvector).where(_tsvector.c.words.op("@@")(query))
        return (found if thread_id is None else found.where(_tsvector.c.thread_id == thread_id)), ids
    match = text("message_words MATCH :wanted").bindparams(wanted=for_fts5(wanted, thread_id, whole))
    return select(_fts5.c.rowid).select_from(_fts5).where(match), _fts5.c.rowid


def is_frequent(session: Session, phrase: Phrase) -> bool:
    """The whole words stand in so many messages that the index is not asked for longer ones that begin so."""
    found, _ = _indexed(session, [phrase], None, [phrase])
    return session.execute(found.offset(FREQUENT).limit(1)).first() is not None


def is_small(session: Session, thread_id: int) -> bool:
    """The thread is as quickly looked through as the index is asked."""
    beyond = select(_message.c.id).where(_message.c.thread_id == thread_id).order_by(_message.c.id.desc())
    return session.execute(beyond.offset(MOST_SCANNED).limit(1)).first() is None


def scan(
    session: Session, wanted: Sequence[Phrase], reader: Reader, *, thread_id: int, kind: str | None = None,
    inside: bool = False,
) -> list[int]:  # fmt: skip
    """As ``hits`` among the newest messages of a thread, without the index: a beginning of any length will do.

    inside: the phrases may also stand inside longer words, where the index finds nothing.
    """
    newest = (
        select(_message.c.id)
        .where(_message.c.thread_id == thread_id)
        .order_by(_message.c.id.desc())
        .limit(MOST_SCANNED)
    )
    found = select(_message.c.id).join(_thread, _thread.c.id == _message.c.thread_id)
    padded = literal(" ") + _message.c.search_text
    for phrase in wanted:
        found = found.where(padded.contains(for_like(phrase, inside=inside)))
    if kind:
        found = found.where(of_kind(kind))
    found = found.where(_message.c.id.in_(newest), *readable_messages(session, reader))
    return list(session.execute(found.order_by(_message.c.id.desc())).scalars())
