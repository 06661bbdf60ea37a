"""No list of the API costs more because the store grows: what the database does is counted at N and at 4 N rows.

Every kind of reader asks, also those to whom nearly everything is closed, for words that stand everywhere,
seldom or nowhere. Where most hits are closed, a page ends early and says from where to go on (``Window.reached``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from gateway.chatter import search as chatter_search
from gateway.chatter.page import message_views
from gateway.chatter.search import Question, Search
from store.models import Delivery
from store.queries import (
    answered,
    conversation,
    edit,
    failures,
    files,
    ledger,
    limits,
    lives,
    narrow,
    own,
    participant,
    record_list,
    scheduled,
    search,
    suggest,
    template,
    types,
    words,
)
from store.queries import audience as considered
from store.queries import delivery as deliveries
from store.queries import event as events
from store.queries import follower as followers
from store.queries import message as messages
from store.queries import partner as partners
from store.queries import preview as previews
from store.queries import thread as threads
from store.queries.access_filter import EVERYTHING, Reader
from store.queries.participant import Asked
from store.session import Database, Session
from tests.builders import NOW
from tests.store import many
from tests.store.effort import effort

pytestmark = pytest.mark.new_database

Ask = Callable[[Session], Any]

STAFF = Reader(None, many.STAFF, members_only=frozenset({"secret"}), followers_only=frozenset({"order"}))
N = 8_180  # just below a step of the indexes of words on PostgreSQL, and so is 4 N
PAGE = {"limit": 31}

READERS = {
    "an application": EVERYTHING,
    "an application for rare types": Reader(frozenset({"rare", "ticket"})),
    "staff": STAFF,
    "staff to whom all is closed": Reader(None, many.STAFF, members_only=frozenset(many.TYPES)),
    "a member of three records": Reader(None, many.MEMBER, members_only=frozenset(many.TYPES)),
    "the author of half of all": Reader(None, many.AUTHOR, followers_only=frozenset(many.TYPES)),
    "an outsider": Reader(None, many.OUTSIDER, internal=False),
    "a busy outsider": Reader(None, many.BUSY, internal=False),
    "somebody deactivated": Reader(None, many.STAFF, active=False),
}
WORDS = ("each", "some", "print", "old", "never", "each never", "some print")


def look(session: Session, text: str, reader: Reader, **scope: Any) -> None:
    """A page of hits, and the next."""
    asked = Search(session, Question(text, reader, **scope))
    hits = asked.fetch(before=None, after=None, **PAGE)
    message_views(session, asked.rows(hits.rows), asked.words)
    asked.fetch(before=hits.rows[-1].id if hits.rows else hits.reached or 500, after=None, **PAGE)


def read(session: Session, thread_id: int, reader: Reader, **more: Any) -> None:
    """A page of a thread from its end, from its middle, and its total."""
    for where in ({}, {"before": 1000}, {"after": 1000}):
        rows = conversation.window(session, thread_id, reader=reader, limit=31, **where, **more).rows
        message_views(session, rows)
    conversation.count(session, thread_id, reader=reader, **more)


def for_readers() -> Iterator[tuple[str, Ask]]:
    for who, reader in READERS.items():
        for word in WORDS:
            yield f"search of {who} for {word}", lambda s, r=reader, w=word: look(s, w, r)
        for thread_id in (many.LONG, many.CLOSED):
            named = f"thread {thread_id} of {who}"
            yield named, lambda s, r=reader, t=thread_id: read(s, t, r)
            yield f"{named}, notes", lambda s, r=reader, t=thread_id: read(s, t, r, kinds=["note"])
            yield (
                f"{named}, without the log",
                lambda s, r=reader, t=thread_id: read(s, t, r, kinds=["message", "note"]),
            )
            for word in ("each", "print", "old", "never"):
                yield (
                    f"search for {word} in {named}",
                    lambda s, r=reader, t=thread_id, w=word: look(s, w, r, thread_id=t),
                )
        narrow: dict[str, Any]
        for narrow in (
            {"kinds": ("note",)},
            {"record_type": "rare"},
            {"kinds": ("note",), "record_type": "order"},
        ):
            yield f"search of {who} in {narrow}", lambda s, r=reader, n=narrow: look(s, "each", r, **n)
        for record_type in (None, "rare", "order"):
            for query in ("", "each", "k5", "never"):
                yield (
                    f"records {record_type} {query} of {who}",
                    lambda s, r=reader, t=record_type, q=query: [
                        threads.search(s, record_type=t, query=q, reader=r, limit=31, **where)
                        for where in ({"before": None}, {"before": None, "after": 5})
                    ],
                )
        yield f"files of a record of {who}", lambda s, r=reader: files.of_record(s, r, 20)


OTHERS: dict[str, Ask] = {
    "messages by id": lambda s: messages.by_ids(s, [5, 6]),
    "files and notices": lambda s: (messages.attachments_of(s, [5, 6]), messages.notices_of(s, [5, 6])),
    "partners": lambda s: partners.search(s, "", after=7, limit=31),
    "partners by words": lambda s: partners.search(s, "each", after=None, limit=31),
    "partners by no word": lambda s: partners.search(s, "never", after=None, limit=31),
    "partners read back": lambda s: partners.search(s, "", before=70, limit=31),
    "partners by words read back": lambda s: partners.search(s, "each", before=70, limit=31),
    "suppressions": lambda s: partners.suppressions(s),
    "ledger": lambda s: ledger.ledger(s, before=900),
    "ledger read back": lambda s: ledger.ledger(s, after=300),
    "held mails read back": lambda s: ledger.ledger(s, state="held", after=300),
    "mails by words read back": lambda s: ledger.ledger(s, query="each", after=300),
    "mails of rare types read back": lambda s: ledger.ledger(s, types=["rare", "secret"], after=300),
    "held mails": lambda s: ledger.ledger(s, state="held"),
    "mails in work": lambda s: ledger.ledger(s, state="processing"),
    "mails by words": lambda s: ledger.ledger(s, query="each"),
    "held mails by words": lambda s: ledger.ledger(s, query="each", state="held"),
    "mails of rare types": lambda s: ledger.ledger(s, types=["rare", "secret"]),
    "held mails of rare types": lambda s: ledger.ledger(s, types=["rare"], state="held"),
    "targets": lambda s: ledger.targets_of(s, [5, 6]),
    "outbox": lambda s: deliveries.queue(s, before=900),
    "outbox read back": lambda s: deliveries.queue(s, after=300),
    "failed deliveries": lambda s: deliveries.queue(s, state="failed"),
    "failed deliveries of rare types read back": lambda s: deliveries.queue(
        s, types=["rare"], state="failed", after=300
    ),
    "deliveries of rare types": lambda s: deliveries.queue(s, types=["rare", "secret"]),
    "failed deliveries of rare types": lambda s: deliveries.queue(s, types=["rare"], state="failed"),
    "failures of an author": lambda s: failures.page(s, STAFF, 1, record_type=None, before=900, limit=31),
    "count of failures": lambda s: failures.counts(s, STAFF, 1),
    "unread": lambda s: messages.unread(s, Reader(partner_id=1), before=None, limit=31),
    "unread of one who reads all": lambda s: messages.unread(
        s, Reader(partner_id=many.BUSY), before=None, limit=31
    ),
    "what was told last": lambda s: answered.last_told(s, 20, [1, 2], internal=False),
    "what was said last": lambda s: answered.last_said(s, 20),
    "records of an author": lambda s: limits.opened(s, "ticket", "a@x", NOW),
    "last words of a thread": lambda s: limits.said(s, 20, NOW, at_most=40),
    "mail a while ago": lambda s: limits.queued_before(s, 20, 599),
    "bounced deliveries": lambda s: deliveries.queue(s, state="bounced"),
    "deliveries of a record": lambda s: deliveries.queue(s, thread_id=20),
    "followers": lambda s: followers.followers(s, 20),
    "audience": lambda s: considered.audience(s, 20, [], NOW),
    "follower counts": lambda s: followers.follower_count(s, 20),
    "versions": lambda s: edit.versions(s, 5, before=None, limit=31),
    "scheduled messages": lambda s: scheduled.of_thread(s, 20, after=0, limit=31),
    "templates": lambda s: template.page(s, record_type=None, types=None, after="", limit=31),
    "record types": types.record_types,
    "aliases": types.list_aliases,
    "webhooks": events.webhooks,
    "events of a webhook": lambda s: events.listed(s, "x"),
    "link previews": lambda s: (previews.of_messages(s, [5, 6]), previews.urls_of(s, 5)),
    "links that wait": previews.next_due,
    "links that a domain was asked for": lambda s: previews.asked(
        s, ["d5.example"], NOW - timedelta(hours=1)
    ),
    "suggestions": lambda s: (suggest.last_message(s, 20), suggest.first_author(s, 20)),
    "partner by address": lambda s: partners.by_address(s, "p20@x.example"),
    "merged threads": lambda s: lives.merged_into(s, 20),
}
LISTS: dict[str, Ask] = {**OTHERS, **dict(for_readers())}


# Bounds of the code itself, lowered so that they are reached in a store that a test can fill; nothing is replaced.
BOUNDS: dict[Any, dict[str, int]] = {
    own: {"FEW": 200},
    search: {"MOST_SCANNED": 100, "FREQUENT": 250, "LONG": 300, "BEGUN": 4096, "SEVERAL": 8192},
    narrow: {"MOST_JUDGED": 250},
    words: {"MOST_SCANNED": 100},
    record_list: {"MOST_OWN": 100},
    conversation: {"MOST_COUNTED": 500},
    chatter_search: {"ENOUGH": 50},
}


@pytest.fixture
def small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """All bounds are so small that a store of a thousand rows is a large one."""
    for module, bounds in BOUNDS.items():
        for name, bound in bounds.items():
            assert hasattr(module, name)
            monkeypatch.setattr(module, name, bound)


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("small_bounds")
def test_no_list_costs_more_in_a_store_of_four_times_as_many_rows(database: Database):
    many.fill(database, 1, N)
    # PostgreSQL's last step of ByWords may read sixteen times what is wanted, and most of N that is here.
    before = {name: effort(database, ask) for name, ask in LISTS.items()}
    many.fill(database, N + 1, 4 * N)
    after = {name: effort(database, ask) for name, ask in LISTS.items()}

    slack, most = (100, 12_000) if database.is_postgresql else (2_000, 0)
    grown = {
        name: (before[name], after[name])
        for name in LISTS
        if after[name] > max(1.5 * before[name] + slack, most)
    }
    assert not grown


def plans_of(database: Database, ask: Ask) -> list[str]:
    """How the database says it will answer each statement of a question."""
    asked: list[tuple[str, Any]] = []
    with database.read() as session:
        event.listen(
            session, "before_cursor_execute", lambda _, __, text, values, *more: asked.append((text, values))
        )
        ask(session)
    explain = "EXPLAIN" if database.is_postgresql else "EXPLAIN QUERY PLAN"
    with database.read() as session:
        return [
            "\n".join(str(row[-1]) for row in session.exec_driver_sql(f"{explain} {text}", values))
            for text, values in asked
        ]


def test_an_author_s_failures_are_found_beside_those_of_everybody_else(database: Database):
    row = {"kind": "message", "channel": "email", "message_id": 1, "address": "x@example.com", "reason": "follower",
           "header_id": "<x>", "state": "failed", "created_at": NOW, "due_at": NOW}  # fmt: skip
    many.fill(database, 1, 3000)
    with database.write() as session:
        session.execute(Delivery.table().insert(), [{**row, "author_id": None} for _ in range(3000)])
        session.execute(Delivery.table().insert(), [{**row, "author_id": 1}])
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")

    for ask in (LISTS["failures of an author"], LISTS["count of failures"]):
        for plan in plans_of(database, ask):
            assert "ix_delivery_failure" in plan


def test_what_an_author_wrote_is_counted_through_an_index(database: Database):
    many.fill(database, 1, 3000)
    asked = Asked("p20@x.example", NOW, 20)
    [plan] = plans_of(database, lambda s: participant.author_counted(s, 5, "a@example.com", asked))

    tables = ("address", "partner", "follower", "invitation", "block", "arrival")
    whole = [f"{how} {table}" for how in ("Seq Scan on", "SCAN") for table in tables]
    lines = plan.splitlines()
    assert not [line for line in lines for step in whole if step in line and "USING" not in line], plan


@pytest.mark.usefixtures("small_bounds")
def test_a_search_costs_the_same_number_of_statements_however_many_it_finds(database: Database):
    many.fill(database, 1, 1000)
    counts = []
    for word in ("each", "never"):
        seen: list[str] = []
        with database.read() as session:
            event.listen(session, "before_cursor_execute", lambda *a, seen=seen: seen.append(a[2]))
            asked = Search(session, Question(word, EVERYTHING))
            asked.rows(asked.fetch(before=None, after=None, limit=31).rows)
        counts.append(len(seen))

    assert max(counts) <= (12 if database.is_postgresql else 4)
