"""However many rows an index of words is asked at once, it finds the same, and a list goes on where it ended."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from gateway.chatter.search import Question, Search
from store.models import Message
from store.queries import own, search
from store.queries.access_filter import EVERYTHING, Reader
from store.queries.newest import ByWords
from store.search import Scope, phrases
from store.session import Database, Session
from tests.store import many

N = 20_000  # five times what the finest marks of a place name
_message = Message.table()


@pytest.fixture
def filled(database: Database) -> Database:
    many.fill(database, 1, N)
    return database


def holding(session: Session, query: str, thread_id: int | None, condition: str = "1 = 1") -> list[int]:
    """What is to be found, as the messages themselves say."""
    said = [f"' ' || search_text LIKE '% {word}%'" for word in query.split()]
    of_thread = [] if thread_id is None else [f"thread_id = {thread_id}"]
    where = text(" AND ".join([*said, *of_thread, condition]))
    return list(session.execute(select(_message.c.id).where(where).order_by(_message.c.id.desc())).scalars())


@pytest.mark.timeout(300)
def test_what_is_found_does_not_depend_on_how_many_rows_are_asked_at_once(filled: Database):
    with filled.read() as session:
        for query, thread_id in [
            ("each", None), ("print", None), ("some print", many.LONG), ("old", None), ("print", many.CLOSED), ("never", None),
        ]:  # fmt: skip
            true = holding(session, query, thread_id)
            for first in (None, 1, 5000, N // 2, 10 * N):
                for before, after in ((None, None), (N // 2, None), (None, 0), (None, N // 3)):
                    reading = ByWords(
                        session,
                        lambda marks, q=query, t=thread_id: search._indexed(
                            session, phrases(q), Scope(t), (), marks
                        ),
                        _message,
                        before=before,
                        after=after,
                        first=first,
                    )
                    newest = [one for one in true if before is None or one < before]
                    expected = newest if after is None else [one for one in true[::-1] if one > after]
                    case = (query, thread_id, first, before, after)
                    assert reading.first(7) == expected[:7], case
                    assert reading.first(600) == expected[:600], case
                    assert reading.first(5) == expected[:5], case


@pytest.mark.timeout(300)
@pytest.mark.parametrize("at_once", [1, N])
def test_a_search_finds_the_same_in_one_step_and_in_many(
    filled: Database, monkeypatch: pytest.MonkeyPatch, at_once: int
):
    for name in ("LONG", "BEGUN", "SEVERAL"):
        monkeypatch.setattr(search, name, at_once)
    told = f"NOT internal AND id IN (SELECT message_id FROM notice WHERE partner_id = {many.BUSY})"
    with filled.read() as session:
        assert own.few(session, many.BUSY) is None
        for reader, condition in ((EVERYTHING, "1 = 1"), (Reader(None, many.BUSY, internal=False), told)):
            for query in ("print", "some print", "never print"):
                for thread_id in (None, many.LONG):
                    asked = Search(session, Question(query, reader, thread_id))
                    found, before = [], None
                    while before is None or before > 1:
                        window = asked.fetch(before=before, after=None, limit=500)
                        found += [hit.id for hit in window.rows]
                        page_end = window.rows[-1].id if len(window.rows) == 500 else window.reached
                        before = page_end or 1
                    assert found == holding(session, query, thread_id, condition), (query, thread_id, reader)
