"""Who may see what: list, search and get agree with the rule, for worlds of all kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.chatter.actor import reader_of
from gateway.chatter.post import Author, Draft, File
from gateway.chatter.search import Question, Search
from gateway.chatter.types import put
from gateway.rules.visibility import ACCESS, may_access, may_read
from store.models.views import PartnerView, ThreadView
from store.queries import conversation, files
from store.queries import message as messages
from store.queries import thread as threads
from store.queries.access_filter import Reader
from tests.builders import World

TYPES = {f"{access}-type": access for access in ACCESS}


@dataclass
class Told:
    """A message with what the rule asks about it."""

    id: int
    thread: ThreadView
    internal: bool
    author: PartnerView
    told: frozenset[int]


@dataclass
class Stage:
    """Partners, records of each kind of access, messages and who follows what."""

    partners: list[PartnerView]
    followers: dict[int, set[int]]
    threads: list[ThreadView]
    messages: list[Told]


members_of = st.none() | st.frozensets(st.integers(0, 4), max_size=3)
records = st.lists(
    st.tuples(st.sampled_from(sorted(TYPES)), members_of, st.frozensets(st.integers(0, 4), max_size=3)),
    min_size=1, max_size=3,
)  # fmt: skip
said = st.lists(
    st.tuples(
        st.integers(0, 9), st.booleans(), st.integers(0, 4), st.frozensets(st.integers(0, 4), max_size=2),
        st.frozensets(st.integers(0, 4), max_size=2),
    ),
    min_size=1, max_size=6,
)  # fmt: skip
limits = st.none() | st.frozensets(st.sampled_from(sorted(TYPES)), min_size=1)
people = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=5, max_size=5)


def build(world: World, who: Any, what: Any, talk: Any) -> Stage:
    """Enter a world of its own into the store."""
    number = world.directory.joinpath("n")
    count = int(number.read_text()) + 1 if number.exists() else 1
    number.write_text(str(count))
    with world.database.write() as session:
        for name, access in TYPES.items():
            put(session, name, None, {"policy": {"access": access}}, world.now)
    partners = [
        world.partner(f"p{n}w{count}@example.com", internal=internal, active=active)
        for n, (internal, active) in enumerate(who)
    ]
    stage = Stage(partners, {}, [], [])
    for n, (record_type, members, followers) in enumerate(what):
        with world.database.write() as session:
            named = None if members is None else sorted(partners[i].id for i in members)
            thread = threads.add(
                session, record_type=record_type, key=f"{count}-{n}", title="", url=None, fields={}, assignee_id=None,
                creator_id=None, domain="", now=world.now, members=named,
            )  # fmt: skip
        for i in followers:
            world.follow(thread, partners[i])
        stage.threads.append(thread)
        stage.followers[thread.id] = {partners[i].id for i in followers}
    for n, (where, internal, writer, mentioned, addressed) in enumerate(talk):
        thread, author = stage.threads[where % len(stage.threads)], partners[writer]
        draft = Draft(
            thread, "note" if internal else "message", "discussions",
            Author(author.id, author.name, author.email, author.internal), internal=internal,
            body_text=f"needle{count} {n}", mentioned=frozenset(partners[i].id for i in mentioned),
            addressed=frozenset(partners[i].email for i in addressed), addressed_count_for="everybody",
            files=(File(f"{n}.txt", "text/plain", 1, "0" * 64),),
        )  # fmt: skip
        with world.database.write() as session:
            message_id = world.posting.post(session, draft, world.now).message_id
            notices = messages.notices_of(session, [message_id])[message_id]
        told = frozenset(
            notice.partner_id
            for notice in notices
            if (notice.state != "skipped" or notice.reason == "addressed directly")
            and (notice.reason != "follower" or not notice.internal)
        )
        stage.messages.append(Told(message_id, thread, internal, author, told))
    stage.query = f"needle{count}"  # type: ignore[attr-defined]
    return stage


def reader(session: Any, world: World, partner: PartnerView) -> Reader:
    return reader_of(session, world.types, actor=partner.email)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(who=people, what=records, talk=said, types=limits)
def test_list_search_get_and_files_agree_with_the_rule(
    world: World, who: Any, what: Any, talk: Any, types: Any
):
    stage = build(world, who, what, talk)
    covered = {thread.id for thread in stage.threads if types is None or thread.record_type in types}

    for partner in stage.partners:
        facts = {"internal": partner.internal, "active": partner.active}
        open_ = {
            thread.id
            for thread in stage.threads
            if thread.id in covered
            and may_access(
                **facts, partner_id=partner.id, members=thread.members, access=TYPES[thread.record_type],
                follows=partner.id in stage.followers[thread.id],
            )
        }  # fmt: skip
        allowed = {
            one.id
            for one in stage.messages
            if one.thread.id in covered
            and may_read(
                **facts, may_access=one.thread.id in open_, internal_message=one.internal,
                is_author=one.author.id == partner.id, was_told=partner.id in one.told,
            )
        }  # fmt: skip
        with world.database.read() as session:
            asker = reader(session, world, partner)._replace(types=types)
            query = stage.query  # type: ignore[attr-defined]
            listed = {
                row.id
                for thread in stage.threads
                for row in conversation.page(session, thread.id, reader=asker)
            }
            counted = sum(conversation.count(session, thread.id, reader=asker) for thread in stage.threads)
            got = {one.id for one in stage.messages if messages.one(session, one.id, asker)}
            filed = {
                row.message_id
                for thread in stage.threads
                for row in files.of_record(session, asker, thread.id)
            }
            had = {one.id for one in stage.messages if files.of_message(session, asker, one.id)}
            found = {
                hit.id
                for hit in Search(session, Question(query, asker))
                .fetch(before=None, after=None, limit=99)
                .rows
            }
            in_threads = {
                hit.id
                for thread in stage.threads
                for hit in Search(session, Question(query, asker, thread.id))
                .fetch(before=None, after=None, limit=99)
                .rows
            }
            shown = {
                row.id
                for row in threads.search(
                    session, record_type=None, query="", before=None, limit=999, reader=asker
                ).rows
            }
            ids = [thread.id for thread in stage.threads]

            assert shown & set(ids) == open_ == threads.readable(session, asker, ids)
            assert listed == got == found == in_threads == filed == had == allowed and counted == len(allowed)


@pytest.mark.parametrize("kind", ["note", "log"])
def test_an_outsider_never_reads_what_is_for_staff_by_list_search_or_id(world: World, kind: str):
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[carol])
    with world.database.write() as session:
        draft = Draft(
            thread, kind, "note", Author(None, "A", "a@example.com"), internal=True, body_text="needle",
            mentioned=frozenset({carol.id}), confirmed=frozenset({carol.id}),
        )  # fmt: skip
        message_id = world.posting.post(session, draft, world.now).message_id

    with world.database.read() as session:
        asker = reader(session, world, carol)
        assert messages.one(session, message_id, asker) is None
        assert conversation.page(session, thread.id, reader=asker) == []
        assert Search(session, Question("needle", asker)).total == 0
        assert (
            threads.search(session, record_type=None, query="", before=None, limit=9, reader=asker).rows == []
        )
