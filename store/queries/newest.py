"""The newest rows of several lists as one list: each is read in the order of its own index, only so far as needed.

One condition with OR, or IN, would make a database read and sort everything that satisfies it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

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


def marks_of(row_id: int) -> list[str]:
    """The marks of a row by which PostgreSQL's indexes of words are asked in steps (migration 0008).

    >>> marks_of(5000)
    ['a1', 'b0', 'c0', 'd0', 'e0']
    """
    return [f"{level}{row_id >> bits}" for level, bits in _levels()]


def _levels() -> list[tuple[str, int]]:
    return [(level, FIRST_BITS + MORE_BITS * number) for number, level in enumerate(LEVELS)]


def by_words(
    session: Session, question: Question, rows: FromClause, *, before: int | None, after: int | None, limit: int
) -> list[int]:  # fmt: skip
    """The newest ids of what an index of words finds, or with ``after`` the oldest above that id, in that order.

    rows: what the ids are of. SQLite's index answers in the order of ids. PostgreSQL's gives all hits of a frequent
    word before they can be sorted; so there the newest few thousand rows are asked, and eight times as many each time
    that this is not enough.
    """
    if session.dialect.name != "postgresql":
        found = question([])
        return list(
            session.execute(_bounded(found, found.selected_columns[0], before, after, limit)).scalars()
        )
    last = session.execute(select(func.coalesce(func.max(rows.c.id), 0))).scalar_one()
    if after is None:
        steps = _down(last if before is None else min(last, before - 1))
    else:
        steps = _up(after + 1, last)
    ids: list[int] = []
    for marks, low, high in steps:
        found = question([marks] if marks else [])
        key = found.selected_columns[0] + 0  # so that no other index is taken, which would read every row
        part = found.where(key >= low, key <= high).order_by(key.desc() if after is None else key)
        ids += session.execute(part.limit(limit - len(ids))).scalars()
        if len(ids) >= limit:
            break
    return ids


def _down(high: int) -> Iterator[tuple[list[str], int, int]]:
    """Ever wider steps to older rows, from this id down: the marks of each, its lowest and its highest id."""
    for level, bits in _levels():
        if high < 0:
            return
        top = high >> bits
        low = max(0, top - 1) << bits
        yield [f"{level}{number}" for number in (top, top - 1) if number >= 0], low, high
        high = low - 1
    if high >= 0:
        yield [], 0, high


def _up(low: int, last: int) -> Iterator[tuple[list[str], int, int]]:
    """As ``_down``, from this id to the last."""
    for level, bits in _levels():
        if low > last:
            return
        bottom = low >> bits
        high = ((bottom + 2) << bits) - 1
        yield [f"{level}{bottom}", f"{level}{bottom + 1}"], low, high
        low = high + 1
    if low <= last:
        yield [], low, last


def among(session: Session, key: ColumnElement[int], ids: Sequence[int]) -> ColumnElement[bool]:
    """The condition that a key is one of many ids; one value for the database, however many they are."""
    if session.dialect.name == "postgresql":
        return key == any_(literal(list(ids), ARRAY(BigInteger)))
    each = func.json_each(bindparam(None, str(list(ids)), unique=True)).table_valued("value")
    return key.in_(select(each.c.value))
