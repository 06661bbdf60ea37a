"""Find records, partners and mails by the words that name them: the lists in which people type.

FTS5 on SQLite, a GIN index over the same column on PostgreSQL; both hold what ``store.search.indexed`` made
and answer in the order of ids. Only where no word begins so, the newest rows are looked through for a part of
one, and never more than a fixed number of them: no question costs more as the store grows.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, ColumnElement, FromClause, Select, Table, column, func, select, table, text

from store.models import InboundMail, Partner, Thread
from store.search import Phrase, for_fts5, for_like, for_tsquery, phrases
from store.session import Session

RECORDS, PARTNERS, MAILS = Thread.table(), Partner.table(), InboundMail.table()
MOST_SCANNED = 1000  # newest rows that are looked through for a part of a word


def named(
    session: Session, rows: Table, query: str, *, where: Sequence[ColumnElement[bool]] = (),
    joined: FromClause | None = None, before: int | None = None, after: int | None = None, limit: int,
) -> list[int]:  # fmt: skip
    """Ids of the rows that hold all words of the query, the last word of each phrase at least in its beginning.

    rows: RECORDS, PARTNERS or MAILS. where: further conditions on them, and on what they are joined with.
    Newest first; with ``after`` (0 = from the start) the oldest first, above that id. Empty when the query has no words.
    """
    wanted = phrases(query)
    if not wanted:
        return []
    found = _indexed(session, rows, wanted, joined)
    ids = _page(session, found.where(*where), rows, before, after, limit)
    if ids:
        return ids
    inside = [rows.c.search_text.contains(for_like(phrase, inside=True)) for phrase in wanted]
    newest = rows.c.id > select(func.max(rows.c.id) - MOST_SCANNED).scalar_subquery()
    scanned = select(rows.c.id).select_from(rows if joined is None else joined)
    return _page(session, scanned.where(newest, *inside, *where), rows, before, after, limit)


def _indexed(
    session: Session, rows: Table, wanted: Sequence[Phrase], joined: FromClause | None
) -> Select[tuple[int]]:
    """The question to the index of this database. A single letter is a whole word: too many begin with it."""
    whole = [phrase for phrase in wanted if len(phrase[-1]) < 2]
    if session.dialect.name == "postgresql":
        query = func.to_tsquery(text("'simple'"), for_tsquery(wanted, whole))
        holds = func.to_tsvector(text("'simple'"), rows.c.search_text).op("@@")(query)
        return select(rows.c.id).select_from(rows if joined is None else joined).where(holds)
    index = table(f"{rows.name}_words", column("rowid", BigInteger()))
    match = text(f"{index.name} MATCH :wanted").bindparams(wanted=for_fts5(wanted, None, whole))
    source = index.join(rows if joined is None else joined, rows.c.id == index.c.rowid)
    return select(index.c.rowid.label("id")).select_from(source).where(match)


def _page(
    session: Session,
    found: Select[tuple[int]],
    rows: Table,
    before: int | None,
    after: int | None,
    limit: int,
) -> list[int]:
    ids = found.selected_columns[0]
    if before is not None:
        found = found.where(ids < before)
    if after is not None:
        found = found.where(ids > after)
    order = ids.desc() if after is None else ids
    return [row.id for row in session.execute(found.order_by(order).limit(limit))]
