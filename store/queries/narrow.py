"""A list narrowed by what no index holds: so many of its newest rows are judged, and where that ended is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select

from store.queries.newest import among
from store.session import Session

MOST_JUDGED = 5000  # rows of which one page asks whether they belong to it
_FIRST = 4  # times the page: enough where most rows belong to it


class Window(NamedTuple):
    """Rows of a list, newest first. reached: the id down to which was looked when that ended before the page was full
    and before the end; None = the page is full, or nothing older is left."""

    rows: list[Any]
    reached: int | None = None


def narrowed(
    session: Session, candidates: Select[int], rows: Callable[[ColumnElement[bool]], Select[Any]],
    key: ColumnElement[int], *, limit: int,
) -> Window:  # fmt: skip
    """The newest of the candidates that belong to the list.

    candidates: ids, all of them, in no order. rows: makes the list, with what narrows it, out of the condition
    on the key that it is one of them.
    """
    ordered = candidates.order_by(candidates.selected_columns[0].desc())
    for most in (min(_FIRST * limit, MOST_JUDGED), MOST_JUDGED):
        ids = list(session.execute(ordered.limit(most)).scalars())
        page = list(session.execute(rows(among(session, key, ids)).order_by(key.desc()).limit(limit)))
        if len(page) == limit or len(ids) < most:
            return Window(page)
    return Window(page, ids[-1])
