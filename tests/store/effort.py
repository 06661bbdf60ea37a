"""How much a database does for a question: rows visited on PostgreSQL, steps of its machine on SQLite.

Rows are those of EXPLAIN ANALYZE, also those that a filter threw away; a plan alone would not tell an index scan
that ends after a page from one that reads the whole index. FTS5 works outside of SQLite's machine, so its hits
count only as they are fetched; the bench of the search measures the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from store.session import Database, Session

Ask = Callable[[Session], Any]
_STEPS = 50


def effort(database: Database, ask: Ask) -> int:
    """What a question costs, in the unit of the database."""
    return _rows(database, ask) if database.is_postgresql else _steps(database, ask)


def _steps(database: Database, ask: Ask) -> int:
    count = 0

    def step() -> int:
        nonlocal count
        count += _STEPS
        return 0

    with database.read() as session:
        driver = session.connection.driver_connection
        driver.set_progress_handler(step, _STEPS)
        try:
            ask(session)
        finally:
            driver.set_progress_handler(None, 0)
    return count


def _rows(database: Database, ask: Ask) -> int:
    asked: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    with database.read() as session:
        for way in (
            "seqscan",
            "hashjoin",
            "mergejoin",
        ):  # which read a small table whole: there that is quicker
            session.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        event.listen(session, "before_cursor_execute", note)
        ask(session)
        event.remove(session, "before_cursor_execute", note)
        return sum(_visited(_plan(session, statement, values)) for statement, values in asked)


def _plan(session: Session, statement: str, values: Any) -> dict[str, Any]:
    explained = session.exec_driver_sql(
        f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", values
    ).scalar_one()
    plan: dict[str, Any] = explained[0]["Plan"]
    return plan


def _visited(node: dict[str, Any]) -> int:
    removed = sum(value for name, value in node.items() if name.startswith("Rows Removed by"))
    rows = (node["Actual Rows"] + removed) * node["Actual Loops"]
    return int(rows) + sum(_visited(part) for part in node.get("Plans", ()))
