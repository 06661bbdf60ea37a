"""A part of a list: so many rows beside a key, read in the order of an index and answered in that of the list."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select

from store.session import Session


def part(
    session: Session, rows: Select[Any], key: ColumnElement[Any], *, before: Any = None, after: Any = None, limit: int,
    rising: bool = False,
) -> list[Any]:  # fmt: skip
    """The rows of a list whose keys are lower than ``before`` or higher than ``after``, None = anywhere.

    rows: the list without order. key: by which it is ordered, falling unless ``rising``. Where it goes on
    from a key, these are its next rows; where it is read back from one, the nearest that stand above it.
    """
    near = nearest(rows, key, before=before, after=after, limit=limit, rising=rising)
    found = list(session.execute(near))
    return found[::-1] if _is_back(before, after, rising) else found


def nearest(
    rows: Select[Any], key: ColumnElement[Any], *, before: Any, after: Any, limit: int, rising: bool = False
) -> Select[Any]:
    """The question behind ``part``: its rows, the nearest to the key first."""
    if before is not None:
        rows = rows.where(key < before)
    if after is not None:
        rows = rows.where(key > after)
    upwards = rising != _is_back(before, after, rising)
    return rows.order_by(key if upwards else key.desc()).limit(limit)


def _is_back(before: Any, after: Any, rising: bool) -> bool:
    return (before if rising else after) is not None
