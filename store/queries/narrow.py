"""A list narrowed by what no index holds: so many of its rows are judged, and where that ended is told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select

from store.queries.newest import among, newest
from store.session import Session

MOST_JUDGED = 2000  # rows of which one page asks whether they belong to it
_FIRST = 4  # times the page: enough where most rows belong to it


class Found(NamedTuple):
    """Ids of rows, newest first. reached: the id down to which was looked when that ended before the page was full
    and before the end; None = the page is full, or nothing older is left."""

    ids: list[int]
    reached: int | None = None


class Window(NamedTuple):
    """Rows of a list, newest first. reached: as in ``Found``."""

    rows: list[Any]
    reached: int | None = None


def judged(
    candidates: Callable[[int], list[int]], belonging: Callable[[Sequence[int]], Collection[int]], *, first: int, limit: int
) -> Found:  # fmt: skip
    """The first of the candidates that belong to the list, in their order.

    candidates: answers at most so many ids, in the order in which they are read. belonging: those of some ids
    that belong to the list; asked once about each. first: how many are asked about at first, which is enough for
    most readers.
    """
    judged: set[int] = set()
    belongs: set[int] = set()
    for most in (min(first, MOST_JUDGED), MOST_JUDGED):
        ids = candidates(most)
        belongs.update(belonging([one for one in ids if one not in judged]))
        judged.update(ids)
        found = [one for one in ids if one in belongs]
        if len(found) >= limit or len(ids) < most:
            return Found(found[:limit])
    return Found(found, ids[-1])


def merged(found: Found, others: Sequence[int], limit: int, *, upwards: bool = False) -> Found:
    """What was found and other ids of the same list as one page; others beyond where the looking ended come later.

    upwards: both are read from lower ids to higher ones.
    """
    reached = found.reached
    near = [one for one in others if reached is None or (one <= reached if upwards else one >= reached)]
    ids = sorted({*found.ids, *near}, reverse=not upwards)
    return Found(ids[:limit], None if len(ids) >= limit else reached)


def newest_first(found: Found, *, upwards: bool) -> Found:
    """Ids that were read upwards as a page of a list that is newest first: what lies above it no cursor names."""
    return Found(found.ids[::-1]) if upwards else found


def narrowed(
    session: Session, candidates: Select[int], rows: Callable[[ColumnElement[bool]], Select[Any]],
    key: ColumnElement[int], *, before: int | None, after: int | None, limit: int,
) -> Window:  # fmt: skip
    """The candidates that belong to the list, newest first; after: the oldest that are newer than this id.

    candidates: ids, all of them, in no order. rows: makes the list, with what narrows it, out of the condition
    on the key that it is one of them.
    """
    upwards = after is not None
    order = key if upwards else key.desc()
    page: dict[int, Any] = {}

    def belonging(ids: Sequence[int]) -> Collection[int]:
        found = rows(among(session, key, ids)).order_by(order).limit(limit)
        page.update((row.id, row) for row in session.execute(found))
        return page.keys()

    def nearest(most: int) -> list[int]:
        return list(session.execute(newest([candidates], before=before, after=after, limit=most)).scalars())

    found = newest_first(judged(nearest, belonging, first=_FIRST * limit, limit=limit), upwards=upwards)
    return Window([page[one] for one in found.ids], found.reached)
