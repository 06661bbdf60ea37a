"""Group commit: many writes, few transactions, and a bad one fails alone."""

import threading

import pytest
from sqlalchemy import text

from store.group import GroupCommit


@pytest.fixture
def table(database):
    with database.write() as session:
        session.execute(text("CREATE TABLE item (n integer PRIMARY KEY)"))
    return database


def numbers(database):
    with database.read() as session:
        return list(session.execute(text("SELECT n FROM item ORDER BY n")).scalars())


def write_all(session, items):
    session.execute(text("INSERT INTO item VALUES (:n)"), [{"n": n} for n in items])
    return [n * 10 for n in items]


def test_each_caller_gets_his_own_answer_when_it_is_durable(table):
    group = GroupCommit(table, write_all, name="test")

    answers = [future.result(20) for future in [group.submit(n) for n in range(100)]]

    assert answers == [n * 10 for n in range(100)]
    assert numbers(table) == list(range(100))
    group.close()


def test_a_bad_item_fails_alone(table):
    gate, batches = threading.Event(), []

    def slow(session, items):
        gate.wait(20)
        batches.append(len(items))
        return write_all(session, items)

    group = GroupCommit(table, slow, name="test")
    futures = [group.submit(n) for n in (0, 1, 2, 1, 3)]
    gate.set()

    failed = [n for n, future in enumerate(futures) if future.exception(20) is not None]

    assert failed == [3]
    assert numbers(table) == [0, 1, 2, 3]
    assert max(batches) > 1
    group.close()


def test_closing_writes_what_is_queued(table):
    group = GroupCommit(table, write_all, name="test")
    futures = [group.submit(n) for n in range(10)]

    group.close()

    assert all(future.done() for future in futures)
    assert numbers(table) == list(range(10))
