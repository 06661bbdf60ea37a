"""The bench on which every test of the store and of the journeys runs twice: SQLite and PostgreSQL."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from store import schema
from store.session import Database
from tests import postgres

BOTH = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    file = tmp_path_factory.mktemp("template") / "threadpost.db"
    database = Database(f"sqlite:///{file}")
    schema.upgrade(database)
    database.close()
    assert not file.with_name(file.name + "-wal").exists(), "a copy would lack what is in the log"
    return file


@pytest.fixture(scope="session")
def postgresql_cluster() -> Iterator[postgres.Cluster]:
    """The PostgreSQL server of this run. In CI its absence fails, elsewhere it skips."""
    try:
        with postgres.cluster() as cluster:
            yield cluster
    except postgres.NoServer as trouble:
        if os.environ.get("CI") == "true":
            pytest.fail(f"PostgreSQL is needed in CI: {trouble}")
        pytest.skip(str(trouble))


@pytest.fixture(params=BOTH)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated, empty database, for tests that start a server of their own."""
    if request.param == "sqlite":
        file = tmp_path / "store" / "threadpost.db"
        file.parent.mkdir()
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    cluster = request.getfixturevalue("postgresql_cluster")
    url = cluster.create(new=request.node.get_closest_marker("new_database") is not None)
    yield url
    cluster.recycle(url)


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    """A migrated, empty database."""
    opened = Database(store_url)
    yield opened
    opened.bell.stop()
    opened.close()


@pytest.fixture(params=BOTH)
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without a schema."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.db'}"
        return
    cluster = request.getfixturevalue("postgresql_cluster")
    url = cluster.empty()
    yield url
    cluster.drop(url)
