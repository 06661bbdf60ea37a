"""The newest rows of several lists as one list: each is read in the order of its own index, only so far as needed.

One condition with OR, or IN, would make a database read and sort everything that satisfies it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    any_,
    bindparam,
    func,
    literal,
    select,
    union_all,
)

from store.session import Session


def newest(
    lists: Sequence[Select[int]], *, before: int | None = None, after: int | None = None, limit: int
) -> Select[int]:
    """Ids of the rows that stand in any of the lists, newest first; with ``after`` the oldest first, above that id.

    lists: at least one; the first column of each is the id. before, after: of ids; limit: of rows.
    """
    parts = []
    for one in lists:
        key = one.selected_columns[0]
        part = _bounded(one, key, before, after, limit).subquery()
        parts.append(select(part.c[0].label("id")))
    if len(parts) == 1:
        merged = parts[0].subquery()
        return _bounded(select(merged.c.id), merged.c.id, None, after, limit)
    merged = union_all(*parts).subquery()
    return _bounded(select(merged.c.id).distinct(), merged.c.id, None, after, limit)


def _bounded(
    rows: Select[int], key: ColumnElement[Any], before: int | None, after: int | None, limit: int
) -> Select[int]:
    if before is not None:
        rows = rows.where(key < before)
    if after is not None:
        rows = rows.where(key > after)
    return rows.order_by(key.desc() if after is None else key).limit(limit)


Question = Callable[[Sequence[Sequence[str]]], Select[int]]
"""Makes the question to an index of words, narrowed to rows that have one of the marks of each list."""

FIRST_BITS, MORE_BITS, LEVELS = 12, 3, "abcde"
_FIRST, _MOST_GROWTH = 2 << FIRST_BITS, 16  # rows of the first step, and how much wider the next one may be
_SAMPLE = 4 << FIRST_BITS
_FEWEST = 20  # hits in a sample that say anything


def _levels() -> list[tuple[str, int]]:
    """The marks of a row for its place among the ids: a level, and by how many bits its id is shortened (migration 0008)."""
    return [(level, FIRST_BITS + MORE_BITS * number) for number, level in enumerate(LEVELS)]


def by_words(
    session: Session, question: Question, rows: FromClause, *, before: int | None, after: int | None, limit: int,
    first: int | None = None,
) -> list[int]:  # fmt: skip
    """The newest ids of what an index of words finds, or with ``after`` the oldest above that id, in that order.

    rows: what the ids are of. SQLite's index answers in the order of ids. PostgreSQL's gives all hits of a frequent
    word before they can be sorted; so there the newest few thousand rows are asked, and then as many more as should
    hold what is wanted still, but never more than sixteen times as many as before. first: how many rows are asked at
    first, where more is known about what is asked for.
    """
    if session.dialect.name != "postgresql":
        found = question([])
        return list(
            session.execute(_bounded(found, found.selected_columns[0], before, after, limit)).scalars()
        )
    last = _last(session, rows)
    at = after + 1 if after is not None else last if before is None else min(last, before - 1)
    ids: list[int] = []
    wanted, looked_at = first or _FIRST, 0
    while 0 <= at <= last and len(ids) < limit:
        step = _step(at, wanted, up=after is not None)
        found = question([step.marks] if step.marks else [])
        key = found.selected_columns[0] + 0  # so that no other index is taken, which would read every row
        part = found.where(key >= step.low, key <= step.high).order_by(key.desc() if after is None else key)
        ids += session.execute(part.limit(limit - len(ids))).scalars()
        looked_at += step.high - step.low + 1
        wanted = min(_MOST_GROWTH * wanted, 2 * looked_at * limit // max(1, len(ids)))
        at = step.low - 1 if after is None else step.high + 1
    return ids


def is_in_more(session: Session, question: Question, rows: FromClause, most: int) -> bool:
    """An index of words finds more rows than these; on PostgreSQL, whose index counts by reading them all, as far as
    the newest part of a large table tells."""
    last = _last(session, rows) if session.dialect.name == "postgresql" else 0
    step = _step(last, _SAMPLE, up=False)
    if step.low == 0:
        return len(by_words(session, question, rows, before=None, after=None, limit=most + 1)) > most
    most = max(_FEWEST, most * (last - step.low) // last)
    return len(session.execute(question([step.marks]).limit(most + 1)).all()) > most


def _last(session: Session, rows: FromClause) -> int:
    return int(session.execute(select(func.coalesce(func.max(rows.c.id), 0))).scalar_one())


class _Step(NamedTuple):
    """Some rows that follow each other. marks: one of them is on each, [] = they have none in common."""

    marks: list[str]
    low: int
    high: int


def _step(at: int, wanted: int, *, up: bool) -> _Step:
    """About so many rows from this id on, towards newer ones or older ones, that eight marks can name."""
    for level, bits in _levels():
        count = max(1, wanted >> bits)
        if count <= 8:
            near = at >> bits
            far = near + count - 1 if up else max(0, near - count + 1)
            bottom, top = (near, far) if up else (far, near)
            marks = [f"{level}{number}" for number in range(bottom, top + 1)]
            return _Step(marks, at, ((top + 1) << bits) - 1) if up else _Step(marks, bottom << bits, at)
    return _Step([], at, sys.maxsize) if up else _Step([], 0, at)


def among(session: Session, key: ColumnElement[int], ids: Sequence[int]) -> ColumnElement[bool]:
    """The condition that a key is one of many ids; one value for the database, however many they are."""
    if session.dialect.name == "postgresql":
        return key == any_(literal(list(ids), ARRAY(BigInteger)))
    each = func.json_each(bindparam(None, str(list(ids)), unique=True)).table_valued("value")
    return key.in_(select(each.c.value))
