"""The bell rings after the commit, in this process and in others, and never after a rollback."""

import threading

import pytest

from store.bell import Remembered, ring
from store.queries.types import put_record_type
from store.session import Database
from tests.builders import NOW


def test_a_commit_rings_and_a_rollback_does_not(database):
    heard = []
    database.bell.listen("deliveries", lambda: heard.append("deliveries"))

    with pytest.raises(ZeroDivisionError), database.write() as session:  # noqa: PT012
        ring(session, "deliveries")
        raise ZeroDivisionError
    assert heard == []

    with database.write() as session:
        ring(session, "deliveries")
        ring(session, "deliveries")
        assert heard == []

    assert heard == ["deliveries"]


def test_a_rehearsal_rings_nothing_now_nor_later(database):
    heard = []
    database.bell.listen("deliveries", lambda: heard.append("deliveries"))

    with database.rehearse() as session:
        ring(session, "deliveries")
    with database.write():
        pass

    assert heard == []


def test_who_stopped_listening_hears_nothing(database):
    heard = []
    forget = database.bell.listen("deliveries", lambda: heard.append("deliveries"))

    forget()
    with database.write() as session:
        ring(session, "deliveries")

    assert heard == []


def test_another_connection_of_the_store_hears_the_commit(database, store_url):
    other = Database(store_url)
    heard = threading.Event()
    other.bell.listen("types", heard.set)
    other.bell.hear_others(other, every=0.05)

    for number in range(40):  # the first rings may come before it listens
        with database.write() as session:
            put_record_type(session, "ticket", f"Ticket {number}", {}, NOW)
        if heard.wait(0.25):
            break

    assert heard.is_set()
    other.bell.stop()
    other.close()


def test_what_was_read_before_a_ring_is_not_kept_after_it(database):
    kept: Remembered[str] = Remembered(database.bell, "types")

    def read_while_it_rings() -> str:
        database.bell.rang(frozenset({"types"}))
        return "old"

    assert kept.get(read_while_it_rings) == "old"
    assert kept.get(lambda: "new") == "new"
    assert kept.get(lambda: "newer") == "new", "now it is kept"


def test_what_a_transaction_reads_of_its_own_changes_is_not_kept(database):
    kept: Remembered[str] = Remembered(database.bell, "types")

    with pytest.raises(ZeroDivisionError), database.write() as session:  # noqa: PT012
        ring(session, "types")
        assert kept.get(lambda: "mine alone", session) == "mine alone"
        raise ZeroDivisionError

    assert kept.get(lambda: "as it is") == "as it is"
