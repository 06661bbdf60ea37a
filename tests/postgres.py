"""A throw-away PostgreSQL cluster for the tests: unix socket only, no sync, gone at the end."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg

from store import schema
from store.models import Base
from store.session import Database

OUTSIDE = "THREADPOST_TEST_DATABASE_URL"


class NoServer(Exception):
    """There is no PostgreSQL to test with; the words say why."""


_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
_SIZE = "SELECT pg_database_size(current_database())"
_FROM_ONE = (
    "SELECT setval(oid::regclass, 1, false) FROM pg_class"
    " WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace"
)


class Cluster:
    """A server on which each test gets a migrated, empty database of its own."""

    def __init__(self, url: str) -> None:
        """url: of a database in which databases may be created, ``postgresql://...``."""
        self._url = url
        self._prefix = f"threadpost_{os.getpid()}"
        self._template = f"{self._prefix}_template"
        self._numbers = itertools.count(1)
        self._clean: list[str] = []
        self._admin(f'CREATE DATABASE "{self._template}"')
        database = Database(self._of(self._template))
        schema.upgrade(database)
        database.close()
        with psycopg.connect(self._of(self._template), autocommit=True) as connection:
            self._tables = {row[0] for row in connection.execute(_TABLES)} - {"alembic_version"}
            [(self._size,)] = connection.execute(_SIZE)
        described = [table.name for table in reversed(Base.metadata.sorted_tables)]
        self._children_first = [*described, *(self._tables - set(described))]

    def create(self, *, new: bool = False) -> str:
        """A migrated, empty database, new or used and cleaned; answers its URL."""
        if self._clean and not new:
            return self._clean.pop()
        name = f"{self._prefix}_{next(self._numbers)}"
        self._admin(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}"')
        return self._of(name)

    def empty(self) -> str:
        """A database without a schema; answers its URL."""
        name = f"{self._prefix}_{next(self._numbers)}"
        self._admin(f'CREATE DATABASE "{name}"')
        return self._of(name)

    def recycle(self, url: str) -> None:
        """Empty a database of ``create`` and keep it for the next test.

        To delete few rows takes a fifth of the time of truncating all tables, or of a new database.
        """
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            found = {row[0] for row in connection.execute(_TABLES)}
            for table in found - self._tables - {"alembic_version"}:
                connection.execute(f'DROP TABLE "{table}"')
            [(size,)] = connection.execute(_SIZE)
            if size > 2 * self._size:
                connection.execute(f"TRUNCATE {', '.join(self._children_first)} CASCADE")
            else:
                connection.execute("; ".join(f"DELETE FROM {table}" for table in self._children_first))
            connection.execute(_FROM_ONE)
        self._clean.append(url)

    def drop(self, url: str) -> None:
        """Remove a database and throw out whoever is connected."""
        name = url.split("?")[0].rsplit("/", 1)[1]
        self._admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def close(self) -> None:
        """Remove the databases that were kept, and the template."""
        while self._clean:
            self.drop(self._clean.pop())
        self._admin(f'DROP DATABASE IF EXISTS "{self._template}" WITH (FORCE)')

    def _of(self, name: str) -> str:
        base, mark, query = self._url.partition("?")
        return f"{base.rsplit('/', 1)[0]}/{name}{mark}{query}"

    def _admin(self, statement: str) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(statement)


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """The server named by THREADPOST_TEST_DATABASE_URL, else one started here. Raises NoServer."""
    with contextlib.ExitStack() as stack:
        outside = os.environ.get(OUTSIDE, "").replace("postgresql+psycopg", "postgresql")
        url = outside or stack.enter_context(_started())
        made = Cluster(url)
        yield made
        made.close()


def binaries() -> Path:
    """The directory of initdb and pg_ctl, the newest version first. Raises NoServer."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: _version(path.parent.parent.name)
    )
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path and shutil.which("pg_ctl"):
        return Path(on_path).parent
    raise NoServer(f"no PostgreSQL server binaries were found and {OUTSIDE} is not set")


def _version(name: str) -> int:
    return int(name) if name.isdigit() else 0


@contextlib.contextmanager
def _started() -> Iterator[str]:
    programs = binaries()
    directory = Path(tempfile.mkdtemp(prefix="tp-pg-"))
    data = directory / "data"
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(directory, "postgres")
    options = f"-c listen_addresses='' -k {directory} -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"
    try:
        _run(
            [
                *user,
                programs / "initdb",
                "-A",
                "trust",
                "-N",
                "-U",
                "postgres",
                "-E",
                "UTF8",
                "--locale=C",
                "-D",
                data,
            ],
            directory,
        )
        _run(
            [*user, programs / "pg_ctl", "-D", data, "-l", directory / "log", "-o", options, "-w", "start"],
            directory,
        )
        try:
            yield f"postgresql://postgres@/postgres?host={directory}"
        finally:
            _run([*user, programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _run(command: list[str | Path], directory: Path) -> None:
    done = subprocess.run([str(word) for word in command], cwd=directory, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, timeout=60)  # fmt: skip
    if done.returncode:
        raise NoServer(
            f"{Path(command[-1]).name}: {' '.join(str(word) for word in command)} answered {done.returncode}"
        )
