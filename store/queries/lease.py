"""Work that waits in a table: one owner at a time claims what is due, by a lease that runs out by itself.

``due_at`` is the lease as well: who claims a row sets it into the future, so that a row whose owner died is due again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, TextClause, bindparam, func, select, update

from store.session import Session


class Leases:
    """The leases of a table. is_open: the condition on rows that wait. answered: columns that a claim answers."""

    def __init__(self, table: Table, is_open: TextClause, answered: Sequence[ColumnElement[Any]]) -> None:
        due = (
            select(table.c.id)
            .where(is_open, table.c.due_at <= bindparam("now"))
            .order_by(table.c.due_at, table.c.id)
            .limit(bindparam("at_most"))
        )
        locked = (
            due.with_for_update(skip_locked=True).cte("due").prefix_with("MATERIALIZED", dialect="postgresql")
        )
        taken = {"owner": bindparam("claimer"), "due_at": bindparam("until"), "lease": table.c.lease + 1}
        self._claims = {
            name: update(table).where(table.c.id.in_(rows)).values(taken).returning(*answered)
            for name, rows in (("sqlite", due), ("postgresql", select(locked.c.id)))
        }
        self._next_due = select(func.min(table.c.due_at)).where(is_open)
        self._free = update(table).where(is_open, table.c.owner != "")

    def claim(
        self, session: Session, *, owner: str, now: datetime, until: datetime, at_most: int
    ) -> list[tuple[Any, ...]]:
        """Take the leases of at most so many due rows; their answered columns, in the order of the first."""
        bound = {"claimer": owner, "now": now, "until": until, "at_most": at_most}
        return sorted(tuple(row) for row in session.execute(self._claims[session.dialect.name], bound))

    def next_due(self, session: Session) -> datetime | None:
        """When the next row may be claimed, None when nothing is open."""
        due: datetime | None = session.execute(self._next_due).scalar()
        return due

    def free(self, session: Session, now: datetime) -> int:
        """Make due what a dead process of this machine held; only when no other one runs."""
        return session.execute(self._free.values(owner="", due_at=now)).rowcount
