"""Transactions: one engine for reading, one for writing, the same code on SQLite and PostgreSQL.

A Session is a SQLAlchemy Core connection inside a transaction. On SQLite a write begins with BEGIN
IMMEDIATE behind one lock of the process (without it 588 of 800 concurrent updates were lost, silently),
a read is a deferred BEGIN with query_only=ON; WAL, synchronous=FULL because a 250 promises.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError, TimeoutError

from store.bell import Bell, notify_others, take_rings
from store.trouble import StoreUnavailable as StoreUnavailable

Session = Connection

_BUSY_SECONDS = 8.0


class Database:
    """Opens transactions on one database.

    url: a SQLAlchemy URL, ``sqlite:////path`` or ``postgresql+psycopg://...``.
    """

    def __init__(self, url: str, *, bell: Bell | None = None, pool_size: int = 8) -> None:
        self.bell = bell or Bell()
        self.url = make_url(url)
        if self.url.drivername in ("postgresql", "postgres"):
            self.url = self.url.set(drivername="postgresql+psycopg")
        self.is_postgresql = self.url.get_backend_name() == "postgresql"
        self.driver_errors: tuple[type[Exception], ...] = (OSError, StoreUnavailable)
        self._write_lock: contextlib.AbstractContextManager[Any] = (
            contextlib.nullcontext() if self.is_postgresql else threading.Lock()
        )
        if self.is_postgresql:
            from psycopg import Error

            self.driver_errors = (*self.driver_errors, Error)
            self._writer = self._reader = self._postgresql_engine(pool_size)
        else:
            Path(self.url.database or "").parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._sqlite_engine(pool_size=1, begin="BEGIN IMMEDIATE", query_only=False)
            self._reader = self._sqlite_engine(pool_size=pool_size, begin="BEGIN", query_only=True)

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads. Raises StoreUnavailable."""
        with _translated(), self._reader.connect() as session, session.begin():
            yield session

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that commits at the end, rings the bells noted in it, or rolls back whole.

        Raises StoreUnavailable.
        """
        with _translated():
            with self._write_lock, self._writer.connect() as session:
                session.info.clear()
                with session.begin():
                    yield session
                    notify_others(session)
                rings = take_rings(session)
            if rings:
                self.bell.rang(rings)

    @contextlib.contextmanager
    def rehearse(self) -> Iterator[Session]:
        """A writing transaction that always rolls back (``explain``, dry runs)."""
        with _translated(), self._write_lock, self._writer.connect() as session:
            session.info.clear()
            transaction = session.begin()
            try:
                yield session
            finally:
                transaction.rollback()
                session.info.clear()

    @contextlib.contextmanager
    def plain_connection(self) -> Iterator[Any]:
        """A driver connection of its own, outside the pool (for LISTEN and data_version)."""
        if self.is_postgresql:
            import psycopg

            url = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
            with psycopg.connect(url) as connection:
                yield connection
            return
        pooled = self._reader.raw_connection()
        try:
            yield pooled.driver_connection
        finally:
            pooled.close()

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations."""
        return self._writer

    def close(self) -> None:
        """Close every pooled connection."""
        self._writer.dispose()
        self._reader.dispose()

    def _postgresql_engine(self, pool_size: int) -> Engine:
        return create_engine(
            self.url, pool_size=pool_size, max_overflow=8, pool_timeout=_BUSY_SECONDS, pool_pre_ping=True,
            json_serializer=_to_json, json_deserializer=msgspec.json.decode,
        )  # fmt: skip

    def _sqlite_engine(self, *, pool_size: int, begin: str, query_only: bool) -> Engine:
        engine = create_engine(
            self.url, pool_size=pool_size, max_overflow=8, pool_timeout=_BUSY_SECONDS,
            json_serializer=_to_json, json_deserializer=msgspec.json.decode,
            connect_args={"check_same_thread": False, "timeout": _BUSY_SECONDS},
        )  # fmt: skip

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, record: Any) -> None:
            connection.isolation_level = None  # we say BEGIN ourselves
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
                connection.execute(f"PRAGMA {pragma}")
            if query_only:
                connection.execute("PRAGMA query_only=ON")

        @event.listens_for(engine, "begin")
        def start(session: Connection) -> None:
            session.exec_driver_sql(begin)

        return engine


def _to_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Say StoreUnavailable where the database itself is the trouble, not the statement."""
    try:
        yield
    except (OperationalError, TimeoutError) as trouble:
        raise _unavailable(trouble) from trouble
    except DBAPIError as trouble:
        if trouble.connection_invalidated or type(trouble.orig) is sqlite3.DatabaseError:
            raise _unavailable(trouble) from trouble  # gone; or no database, or broken
        raise


def _unavailable(trouble: SQLAlchemyError) -> StoreUnavailable:
    asked = getattr(trouble, "statement", None) or ""
    return StoreUnavailable(str(trouble.__cause__ or trouble), " ".join(asked.split()[:3]))
