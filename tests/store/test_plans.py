"""Every list is read through an index: what it costs does not grow with the rows of the store.

The plans are those of a store with many rows and their statistics, where a planner has a choice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from gateway.chatter.search import Question, Search
from store.models import Delivery, Message
from store.queries import answered, failures, files, limits, participant, search
from store.queries import delivery as deliveries
from store.queries import follower as followers
from store.queries import inbound as ledger
from store.queries import message as messages
from store.queries import partner as partners
from store.queries import thread as threads
from store.queries.access_filter import EVERYTHING, Reader
from store.queries.participant import Asked
from store.search import indexed, phrases
from store.session import Database, Session
from tests.builders import NOW, World

STAFF = Reader(partner_id=1, followers_only=frozenset({"order"}))
OUTSIDER = Reader(partner_id=2, internal=False)
LISTS: dict[str, Callable[[Session], Any]] = {
    "thread": lambda s: messages.page(s, 5),
    "thread of staff": lambda s: messages.page(s, 5, reader=STAFF, before=900),
    "thread of an outsider": lambda s: messages.page(s, 5, reader=OUTSIDER, after=3),
    "count of a thread": lambda s: messages.count(s, 5),
    "search over all": lambda s: search.hits(s, phrases("needle"), EVERYTHING, limit=31),
    "search of staff": lambda s: search.hits(s, phrases("needle"), STAFF, limit=31),
    "search in a thread": lambda s: search.hits(s, phrases("needle"), EVERYTHING, thread_id=5, limit=31),
    "search in a small thread": lambda s: search.scan(s, phrases("needle"), STAFF, thread_id=5),
    "messages by id": lambda s: messages.by_ids(s, [5, 6]),
    "files and notices": lambda s: (messages.attachments_of(s, [5, 6]), messages.notices_of(s, [5, 6])),
    "files of a record": lambda s: files.of_record(s, STAFF, 5),
    "main file and count": lambda s: (files.main(s, STAFF, 5), files.count(s, OUTSIDER, 5)),
    "records": lambda s: threads.search(s, record_type=None, query="", before=900, limit=31),
    "records of a type": lambda s: threads.search(s, record_type="ticket", query="", before=None, limit=31),
    "records by words": lambda s: threads.search(s, record_type=None, query="needle", before=900, limit=31),
    "records of staff by words": lambda s: threads.search(
        s, record_type="ticket", query="needle", before=None, limit=31, reader=STAFF
    ),
    "partners": lambda s: partners.search(s, "", after=7, limit=31),
    "partners by words": lambda s: partners.search(s, "needle", after=None, limit=31),
    "mails by words": lambda s: ledger.ledger(s, query="needle", state="held"),
    "followers": lambda s: followers.followers(s, 5),
    "ledger": lambda s: ledger.ledger(s, before=900),
    "held mails": lambda s: ledger.ledger(s, state="held"),
    "outbox": lambda s: deliveries.queue(s, before=900),
    "failed deliveries": lambda s: deliveries.queue(s, state="failed"),
    "failures of an author": lambda s: failures.page(s, STAFF, 1, record_type=None, before=900, limit=31),
    "count of failures": lambda s: failures.counts(s, STAFF, 1),
    "deliveries of a record": lambda s: deliveries.queue(s, thread_id=5),
    "unread": lambda s: messages.unread(s, Reader(partner_id=1), before=None, limit=31),
    "what was told last": lambda s: answered.last_told(s, 5, [1, 2], internal=False),
    "what was said last": lambda s: answered.last_said(s, 5),
    "partner": lambda s: partners.by_address(s, "a@example.com"),
    "records of an author": lambda s: limits.opened(s, "ticket", "a@x", NOW),
    "last words of a thread": lambda s: limits.said(s, 5, NOW, at_most=40),
    "mail a while ago": lambda s: limits.queued_before(s, 5, 599),
}


@pytest.fixture
def database_with_rows(database: Database, tmp_path: Any) -> Database:
    """A store with 200 threads, 4,000 messages, and the statistics of them."""
    world = World(database, tmp_path)
    world.partner("ann@example.com", internal=True)
    ids = [world.ticket(str(n)).id for n in range(200)]
    row = {
        "kind": "message", "subtype": "discussions", "internal": False, "author_name": "", "author_email": "",
        "confidence": "", "date": world.now, "body_html": "", "body_text": "", "folded": False, "generated": False,
    }  # fmt: skip
    with database.write() as session:
        session.execute(
            Message.table().insert(),
            [
                {
                    **row,
                    "thread_id": ids[n % 200],
                    "message_id": f"<{n}@x>",
                    "search_text": indexed(f"word{n % 7} x{n}"),
                }
                for n in range(4000)
            ],
        )
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    world.close()
    return database


def test_no_list_reads_a_whole_table(database_with_rows: Database):
    for name, ask in LISTS.items():
        plans = plans_of(database_with_rows, ask)

        assert plans, name
        for statement, plan in plans:
            assert not [line for line in plan if is_whole(line, plan)], (name, statement, "\n".join(plan))


def test_an_author_s_failures_are_found_beside_those_of_everybody_else(database_with_rows: Database):
    row = {"kind": "message", "channel": "email", "message_id": 1, "address": "x@example.com", "reason": "follower",
           "header_id": "<x>", "state": "failed", "created_at": NOW, "due_at": NOW}  # fmt: skip
    with database_with_rows.write() as session:
        session.execute(Delivery.table().insert(), [{**row, "author_id": None} for _ in range(3000)])
        session.execute(Delivery.table().insert(), [{**row, "author_id": 1}])
    with database_with_rows.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")

    for ask in (LISTS["failures of an author"], LISTS["count of failures"]):
        for statement, plan in plans_of(database_with_rows, ask):
            assert any("ix_delivery_failure" in line for line in plan), (statement, "\n".join(plan))


def test_what_an_author_wrote_is_counted_through_an_index(database_with_rows: Database):
    asked = Asked("a@x", NOW, 20)
    [(_, plan)] = plans_of(
        database_with_rows, lambda s: participant.author_counted(s, 5, "a@example.com", asked)
    )

    tables = ("address", "partner", "follower", "invitation", "block", "arrival")
    whole = [f"{how} {table}" for how in ("Seq Scan on", "SCAN") for table in tables]
    assert not [line for line in plan for step in whole if step in line and "USING" not in line], plan


def test_a_search_costs_the_same_number_of_statements_however_many_it_finds(database_with_rows: Database):
    counts = []
    for word in ("word3", "nothing"):
        seen: list[str] = []
        with database_with_rows.read() as session:
            event.listen(session, "before_cursor_execute", lambda *a, seen=seen: seen.append(a[2]))
            asked = Search(session, Question(word, EVERYTHING))
            asked.rows(asked.fetch(before=None, after=None, limit=31))
        counts.append(len(seen))

    assert max(counts) <= 3


def plans_of(database: Database, ask: Callable[[Session], Any]) -> list[tuple[str, list[str]]]:
    """What the database would do for each statement of a question."""
    seen: list[tuple[str, Any]] = []
    explain = "EXPLAIN " if database.is_postgresql else "EXPLAIN QUERY PLAN "
    with database.read() as session:
        if database.is_postgresql:  # small tables are read whole because that is quicker
            session.exec_driver_sql("SET LOCAL enable_seqscan = off")
        event.listen(
            session,
            "before_cursor_execute",
            lambda c, k, statement, values, *a: seen.append((statement, values)),
        )
        ask(session)
        asked = list(seen)
        return [
            (statement, [str(row[-1]) for row in session.exec_driver_sql(explain + statement, values)])
            for statement, values in asked
        ]


def is_whole(line: str, plan: list[str]) -> bool:
    """A step that reads a table from end to end. In the order of ids a limit cuts it short."""
    if "Seq Scan" in line:
        return True
    if not line.startswith("SCAN ") or any(
        by in line for by in ("USING", "VIRTUAL TABLE", "json_each", "CONSTANT")
    ):
        return False
    is_sorted = any("TEMP B-TREE" in step for step in plan)
    return is_sorted or line.split()[1] not in ("thread", "inbound_mail", "delivery")
