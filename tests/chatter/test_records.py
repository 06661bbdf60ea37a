"""Records: who follows, what is logged, what is refused."""

from __future__ import annotations

import pytest

from gateway.chatter.records import RecordChange
from gateway.errors import BadValue, NotFound
from store.queries import message as messages
from tests.builders import World


def log_of(world: World, thread):
    return [(row.kind, row.author_email, row.body_text, row.tracking) for row in world.messages(thread)]


def put(world: World, key="1", actor=None, **values):
    with world.database.write() as session:
        return world.records.put(session, RecordChange("ticket", key, values, actor), world.now)[0]


def test_creator_and_assignee_follow_and_only_the_assignee_is_mailed(world: World):
    world.partner("alice@corp.example", internal=True)
    world.partner("bob@corp.example", internal=True)

    thread = put(world, actor="alice@corp.example", assignee="bob@corp.example", title="Pump")

    assert world.followers(thread) == {"alice@corp.example", "bob@corp.example"}
    with world.database.read() as session:
        mailed = session.exec_driver_sql("SELECT kind, address FROM delivery").all()
    assert [tuple(row) for row in mailed] == [("assigned", "bob@corp.example")]


def test_who_assigns_himself_is_not_mailed(world: World):
    world.partner("alice@corp.example", internal=True)

    put(world, actor="alice@corp.example", assignee="alice@corp.example")

    with world.database.read() as session:
        assert session.exec_driver_sql("SELECT count(*) FROM delivery").scalar() == 0


def test_changes_of_one_call_become_one_entry_with_old_and_new_values(world: World):
    world.partner("alice@corp.example", internal=True)
    thread = put(world, fields={"stage": "new", "amount": 10})

    put(world, actor="alice@corp.example", fields={"stage": "won", "amount": 12.5, "secret": "x"})

    [(kind, author, _, tracking)] = log_of(world, thread)
    assert (kind, author) == ("log", "alice@corp.example")
    assert tracking == [
        {"field": "stage", "label": "Stage", "old": "New", "new": "Won"},
        {"field": "amount", "label": "Amount", "old": "10 EUR", "new": "12.5 EUR"},
    ]


def test_without_an_actor_the_system_is_credited(world: World):
    thread = put(world, fields={"stage": "new"})

    put(world, fields={"stage": "won"})

    with world.database.read() as session:
        entry = messages.page(session, thread.id)[0]
    assert (entry.author_id, entry.author_name) == (None, "Threadpost")


def test_no_net_change_writes_nothing(world: World):
    thread = put(world, fields={"stage": "new"})

    put(world, fields={"stage": "new"}, title="Another title")

    assert log_of(world, thread) == []


def test_a_change_mapped_to_a_subtype_tells_its_inside_followers_only(world: World):
    bob = world.partner("bob@corp.example", internal=True)
    carol = world.partner("carol@customer.example")
    thread = put(world, fields={"stage": "new"})
    world.follow(thread, bob, "stage_changed")
    world.follow(thread, carol, "stage_changed")

    put(world, fields={"stage": "won"})

    [entry] = world.messages(thread)
    assert world.notices(entry.id) == {
        "bob@corp.example": ("queued", "follower"),
        "carol@customer.example": ("skipped", "for staff only"),
    }


def test_null_clears_and_absent_keeps(world: World):
    put(world, title="Pump", url="https://app.example/1", fields={"stage": "new", "amount": 1})

    thread = put(world, url=None, fields={"amount": None})

    assert (thread.title, thread.url, thread.fields) == ("Pump", None, {"stage": "new"})


@pytest.mark.parametrize(("key", "values", "actor", "pointer"), [
    ("", {}, None, "#/key"), ("a\nb", {}, None, "#/key"), ("x" * 300, {}, None, "#/key"),
    ("1", {"assignee": "nobody@x.example"}, None, "#/assignee"), ("1", {"assignee": "no address"}, None, "#/assignee"),
    ("1", {}, "nobody@x.example", "#/actor"), ("1", {"domain": "evil.example"}, None, "#/domain"),
])  # fmt: skip
def test_what_is_refused_names_its_field(world: World, key, values, actor, pointer):
    with pytest.raises(BadValue) as refused:
        put(world, key, actor, **values)

    assert refused.value.errors[0].pointer == pointer


def test_an_unknown_type_is_not_found(world: World):
    with pytest.raises(NotFound), world.database.write() as session:
        world.records.put(session, RecordChange("spaceship", "1", {}), world.now)
