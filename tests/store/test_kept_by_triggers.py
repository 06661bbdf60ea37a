"""What triggers keep beside the tables is right after everything that can happen to a record."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from gateway.chatter.post import Author, Draft
from gateway.chatter.search import Question, Search
from gateway.chatter.types import put
from gateway.rules.tracking import Change
from store.models.views import ThreadView
from store.queries import lives
from store.queries import message as messages
from store.queries import thread as threads
from store.queries.access_filter import EVERYTHING, Reader
from store.session import Session
from tests.builders import World

STAFF = Reader(partner_id=1)


@pytest.fixture
def thread(world: World) -> ThreadView:
    with world.database.write() as session:
        put(session, "order", "Order", {}, world.now)
    return world.ticket()


def say(world: World, thread: ThreadView, words: str, **values: Any) -> int:
    draft = Draft(thread, "message", "discussions", Author(None, "A", "a@example.com"), body_text=words)
    with world.database.write() as session:
        message_id = world.posting.post(session, draft, world.now).message_id
        if values:
            messages.change(session, message_id, values)
    return message_id


def found(world: World, words: str, **scope: Any) -> list[int]:
    with world.database.read() as session:
        asked = Search(session, Question(words, EVERYTHING, **scope))
        return [hit.id for hit in asked.fetch(before=None, after=None, limit=99).rows]


def check_index(world: World) -> None:
    """SQLite compares its index with the messages themselves, PostgreSQL is asked to."""
    with world.database.write() as session:
        if not world.database.is_postgresql:
            session.execute(
                text("INSERT INTO message_words (message_words, rank) VALUES ('integrity-check', 1)")
            )
            return
        wrong = session.execute(
            text(
                "SELECT count(*) FROM message AS m JOIN thread AS t ON t.id = m.thread_id"
                " FULL JOIN message_words AS w ON w.id = m.id"
                " WHERE (w.words IS DISTINCT FROM message_words_of(m, t.record_type)"
                " OR w.thread_id IS DISTINCT FROM m.thread_id)"
                " AND (m.search_text != '' OR m.search_internal != '' OR w.id IS NOT NULL)"
            )
        ).scalar_one()
        assert wrong == 0


def test_the_index_of_words_follows_a_record_through_its_lives(world: World, thread: ThreadView):
    first, other = say(world, thread, "needle"), world.ticket("2")
    check_index(world)

    with world.database.write() as session:
        threads.change(session, thread, {"record_type": "order"}, world.now)
    assert (found(world, "needle", record_type="ticket"), found(world, "needle", record_type="order")) == (
        [],
        [first],
    )
    check_index(world)

    with world.database.write() as session:
        lives.move_messages(session, [first], thread.id, other.id)
    assert found(world, "needle", record_type="ticket") == [first]
    check_index(world)

    with world.database.write() as session:
        lives.move_all(session, other.id, thread.id, world.now)
    assert found(world, "needle", record_type="order", kinds=("message",)) == [first]
    check_index(world)

    with world.database.write() as session:
        lives.remove(session, thread.id)
    assert found(world, "needle") == []
    check_index(world)


def test_a_record_type_of_any_name_narrows_a_search(world: World, thread: ThreadView):
    names = ["a.b", "a", "b", "A.B", "größe", "r61"]
    ids = {}
    with world.database.write() as session:
        for name in names:
            put(session, name, name, {}, world.now)
    for name in names:
        with world.database.write() as session:
            made = threads.add(
                session, record_type=name, key="1", title="", url=None, fields={}, assignee_id=None, creator_id=None,
                domain="", now=world.now,
            )  # fmt: skip
        ids[name] = say(world, made, "needle")

    assert {name: found(world, "needle", record_type=name) for name in names} == {
        name: [ids[name]] for name in names
    }


def test_whose_records_they_are_follows_the_members(world: World, thread: ThreadView):
    def named(session: Session) -> list[tuple[int, int]]:
        rows = session.execute(text("SELECT partner_id, thread_id FROM thread_member ORDER BY 1, 2"))
        return [(row[0], row[1]) for row in rows]

    with world.database.write() as session:
        assert named(session) == []
        threads.change(session, thread, {"members": [2, 1, 2]}, world.now)
        assert named(session) == [(1, thread.id), (2, thread.id)]
        threads.change(session, thread, {"members": [3]}, world.now)
        assert named(session) == [(3, thread.id)]
        threads.change(session, thread, {"members": None}, world.now)
        assert named(session) == []
        made = threads.add(
            session, record_type="ticket", key="m", title="", url=None, fields={}, assignee_id=None, creator_id=None,
            domain="", now=world.now, members=[4],
        )  # fmt: skip
        assert named(session) == [(4, made.id)]
        lives.remove(session, made.id)
        assert named(session) == []


def test_staff_alone_finds_the_internal_changes_of_an_entry_for_everybody(world: World, thread: ThreadView):
    draft = Draft(
        thread, "log", "rated", Author(None, "A", "a@example.com"),
        tracking=(Change("stars", "Stars", "one", "five"), Change("margin", "Margin", "low", "fortytwo", internal=True)),
    )  # fmt: skip
    carol, ann = world.partner("carol@customer.example"), world.partner("ann@example.com", internal=True)
    with world.database.write() as session:
        message_id = world.posting.post(session, draft, world.now).message_id
        messages.change(session, message_id, {"author_id": carol.id})
    check_index(world)

    for small in (True, False):
        for reader, hits in (
            (EVERYTHING, [message_id]),
            (Reader(partner_id=ann.id), [message_id]),
            (Reader(partner_id=carol.id, internal=False), []),
        ):
            with world.database.read() as session:
                scope = thread.id if small else None
                assert [
                    hit.id
                    for hit in Search(session, Question("fortytwo", reader, scope))
                    .fetch(before=None, after=None, limit=9)
                    .rows
                ] == hits
                assert Search(session, Question("five", reader, scope)).total == 1


def test_a_change_of_members_by_the_api_changes_what_a_colleague_lists(world: World, thread: ThreadView):
    ann = world.partner("ann@example.com", internal=True)
    reader = Reader(partner_id=ann.id)

    def listed() -> list[str]:
        with world.database.read() as session:
            rows = threads.search(
                session, record_type=None, query="", before=None, limit=9, reader=reader
            ).rows
            return [row.key for row in rows]

    assert listed() == ["1"]
    for members, keys in (([], []), ([ann.id], ["1"]), (None, ["1"])):
        with world.database.write() as session:
            thread = threads.by_key(session, "ticket", "1") or thread
            threads.change(session, thread, {"members": members}, world.now)
        assert listed() == keys, members
