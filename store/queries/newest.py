"""The newest rows of several lists as one list: each is read in the order of its own index, only so far as needed.

One condition with OR, or IN, would make a database read and sort everything that satisfies it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

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

from store.queries.part import nearest
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
        part = nearest(one, key, before=before, after=after, limit=limit).subquery()
        parts.append(select(part.c[0].label("id")))
    if len(parts) == 1:
        merged = parts[0].subquery()
        return nearest(select(merged.c.id), merged.c.id, before=None, after=after, limit=limit)
    merged = union_all(*parts).subquery()
    return nearest(select(merged.c.id).distinct(), merged.c.id, before=None, after=after, limit=limit)


Question = Callable[[Sequence[Sequence[str]]], Select[int]]
"""Makes the question to an index of words, narrowed to rows that have one of the marks of each list."""

FIRST_BITS, MORE_BITS, LEVELS = 12, 3, "abcde"
_FIRST, _MOST_GROWTH = 2 << FIRST_BITS, 16  # rows of the first step, and how much wider the next one may be
_SAMPLE = 4 << FIRST_BITS
_FEWEST = 20  # hits in a sample that say anything


def _levels() -> list[tuple[str, int]]:
    """The marks of a row for its place among the ids: a level, and by how many bits its id is shortened (migration 0008)."""
    return [(level, FIRST_BITS + MORE_BITS * number) for number, level in enumerate(LEVELS)]


class ByWords:
    """The ids of what an index of words finds, newest first, or with ``after`` the oldest above that id, in that order.

    rows: what the ids are of. SQLite's index answers in the order of ids. PostgreSQL's gives all hits of a frequent
    word before they can be sorted; so there the newest few thousand rows are asked, and then as many more as should
    hold what is wanted still, but never more than sixteen times as many as before. first: how many rows are asked at
    first, where more is known about what is asked for; all at once where there are not so many. last: the id of
    the newest row, where it is known.
    """

    def __init__(
        self, session: Session, question: Question, rows: FromClause, *, before: int | None = None,
        after: int | None = None, first: int | None = None, last: int | None = None,
    ) -> None:  # fmt: skip
        self._session, self._question, self._rows = session, question, rows
        self._before, self._after, self._wanted = before, after, first or _FIRST
        self._ids: list[int] = []
        self._last, self._looked_at = last, 0
        self._place: tuple[int, int] | None = None

    def first(self, count: int) -> list[int]:
        """So many ids, fewer where there are no more. What was found for an earlier call is not asked for again."""
        if len(self._ids) < count:
            if self._session.dialect.name == "postgresql":
                self._step_on(count)
            else:
                self._read_on(count)
        return self._ids[:count]

    def _read_on(self, count: int) -> None:
        if self._ids:
            end = self._ids[-1]
            self._before, self._after = (end, None) if self._after is None else (None, end)
        found, left = self._question([]), count - len(self._ids)
        part = nearest(found, found.selected_columns[0], before=self._before, after=self._after, limit=left)
        self._ids += self._session.execute(part).scalars().all()

    def _step_on(self, count: int) -> None:
        at, last = self._place or self._start()
        up = self._after is not None
        while 0 <= at <= last and len(self._ids) < count:
            left = count - len(self._ids)
            if self._looked_at:
                enough = 2 * self._looked_at * left // max(1, len(self._ids))
                self._wanted = min(_MOST_GROWTH * self._wanted, enough)
            # what is asked whole needs no marks, which cost as much again
            whole = self._wanted > at == last and not up
            step = _Step([], 0, at) if whole else _step(at, self._wanted, up=up)
            found = self._asked(step, left)
            self._ids += found
            if len(found) == left:  # the step may hold more
                step = step._replace(high=found[-1]) if up else step._replace(low=found[-1])
            self._looked_at += step.high - step.low + 1
            at = step.high + 1 if up else step.low - 1
        self._place = at, last

    def _start(self) -> tuple[int, int]:
        last = newest_id(self._session, self._rows) if self._last is None else self._last
        if self._after is not None:
            return self._after + 1, last
        return last if self._before is None else min(last, self._before - 1), last

    def _asked(self, step: _Step, limit: int) -> list[int]:
        found = self._question([step.marks] if step.marks else [])
        key = found.selected_columns[0] + 0  # so that no other index is taken, which would read every row
        part = found.where(key >= step.low, key <= step.high)
        part = part.order_by(key.desc() if self._after is None else key).limit(limit)
        return list(self._session.execute(part).scalars().all())


def is_in_more(session: Session, question: Question, last: int, most: int) -> bool:
    """An index of words finds more rows than these; on PostgreSQL, whose index counts by reading them all, as far as
    the newest part of a large table tells. last: the id of the newest row."""
    marks: list[list[str]] = []
    if session.dialect.name == "postgresql":
        step = _step(last, _SAMPLE, up=False)
        if step.low:
            marks, most = [step.marks], max(_FEWEST, most * (last - step.low) // last)
    found = question(marks).limit(most + 1).subquery()
    return session.execute(select(func.count()).select_from(found)).scalar_one() > most


def newest_id(session: Session, rows: FromClause) -> int:
    """The id of the newest row, 0 when there is none."""
    return int(session.execute(select(func.coalesce(func.max(rows.c.id), 0))).scalar_one())


class _Step(NamedTuple):
    """Some rows that follow each other. marks: one of them is on each, [] = they have none in common."""

    marks: list[str]
    low: int
    high: int


def _step(at: int, wanted: int, *, up: bool) -> _Step:
    """About so many rows from this id on, towards newer ones or older ones, that eight marks can name."""
    for level, bits in _levels():
        count = max(1, -(-wanted >> bits))
        if count <= 8:
            near = at >> bits
            far = near + count - 1 if up else max(0, near - count + 1)
            bottom, top = (near, far) if up else (far, near)
            marks = [f"{level}{number}" for number in range(bottom, top + 1)]
            return _Step(marks, at, ((top + 1) << bits) - 1) if up else _Step(marks, bottom << bits, at)
    return _Step([], at, sys.maxsize) if up else _Step([], 0, at)


def each_of(session: Session, ids: Sequence[int]) -> ColumnElement[int]:
    """The ids as the rows of a list."""
    if session.dialect.name == "postgresql":
        return func.unnest(literal(list(ids), ARRAY(BigInteger))).column_valued("each_id")
    values: ColumnElement[int] = (
        func.json_each(bindparam(None, str(list(ids)), unique=True)).table_valued("value").c.value
    )
    return values


def among(session: Session, key: ColumnElement[int], ids: Sequence[int]) -> ColumnElement[bool]:
    """The condition that a key is one of many ids; one value for the database, however many they are."""
    if session.dialect.name == "postgresql":
        return key == any_(literal(list(ids), ARRAY(BigInteger)))
    return key.in_(select(each_of(session, ids)))
