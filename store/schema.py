"""Bring the schema of a database up to date, once, however many processes start together.

Everything happens in one write transaction: SQLite's BEGIN IMMEDIATE keeps others out, on PostgreSQL
an advisory lock does. A step that fails leaves the schema as it was. Every verb asks whether the schema is
right, so alembic is imported only where it has something to do.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from store.session import Database, Session

if TYPE_CHECKING:
    from alembic.config import Config

_LOCK = 0x7468726561  # any number that is ours alone: "threa"
_BY_TRIGGERS = re.compile(r"(ix_)?((message|thread|partner|inbound_mail)_words|thread_member)")
_VERSIONS = Path(__file__).parent / "migrations" / "versions"
_lock = text("SELECT pg_advisory_xact_lock(:number)")
_revision = text("SELECT version_num FROM alembic_version")


def upgrade(database: Database) -> str:
    """Run the steps that are missing; answers the revision reached. Raises StoreUnavailable."""
    with database.write() as session:
        if database.is_postgresql:
            session.execute(_lock, {"number": _LOCK})
        if _current(session) != head():
            _run_missing(session)
        return head()


def current(database: Database) -> str | None:
    """The revision of the database, None when it is empty."""
    with database.read() as session:
        return _current(session)


def pending(database: Database) -> list[str]:
    """The revisions still to run, in order."""
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(_config())
    missing = script.iterate_revisions("head", current(database) or "base")
    return [step.revision for step in missing][::-1]


def head() -> str:
    """The newest revision that this program knows: the file of each begins with its number."""
    newest = max((file.stem.partition("_")[0] for file in _VERSIONS.glob("[0-9]*_*.py")), default=None)
    if newest is None:
        raise RuntimeError("the program was installed without its migrations")
    return newest


def differences(database: Database) -> list[object]:
    """How the schema differs from the models; empty when it does not."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    from store.models import Base

    with database.read() as session:
        opts = {"compare_type": True, "include_name": _is_described}
        return list(compare_metadata(MigrationContext.configure(session, opts=opts), Base.metadata))


def _is_described(name: str | None, kind: str, _: object) -> bool:
    """The models describe it: everything but what triggers keep, which each database has in its own way."""
    return not (kind in ("table", "index") and _BY_TRIGGERS.match(name or ""))


def _current(session: Session) -> str | None:
    if not inspect(session).has_table("alembic_version"):
        return None
    found: str | None = session.execute(_revision).scalar()
    return found


def _run_missing(session: Session) -> None:
    from alembic.command import upgrade

    upgrade(_config(session), "head")


def _config(session: Session | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = session
    return config
