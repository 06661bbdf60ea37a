"""Transactions keep what they promise on both databases."""

import multiprocessing

import pytest
from sqlalchemy import text

from store.session import Database

WORKERS, ROUNDS = 4, 50


def make_counter(database):
    with database.write() as session:
        session.execute(text("CREATE TABLE counter (id integer PRIMARY KEY, n integer)"))
        session.execute(text("INSERT INTO counter VALUES (1, 0)"))


def count(database):
    with database.read() as session:
        return session.execute(text("SELECT n FROM counter")).scalar_one()


def count_up(url):
    database = Database(url)
    for _ in range(ROUNDS):
        with database.write() as session:
            lock = " FOR UPDATE" if database.is_postgresql else ""
            seen = session.execute(text(f"SELECT n FROM counter{lock}")).scalar_one()
            session.execute(text("UPDATE counter SET n = :n"), {"n": seen + 1})
    database.close()


def test_no_update_is_lost_among_processes_that_read_and_then_write(database, store_url):
    make_counter(database)
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=count_up, args=(store_url,)) for _ in range(WORKERS)]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(100)

    assert [worker.exitcode for worker in workers] == [0] * WORKERS
    assert count(database) == WORKERS * ROUNDS


def test_a_transaction_that_raises_leaves_nothing(database):
    make_counter(database)

    with pytest.raises(ZeroDivisionError), database.write() as session:  # noqa: PT012
        session.execute(text("UPDATE counter SET n = 7"))
        raise ZeroDivisionError

    assert count(database) == 0


def test_a_rehearsal_sees_its_writes_and_leaves_nothing(database):
    make_counter(database)

    with database.rehearse() as session:
        session.execute(text("UPDATE counter SET n = 7"))
        assert session.execute(text("SELECT n FROM counter")).scalar_one() == 7

    assert count(database) == 0


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)  # PostgreSQL does so by itself
def test_a_sqlite_commit_is_synced_and_its_references_are_kept(database):
    with database.write() as session:
        assert session.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert session.execute(text("PRAGMA synchronous")).scalar_one() == 2
        assert session.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
