"""Search finds what stands in a thread: subject, body, file names, tracked values; whatever a person types."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.chatter.post import Author, Draft, File
from gateway.chatter.records import RecordChange
from gateway.chatter.search import Question, Search
from store.models.views import ThreadView
from store.queries import conversation, lives
from store.queries import message as messages
from store.queries import thread as threads
from store.queries.access_filter import EVERYTHING, Reader
from store.search import indexed, phrases
from tests.builders import World


def say(world: World, thread: ThreadView, text: str, **values: Any) -> int:
    """Post a plain message; answers its id."""
    author = Author(None, "Ann", "ann@example.com")
    with world.database.write() as session:
        draft = Draft(thread, "message", "discussions", author, body_text=text, **values)
        return world.posting.post(session, draft, world.now).message_id


def found(world: World, query: str, thread: ThreadView | None = None, **values: Any) -> list[int]:
    with world.database.read() as session:
        search = Search(session, Question(query, EVERYTHING, thread.id if thread else None, **values))
        return [hit.id for hit in search.fetch(before=None, after=None, limit=30).rows]


@pytest.fixture(autouse=True, params=["index", "scan"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small threads are looked through, large ones have the index: both find the same."""
    if request.param == "index":
        monkeypatch.setattr("gateway.chatter.search.index.is_small", lambda session, thread_id: False)


@pytest.fixture
def thread(world: World) -> ThreadView:
    return world.ticket()


TEXTS = [
    ("cafe", "Two CAFÉS, please", "case and accents do not matter"),
    ("print brok", "The printer is broken", "a word may be the beginning of a longer one"),
    ("broken printer", "The printer is broken", "words in any order"),
    ("4711/B", "Invoice 4711/b is open", "what punctuation holds together stands together"),
    ('"blue printer"', "the blue printer", "words in quotation marks stand together"),
    ("anna@bar.example", "write to anna@bar.example", "an address"),
    ("1500", "It costs 1500 EUR", "a number"),
    ("o2", "O2 is down", "a short word by itself"),
    ("strasse", "Lange Straße 5", "letters that fold to two"),
    ("打印机", "会议室的打印机坏了", "a script without blanks"),
    ("プリンタ", "新しいプリンターです", "a script without blanks"),
    ("ﬁnance", "finance", "compatibility forms"),
    ("rinte", "The printer is broken", "part of a word, where nothing begins so"),
]


@pytest.mark.parametrize(("query", "text", "why"), TEXTS)
def test_a_message_is_found_as_a_person_would_look_for_it(
    world: World, thread: ThreadView, query: str, text: str, why: str
):
    wanted = say(world, thread, text)
    say(world, thread, "something quite different")

    assert found(world, query, thread) == [wanted], why


NOT_FOUND = [
    ('"printer blue"', "the blue printer"),
    ("o", "O2 is down"),
    ("打机", "打印机"),
    ("café bar", "café"),
]


@pytest.mark.parametrize(("query", "text"), NOT_FOUND)
def test_what_does_not_stand_there_is_not_found(world: World, thread: ThreadView, query: str, text: str):
    say(world, thread, text)

    assert found(world, query) == []


def test_a_short_word_over_all_records_must_stand_there_by_itself(world: World, thread: ThreadView):
    say(world, thread, "The printer is broken")

    assert found(world, "prin") and not found(world, "pri")


def test_subject_file_names_and_tracked_values_are_found(world: World, thread: ThreadView):
    titled = say(world, thread, "x", subject="Quarterly report")
    filed = say(world, thread, "x", files=(File("Übersicht.pdf", "application/pdf", 1, "0" * 64),))
    world.ticket(fields={"amount": 990})

    assert found(world, "quarterly", thread) == [titled]
    assert found(world, "ubersicht", thread) == [filed]
    assert len(found(world, "990", thread)) == 1


def test_a_search_over_all_records_answers_newest_first_and_can_be_narrowed(world: World, thread: ThreadView):
    other = world.ticket("2")
    first, second = say(world, thread, "needle one"), say(world, other, "needle two")

    assert found(world, "needle") == [second, first]
    assert found(world, "needle", thread) == [first]
    assert found(world, "needle", kinds=("note",)) == [] and found(world, "needle", record_type="order") == []


def test_what_changes_or_goes_is_found_as_it_is_now(world: World, thread: ThreadView):
    other = world.ticket("2")
    message_id = say(world, thread, "needle")
    with world.database.write() as session:
        messages.change(session, message_id, {"search_text": indexed("thimble")})
    assert (found(world, "needle"), found(world, "thimble", thread)) == ([], [message_id])

    with world.database.write() as session:
        messages.change(session, message_id, {"thread_id": other.id})
    assert (found(world, "thimble", thread), found(world, "thimble", other)) == ([], [message_id])

    with world.database.write() as session:
        lives.remove(session, other.id)
    assert found(world, "thimble") == []


def test_hits_are_paged_and_counted(world: World, thread: ThreadView):
    ids = [say(world, thread, "needle") for _ in range(7)]

    with world.database.read() as session:
        search = Search(session, Question("needle", EVERYTHING, thread.id))
        assert search.total == 7
        assert [hit.id for hit in search.fetch(before=ids[4], after=None, limit=2).rows] == [ids[3], ids[2]]
        assert [hit.id for hit in search.fetch(before=None, after=ids[2], limit=2).rows] == [ids[4], ids[3]]


def test_f02_entries_of_a_subtype_are_found_by_what_it_is_called(world: World, thread: ThreadView):
    with world.database.write() as session:
        world.records.put(session, RecordChange("ticket", "1", {"fields": {"stage": "won"}}), world.now)
        [changed] = [
            row.id for row in conversation.page(session, thread.id) if row.subtype == "stage_changed"
        ]
    said = say(world, thread, "we changed something on stage two")

    assert found(world, "stage changed", thread) == [said, changed]
    assert found(world, "chang stag") and changed in found(world, "STAGE CHANGED")
    assert found(world, "discussions") == []
    for kinds in (("note",), ("log",)):
        assert (changed in found(world, "stage changed", kinds=kinds)) is (kinds == ("log",))


def test_f07_conversations_and_notifications_are_searched_apart(world: World, thread: ThreadView):
    author = Author(None, "Ann", "ann@example.com")
    ids = {}
    for kind in ("message", "note", "log"):
        with world.database.write() as session:
            draft = Draft(thread, kind, "discussions", author, body_text="needle", internal=kind != "message")
            ids[kind] = world.posting.post(session, draft, world.now).message_id

    for where in (thread, None):
        assert found(world, "needle", where, kinds=("message", "note")) == [ids["note"], ids["message"]]
        assert found(world, "needle", where, kinds=("log",)) == [ids["log"]]


def test_where_most_hits_are_closed_a_page_says_from_where_to_go_on(
    world: World, thread: ThreadView, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        "store.queries.narrow.MOST_JUDGED", 3
    )  # a page that asks of three hits whether they may be read
    monkeypatch.setattr("store.queries.own.FEW", 0)
    ann = world.partner("ann@example.com", internal=True)
    mine = say(world, thread, "needle")
    others = world.ticket("2")
    for _ in range(7):
        say(world, others, "needle")
    with world.database.write() as session:
        threads.change(session, others, {"members": []}, world.now)

    with world.database.read() as session:
        asked, seen, before = Search(session, Question("needle", Reader(partner_id=ann.id))), [], None
        for _ in range(4):
            page = asked.fetch(before=before, after=None, limit=2)
            seen += [hit.id for hit in page.rows]
            before = page.reached
            if before is None:
                break
        assert asked.total is None

    assert seen == [mine] and before is None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=60) | st.text(alphabet="\"'*:^()-+&|!<>\\ \0aNEARORNOT{}é", max_size=40))
def test_nothing_that_a_person_can_type_makes_a_search_fail(world: World, query: str):
    thread = world.ticket()

    assert isinstance(found(world, query, thread), list) and isinstance(found(world, query), list)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=80))
def test_every_word_of_a_text_finds_it(world: World, text: str):
    thread = world.ticket()
    message_id = say(world, thread, text)

    for word in set(indexed(text).split()):
        for phrase in phrases(word):
            assert len(phrase) == 1
        assert message_id in found(world, word, thread), word
