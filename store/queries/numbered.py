"""Rows whose ids are wanted, entered many at a time, in few statements.

SQLite answers the ids as it enters the rows. PostgreSQL is asked for the numbers first and then given the rows:
to enter a thousand messages with RETURNING is one statement of 24,000 parameters, and takes three times as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, bindparam, func, insert, select

from store.session import Session


class Numbered:
    """A table whose column ``id`` counts by itself."""

    def __init__(self, table: Table) -> None:
        self._add = insert(table)
        self._add_returning = self._add.returning(table.c.id, sort_by_parameter_order=True)
        counter = func.nextval(func.pg_get_serial_sequence(table.name, "id"))
        self._next = select(counter).select_from(func.generate_series(1, bindparam("count")))

    def add(self, session: Session, rows: Sequence[dict[str, Any]]) -> list[int]:
        """Enter rows (columns without id); answers their ids in order."""
        if not rows:
            return []
        if session.dialect.name != "postgresql":
            return list(session.execute(self._add_returning, list(rows)).scalars())
        ids = list(session.execute(self._next, {"count": len(rows)}).scalars())
        session.execute(self._add, [{**row, "id": id_} for row, id_ in zip(rows, ids, strict=True)])
        return ids
