"""The bench on which every test of the store and of the journeys runs twice: SQLite and PostgreSQL."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from store import schema
from store.bell import Bell
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
def sqlite_places(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Where a SQLite file of a test may lie and none lies at the moment."""
    return [tmp_path_factory.mktemp("store") / "threadpost.db"]


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
def store_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated, empty database, for tests that start a server of their own. It comes again and again."""
    if request.param == "sqlite":
        places: list[Path] = request.getfixturevalue("sqlite_places")
        file = places.pop()
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        for left in file.parent.iterdir():
            left.unlink()
        places.append(file)
        return
    cluster = request.getfixturevalue("postgresql_cluster")
    url = cluster.create(new=request.node.get_closest_marker("new_database") is not None)
    yield url
    cluster.recycle(url)


@pytest.fixture(scope="session")
def opened() -> dict[str, Database]:
    """By URL. What SQLAlchemy has compiled for one test it need not compile for the next."""
    return {}


@pytest.fixture
def database(store_url: str, opened: dict[str, Database]) -> Iterator[Database]:
    """A migrated, empty database."""
    if store_url not in opened:
        opened[store_url] = Database(store_url)
    database = opened[store_url]
    database.bell = Bell()
    yield database
    database.bell.stop()
    database.close()


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
