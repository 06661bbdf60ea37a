"""Records: who follows, what is logged, what is refused."""

from __future__ import annotations

import pytest

from gateway.chatter.batch import put_batch
from gateway.chatter.records import RecordChange
from gateway.chatter.types import put as put_type
from gateway.errors import BadValue, NotFound
from store.queries import conversation
from store.queries import partner as partners
from tests.builders import World


def log_of(world: World, thread):
    return [(row.kind, row.author_email, row.body_text, row.tracking) for row in world.messages(thread)]


def put(world: World, key="1", actor=None, untracked=False, **values):
    change = RecordChange("ticket", key, values, actor, untracked=untracked)
    with world.database.write() as session:
        return world.records.put(session, change, world.now)[0]


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


ALICE, BOB, CAROL, GONE = (
    "alice@corp.example",
    "bob@corp.example",
    "carol@customer.example",
    "gone@corp.example",
)


@pytest.fixture
def people(world: World) -> World:
    """Alice and Bob are staff, Carol is a customer, Gone was staff."""
    for email in (ALICE, BOB):
        world.partner(email, internal=True)
    world.partner(CAROL)
    world.partner(GONE, internal=True, active=False)
    return world


def told(world: World, thread) -> dict[str, tuple[str, str]]:
    """What the newest entry's notices are: email -> (state, reason)."""
    with world.database.read() as session:
        newest = conversation.page(session, thread.id)[0]
    return world.notices(newest.id)


@pytest.mark.parametrize(("notify", "state", "reason"), [
    ({}, "queued", "assigned"), ({"timing": "web"}, "inbox", "assigned"), ({"timing": "none"}, "skipped", "wants no notices"),
])  # fmt: skip
@pytest.mark.parametrize("when", ["at creation", "later"])
def test_t113_an_assignee_is_told_in_the_way_he_wants(
    people: World, notify, state: str, reason: str, when: str
):
    """B14: by mail, in the inbox, or not with the reason; only he, and never who assigned himself."""
    with people.database.write() as session:
        bob = partners.by_address(session, BOB)
        partners.change(session, bob.id, {"notify": notify})
    if when == "later":
        put(people, actor=ALICE)

    thread = put(people, actor=ALICE, assignee=BOB)

    assert told(people, thread) == {BOB: (state, reason)}
    with people.database.read() as session:
        mailed = session.exec_driver_sql("SELECT kind, address FROM delivery").all()
    assert [tuple(row) for row in mailed] == ([("assigned", BOB)] if state == "queued" else [])
    thread = put(people, "2", actor=BOB, assignee=BOB)
    assert (told(people, thread), people.followers(thread)) == ({}, {BOB})


def test_the_assignee_of_a_change_that_tells_its_followers_hears_of_it_once(people: World):
    with people.database.read() as session:
        bob, alice = partners.by_address(session, BOB), partners.by_address(session, ALICE)
    thread = put(people, fields={"stage": "new"})
    for who in (alice, bob):
        people.follow(thread, who, "stage_changed")

    put(people, fields={"stage": "won"}, assignee=BOB)

    assert told(people, thread) == {BOB: ("queued", "assigned"), ALICE: ("queued", "follower")}


@pytest.mark.parametrize(("values", "assignee", "access", "refused"), [
    ({}, CAROL, "all", "carol@customer.example is not a colleague"),
    ({}, GONE, "all", "gone@corp.example is deactivated"),
    ({"members": [ALICE]}, BOB, "all", "bob@corp.example has no access to the record"),
    ({"members": [ALICE, BOB]}, BOB, "all", ""),
    ({"members": None}, BOB, "all", ""),
    ({"members": None}, BOB, "members", "bob@corp.example has no access to the record"),
    ({"members": None}, BOB, "followers", ""),
])  # fmt: skip
def test_only_a_colleague_who_may_work_on_the_record_is_given_it(
    people: World, values, assignee, access, refused
):
    """B14: as things will be after the call, so that members and assignee may come together."""
    with people.database.write() as session:
        put_type(session, "ticket", None, {"policy": {"access": access}}, people.now)
    put(people, members=[ALICE])

    if not refused:
        assert put(people, assignee=assignee, **values).assignee_id
        return
    with pytest.raises(BadValue) as wrong:
        put(people, assignee=assignee, **values)

    assert [(error.pointer, error.detail) for error in wrong.value.errors] == [("#/assignee", refused)]


def test_an_assignee_who_lost_his_access_since_spoils_no_other_change(people: World):
    put(people, assignee=BOB)

    thread = put(people, members=[ALICE], assignee=BOB, title="Pump")

    assert thread.title == "Pump"


@pytest.mark.parametrize("actor", [CAROL, GONE])
def test_an_outsider_and_who_is_deactivated_change_no_record(people: World, actor: str):
    put(people, title="Pump")

    with pytest.raises(BadValue) as refused:
        put(people, actor=actor, title="Mine")

    assert [error.pointer for error in refused.value.errors] == ["#/actor"]


def test_a_customer_for_whom_a_record_is_opened_is_its_creator_but_follows_only_if_somebody_lets_him(
    people: World,
):
    """B13: an active colleague follows what he creates, a customer does not."""
    thread = put(people, actor=CAROL, title="Pump")

    with people.database.read() as session:
        carol = partners.by_address(session, CAROL)
    assert (thread.creator_id, people.followers(thread)) == (carol.id, set())
    assert people.followers(put(people, "2", actor=ALICE)) == {ALICE}


def test_changes_of_one_call_become_one_entry_with_old_and_new_values(world: World):
    world.partner("alice@corp.example", internal=True)
    thread = put(world, fields={"stage": "new", "amount": 10})

    put(world, actor="alice@corp.example", fields={"stage": "won", "amount": 12.5, "secret": "x"})

    [(kind, author, _, tracking)] = log_of(world, thread)
    assert (kind, author) == ("log", "alice@corp.example")
    assert tracking == [
        {
            "field": "stage",
            "label": "Stage",
            "old": "New",
            "new": "Won",
            "old_value": "new",
            "new_value": "won",
        },
        {"field": "amount", "label": "Amount", "old": "10 EUR", "new": "12.5 EUR", "kind": "money"},
    ]


def test_without_an_actor_the_system_is_credited(world: World):
    thread = put(world, fields={"stage": "new"})

    put(world, fields={"stage": "won"})

    with world.database.read() as session:
        entry = conversation.page(session, thread.id)[0]
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


def test_null_for_all_fields_clears_all_of_them(world: World):
    """DESIGN section 8: null = clear. The lines say what there was."""
    thread = put(world, fields={"stage": "new", "amount": 1, "secret": "x"})

    assert put(world, fields=None).fields == {}
    [entry] = world.messages(thread)
    assert [(line["label"], line["old"], line["new"]) for line in entry.tracking] == [
        ("Stage", "New", ""), ("Amount", "1 EUR", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(("said", "left"), [
    ([{"amount": 2}, None], {}), ([None, {"amount": 2}], {"amount": 2}), ([None, None], {}),
    ([{"amount": 2}, None, {"secret": "y"}], {"secret": "y"}), ([{"amount": None}, {"secret": "y"}], {"stage": "new", "secret": "y"}),
])  # fmt: skip
def test_what_a_batch_says_in_several_items_happens_in_their_order(world: World, said, left):
    put(world, fields={"stage": "new", "amount": 1})
    items = [RecordChange("ticket", "1", {"fields": fields}) for fields in said]

    with world.database.write() as session:
        done = put_batch(session, items, records=world.records, known_types={"ticket"}, now=world.now)

    assert done[-1][0].fields == left


def test_two_people_cannot_change_one_record_in_one_batch(people: World):
    """A04: one set of changes is one entry, and that has one author."""
    items = [
        RecordChange("ticket", "1", {"fields": {"amount": 1}}, ALICE),
        RecordChange("ticket", "2", {}, BOB),
        RecordChange("ticket", "1", {"fields": {"stage": "won"}}, BOB),
        RecordChange("ticket", "1", {"title": "x"}),
        RecordChange("ticket", "2", {"title": "y"}, "BOB@corp.example"),
    ]

    with pytest.raises(BadValue) as refused, people.database.write() as session:
        put_batch(session, items, records=people.records, known_types={"ticket"}, now=people.now)

    assert [error.pointer for error in refused.value.errors] == ["#/items/2/actor", "#/items/3/actor"]


def test_an_untracked_change_leaves_no_entry_but_who_is_assigned_follows_and_is_told(people: World):
    """A05: beside the switch that silences everything there is one for the log alone."""
    thread = put(people, actor=ALICE, untracked=True, fields={"stage": "new"})
    assert (people.followers(thread), people.messages(thread)) == ({ALICE}, [])

    put(people, actor=ALICE, untracked=True, fields={"stage": "won", "amount": 3}, active=True)
    put(people, actor=ALICE, untracked=True, assignee=ALICE)
    assert people.messages(thread) == []

    put(people, actor=ALICE, untracked=True, fields={"stage": "new"}, assignee=BOB)

    [entry] = people.messages(thread)
    assert [(line["field"], line["new"]) for line in entry.tracking] == [("assignee", "Bob")]
    assert told(people, thread) == {BOB: ("queued", "assigned")}
    assert people.followers(thread) == {ALICE, BOB}


def test_null_clears_and_absent_keeps(world: World):
    put(world, title="Pump", url="https://app.example/1", fields={"stage": "new", "amount": 1})

    thread = put(world, url=None, fields={"amount": None})

    assert (thread.title, thread.url, thread.fields) == ("Pump", None, {"stage": "new"})


@pytest.mark.parametrize(("key", "values", "actor", "pointer"), [
    ("", {}, None, "#/key"), ("a\nb", {}, None, "#/key"), ("x" * 300, {}, None, "#/key"),
    ("1", {"assignee": "nobody@x.example"}, None, "#/assignee"), ("1", {"assignee": "no address"}, None, "#/assignee"),
    ("1", {}, "nobody@x.example", "#/actor"), ("1", {"domain": "evil.example"}, None, "#/domain"),
    *[("1", {"url": url}, None, "#/url") for url in (
        "javascript:alert(1)", "java\nscript:alert(1)", "/orders/1", "ftp://x.example", "https://", "https://[x", "data:text/html,x")],
])  # fmt: skip
def test_what_is_refused_names_its_field(world: World, key, values, actor, pointer):
    with pytest.raises(BadValue) as refused:
        put(world, key, actor, **values)

    assert refused.value.errors[0].pointer == pointer


def test_an_unknown_type_is_not_found(world: World):
    with pytest.raises(NotFound), world.database.write() as session:
        world.records.put(session, RecordChange("spaceship", "1", {}), world.now)
