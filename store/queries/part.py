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
    if before is not None:
        rows = rows.where(key < before)
    if after is not None:
        rows = rows.where(key > after)
    back = (before if rising else after) is not None
    upwards = rising != back
    found = list(session.execute(rows.order_by(key if upwards else key.desc()).limit(limit)))
    return found[::-1] if back else found
