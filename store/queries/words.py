"""Find records, partners and mails by the words that name them: the lists in which people type.

FTS5 on SQLite, a GIN index over the same column on PostgreSQL; both hold what ``store.search.indexed`` made
and answer in the order of ids. Only where no word begins so, the newest rows are looked through for a part of
one. Where there are further conditions, they are asked of the newest rows with the words. Both are never more
than a fixed number of rows: no question costs more as the store grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Table, cast, column, func, select, table, text
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR

from store.models import InboundMail, Partner, Thread
from store.queries.narrow import Found, judged
from store.queries.newest import ByWords, among
from store.search import Phrase, for_fts5, for_like, for_tsquery, marked_tsquery, phrases
from store.session import Session

RECORDS, PARTNERS, MAILS = Thread.table(), Partner.table(), InboundMail.table()
_FIRST = 10  # times the page, of which further conditions are asked at first
MOST_SCANNED = 1000  # newest rows that are looked through for a part of a word


def named(
    session: Session, rows: Table, query: str, *, where: Sequence[ColumnElement[bool]] = (),
    before: int | None = None, after: int | None = None, limit: int,
) -> Found:  # fmt: skip
    """Ids of the rows that hold all words of the query, the last word of each phrase at least in its beginning.

    rows: RECORDS, PARTNERS or MAILS. where: further conditions on them.
    Newest first; with ``after`` (0 = from the start) the oldest first, above that id. Empty when the query has no words.
    """
    wanted = phrases(query)
    if not wanted:
        return Found([])

    def question(marks: Sequence[Sequence[str]]) -> Select[int]:
        return _indexed(session, rows, wanted, marks)

    candidates = ByWords(session, question, rows, before=before, after=after).first

    def belonging(ids: Sequence[int]) -> Sequence[int]:
        return list(
            session.execute(select(rows.c.id).where(among(session, rows.c.id, ids), *where)).scalars()
        )

    if where:
        found = judged(candidates, belonging, first=_FIRST * limit, limit=limit)
    else:
        found = Found(candidates(limit))
    if found.ids or found.reached is not None:
        return found
    return Found(_inside(session, rows, wanted, where, before=before, after=after, limit=limit))


def _inside(
    session: Session, rows: Table, wanted: Sequence[Phrase], where: Sequence[ColumnElement[bool]], *,
    before: int | None, after: int | None, limit: int,
) -> list[int]:  # fmt: skip
    """Those of the newest rows that hold the phrases somewhere, also inside longer words."""
    last = session.execute(select(func.max(rows.c.id))).scalar() or 0
    holds = [rows.c.search_text.contains(for_like(phrase, inside=True)) for phrase in wanted]
    scanned = select(rows.c.id).where(rows.c.id > max(last - MOST_SCANNED, after or 0), *holds, *where)
    if before is not None:
        scanned = scanned.where(rows.c.id < before)
    order = rows.c.id.desc() if after is None else rows.c.id
    return list(session.execute(scanned.order_by(order).limit(limit)).scalars())


def _indexed(
    session: Session, rows: Table, wanted: Sequence[Phrase], marks: Sequence[Sequence[str]]
) -> Select[int]:
    """The question to the index of this database. A single letter is a whole word: too many begin with it."""
    whole = [phrase for phrase in wanted if len(phrase[-1]) < 2]
    if session.dialect.name == "postgresql":
        query: ColumnElement[Any] = func.to_tsquery(text("'simple'"), for_tsquery(wanted, whole))
        if marks:
            query = query.op("&&")(cast(marked_tsquery(marks), TSQUERY))
        holds = func.listed_words(rows.c.id, rows.c.search_text, type_=TSVECTOR).op("@@")(query)
        return select(rows.c.id).where(holds)
    index = table(f"{rows.name}_words", column("rowid", BigInteger()))
    match = text(f"{index.name} MATCH :wanted").bindparams(wanted=for_fts5(wanted, whole))
    return select(index.c.rowid.label("id")).select_from(index).where(match)
