"""Who follows a record, and how that begins and ends (B01-B23), by the API and by mail."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sqlalchemy import select

from gateway.chatter import bulk, follow, merge_partners
from gateway.chatter.actor import EVERYTHING
from gateway.chatter.batch import put_batch
from gateway.chatter.lives import Lives
from gateway.chatter.names import RecordName
from gateway.chatter.post import Author, Draft
from gateway.chatter.records import RecordChange
from gateway.chatter.types import put
from gateway.errors import BadValue, Conflict, UnknownRecipient
from gateway.mail.envelope import Client
from store.models import Delivery, Follower
from store.queries import follower as followers
from store.queries import lives, reply_address
from store.queries import partner as partners
from store.queries import thread as threads
from tests.builders import DOMAIN, HOP, World, a_mail, stamped

PROJECT = {"subtypes": [{"name": "task_new", "label": "New task"}, {"name": "budget", "label": "Budget"}]}
TASK = {
    "subtypes": [
        {"name": "progress", "label": "Progress", "default": True, "parent_subtype": "task_new"},
        {"name": "costs", "label": "Costs", "internal": True, "parent_subtype": "task_new"},
    ]
}


def change(
    world: World, key: str, actor: str | None = None, record_type: str = "ticket", **values: Any
) -> Any:
    with world.database.write() as session:
        return world.records.put(session, RecordChange(record_type, key, values, actor), world.now)[0]


def subtypes(world: World, thread: Any) -> dict[str, set[str]]:
    with world.database.read() as session:
        return {row.email: set(row.subtypes) for row in followers.followers(session, thread.id, limit=200)}


def says(world: World, thread: Any, author: Any, text: str = "Hello", kind: str = "message") -> int:
    draft = Draft(
        thread, kind, "discussions" if kind == "message" else "note", Author(author.id, author.name, author.email, author.internal),
        internal=kind == "note", body_text=text, followers=((author.id, author.internal),) if kind == "message" else (),
    )  # fmt: skip
    with world.database.write() as session:
        return world.posting.post(session, draft, world.now).message_id


def test_a_former_assignee_who_never_acted_no_longer_follows(world: World):
    boss, ann, bob = (world.partner(f"{name}@corp.example", internal=True) for name in ("boss", "ann", "bob"))
    thread = world.ticket(actor=boss.email, assignee=ann.email)

    change(world, "1", boss.email, assignee=bob.email)

    assert world.followers(thread) == {boss.email, bob.email}


@pytest.mark.parametrize("deed", ["wrote", "logged", "chose", "pressed follow", "was added with others"])
def test_a_former_assignee_who_acted_stays(world: World, deed: str):
    boss, ann, bob = (world.partner(f"{name}@corp.example", internal=True) for name in ("boss", "ann", "bob"))
    thread = world.ticket(actor=boss.email, assignee=ann.email)
    if deed == "wrote":
        says(world, thread, ann)
    elif deed == "logged":
        change(world, "1", ann.email, fields={"stage": "won"})
    elif deed == "chose":
        with world.database.write() as session:
            followers.set_subtypes(session, thread.id, ann.id, frozenset({"note"}))
    elif deed == "pressed follow":
        with world.database.write() as session:
            follow.follow(session, thread, ann, types=world.types, wanted=None, reason="own", now=world.now)
    else:
        with world.database.write() as session:
            many = bulk.Many([thread], [ann, boss])
            assert bulk.follow_all(session, many, types=world.types, wanted=None, now=world.now) == 0

    change(world, "1", boss.email, assignee=bob.email)

    assert world.followers(thread) == {boss.email, ann.email, bob.email}


def test_an_assignee_who_hands_the_record_on_himself_has_acted_and_stays(world: World):
    """B15."""
    boss, ann, bob = (world.partner(f"{name}@corp.example", internal=True) for name in ("boss", "ann", "bob"))
    thread = world.ticket(actor=boss.email, assignee=bob.email)

    change(world, "1", bob.email, assignee=ann.email)

    assert world.followers(thread) == {boss.email, ann.email, bob.email}


def test_a_former_assignee_who_follows_another_merged_record_by_his_own_will_stays(world: World):
    """Of two reasons the one that does not end with the assignment counts: records merged, partners merged."""
    ann, twin = (world.partner(f"{name}@corp.example", internal=True) for name in ("ann", "twin"))
    kept, gone, third = (
        world.ticket("1", assignee=ann.email),
        world.ticket("2"),
        world.ticket("3", assignee=ann.email),
    )
    world.follow(gone, ann)
    world.follow(third, twin)
    with world.database.write() as session:
        Lives(types=world.types, posting=world.posting).merge(session, gone, kept, actor=None, now=world.now)
    merged(world, twin.email, ann.email)

    for key in ("1", "3"):
        change(world, key, assignee=None)

    assert (world.followers(kept), world.followers(third)) == ({ann.email}, {ann.email})


def test_a_follower_who_was_assigned_meanwhile_stays_a_follower(world: World):
    ann, bob = (world.partner(f"{name}@corp.example", internal=True) for name in ("ann", "bob"))
    thread = world.ticket(followers=[ann])

    change(world, "1", assignee=ann.email)
    change(world, "1", assignee=bob.email)
    change(world, "1", assignee=None)

    assert world.followers(thread) == {ann.email}


@pytest.fixture
def project(world: World) -> Any:
    with world.database.write() as session:
        put(session, "project", "Project", PROJECT, world.now)
        put(session, "task", "Task", TASK, world.now)
    return change(world, "p1", record_type="project", title="House")


def test_followers_of_a_project_follow_its_new_tasks_with_the_mapped_subtype(world: World, project: Any):
    ann, idle = (world.partner(f"{name}@corp.example", internal=True) for name in ("ann", "idle"))
    carol = world.partner("carol@customer.example")
    gone = world.partner("gone@corp.example", internal=True)
    world.follow(project, ann, "task_new", "discussions", "note", "budget")
    world.follow(project, idle, "discussions", "budget")
    world.follow(project, carol, "task_new", "discussions", "note")
    world.follow(project, gone, "task_new")
    with world.database.write() as session:
        partners.change(session, gone.id, {"active": False})

    task = change(world, "t1", record_type="task", parent=RecordName("project", "p1"))

    assert subtypes(world, task) == {
        ann.email: {
            "progress",
            "costs",
            "discussions",
            "note",
        },  # its own by mapping, the generic ones inherited
        carol.email: {"progress", "discussions"},  # an outsider loses the internal ones
    }
    assert task.parent_id == project.id


def test_the_creator_of_a_task_gets_his_defaults_and_what_he_inherits(world: World, project: Any):
    ann = world.partner("ann@corp.example", internal=True)
    world.follow(project, ann, "task_new", "note")

    task = change(world, "t1", ann.email, record_type="task", parent=RecordName("project", "p1"))

    assert subtypes(world, task) == {ann.email: {"discussions", "progress", "costs", "note"}}


def test_a_task_that_gets_its_parent_later_is_followed_from_then_on_and_keeps_what_was_chosen(
    world: World, project: Any
):
    ann, bob = (world.partner(f"{name}@corp.example", internal=True) for name in ("ann", "bob"))
    world.follow(project, ann, "task_new")
    world.follow(project, bob, "task_new")
    task = change(world, "t1", record_type="task")
    world.follow(task, bob, "note")

    change(world, "t1", record_type="task", parent=RecordName("project", "p1"))

    assert subtypes(world, task) == {ann.email: {"progress", "costs"}, bob.email: {"note"}}
    assert change(world, "t1", record_type="task", parent=None).parent_id is None


@pytest.mark.parametrize("parent_comes", ["at creation", "later"])
def test_a_former_assignee_who_follows_by_the_parent_stays(world: World, project: Any, parent_comes: str):
    """B15, B16."""
    bob = world.partner("bob@corp.example", internal=True)
    world.follow(project, bob, "task_new")
    parent = RecordName("project", "p1")
    at_once = {"parent": parent} if parent_comes == "at creation" else {}
    task = change(world, "t1", record_type="task", assignee=bob.email, **at_once)
    change(world, "t1", record_type="task", parent=parent)

    change(world, "t1", record_type="task", assignee=None)

    assert world.followers(task) == {bob.email}


def test_a_parent_that_is_not_there_is_named(world: World, project: Any):
    with pytest.raises(BadValue) as refused:
        change(world, "t1", record_type="task", parent=RecordName("project", "p9"))
    assert [error.pointer for error in refused.value.errors] == ["#/parent"]

    with pytest.raises(BadValue):
        change(world, "p1", record_type="project", parent=RecordName("project", "p1"))


def tasks(world: World, *items: tuple[str, str | None], actor: str | None = None) -> list[Any]:
    """Put tasks (key, key of the parent task or None) in one batch."""
    with world.database.write() as session:
        wanted = [
            RecordChange("task", key, {"parent": RecordName("task", parent) if parent else None}, actor)
            for key, parent in items
        ]
        done = put_batch(session, wanted, records=world.records, known_types={"task"}, now=world.now)
    return [thread for thread, _ in done]


@pytest.mark.parametrize("circle", [
    [("a", "b")], [("a", "c")], [("a", "a")], [("new", "a"), ("a", "new")], [("a", "new"), ("new", "c")],
])  # fmt: skip
def test_no_record_is_above_its_own_parent(world: World, project: Any, circle: list[tuple[str, str]]):
    """B16: c is below b, which is below a."""
    tasks(world, ("a", None), ("b", "a"), ("c", "b"))

    with pytest.raises(BadValue) as refused:
        tasks(world, *circle)

    assert {error.pointer for error in refused.value.errors} == {
        f"#/items/{n}/parent" for n in range(len(circle))
    }


def test_a_circle_that_the_same_batch_opens_is_none(world: World, project: Any):
    tasks(world, ("a", None), ("b", "a"))

    a, b = tasks(world, ("a", "b"), ("b", None))

    assert (a.parent_id, b.parent_id) == (b.id, None)


def test_records_are_not_nested_without_end(world: World, project: Any):
    tasks(world, ("0", None), *((str(n), str(n - 1)) for n in range(1, 101)))

    with pytest.raises(BadValue) as refused:
        tasks(world, ("101", "100"))

    assert refused.value.errors[0].detail == "records are nested 100 deep at most"


def test_a_batch_brings_parents_and_children_together_in_any_order(world: World):
    """B16: who creates the parent in the same call follows the children as the parent's followers do."""
    ann = world.partner("ann@corp.example", internal=True)
    bob = world.partner("bob@corp.example", internal=True)
    with world.database.write() as session:
        put(
            session,
            "project",
            "Project",
            {"subtypes": [{"name": "task_new", "label": "New", "default": True}]},
            world.now,
        )
        put(session, "task", "Task", {"subtypes": [
            {"name": "task_new", "label": "New", "parent_subtype": "task_new"}, *TASK["subtypes"]]}, world.now)  # fmt: skip
        wanted = [
            RecordChange("task", "leaf", {"parent": RecordName("task", "branch"), "assignee": bob.email}),
            RecordChange("task", "branch", {"parent": RecordName("project", "root")}),
            RecordChange("project", "root", {}, ann.email),
        ]
        done = put_batch(
            session, wanted, records=world.records, known_types={"task", "project"}, now=world.now
        )
        leaf, branch, root = (thread for thread, _ in done)
        stored = lives.ancestry(session, [leaf.id])

    assert (leaf.parent_id, branch.parent_id) == (branch.id, root.id)
    assert stored == {leaf.id: branch.id, branch.id: root.id, root.id: None}
    assert subtypes(world, branch)[ann.email] == {"discussions", "task_new", "progress", "costs"}
    assert set(subtypes(world, leaf)) == {ann.email, bob.email}


def test_a_parent_that_the_actor_cannot_open_is_not_there_for_him(world: World, project: Any):
    """B16: else its followers could be read off the child."""
    ann, bob = (world.partner(f"{name}@corp.example", internal=True) for name in ("ann", "bob"))
    carol = world.partner("carol@customer.example")
    world.follow(project, bob, "task_new")
    change(world, "p1", record_type="project", members=[bob.email])

    for actor in (ann.email, carol.email):
        with pytest.raises(BadValue) as refused:
            change(world, "t1", actor, record_type="task", parent=RecordName("project", "p1"))
        assert [(error.pointer, error.detail) for error in refused.value.errors] == [
            ("#/parent", "there is no project p1")
        ]
    task = change(world, "t1", bob.email, record_type="task", parent=RecordName("project", "p1"))
    assert world.followers(task) == {bob.email}


def test_a_record_that_is_merged_into_one_below_it_leaves_its_place_to_it(world: World, project: Any):
    top, a, b, c = tasks(world, ("top", None), ("a", "top"), ("b", "a"), ("c", "b"))
    with world.database.write() as session:
        Lives(types=world.types, posting=world.posting).merge(session, a, c, actor=None, now=world.now)
        family = lives.ancestry(session, [b.id])

    assert family == {b.id: c.id, c.id: top.id, top.id: None}


def test_a_deactivated_partner_is_no_longer_told_even_of_what_waits(world: World):
    """T117, and B06: who was archived is not told, and not added."""
    ann, bob = (world.partner(f"{name}@corp.example", internal=True) for name in ("ann", "bob"))
    thread = world.ticket(followers=[ann, bob])
    with world.database.write() as session:
        partners.change(session, bob.id, {"active": False})

    message_id = says(world, thread, ann)

    assert world.notices(message_id)[bob.email] == ("skipped", "deactivated")
    with pytest.raises(BadValue), world.database.write() as session:
        bulk.find(session, [("ticket", "1")], [bob.email], reader=EVERYTHING, add=True, now=world.now)


def test_a_thousand_records_are_followed_and_left_in_a_second(world: World):
    """B22."""
    ann, carol = world.partner("ann@corp.example", internal=True), world.partner("carol@customer.example")
    names = [("ticket", f"n{number}") for number in range(1000)]
    with world.database.write() as session:
        world.records.put_all(session, [RecordChange(*name, {}) for name in names], world.now)

    def call(emails: list[str], *, follow: bool, wanted: Any = None) -> tuple[int, float]:
        begun = time.perf_counter()
        with world.database.write() as session:
            many = bulk.find(session, names, emails, reader=EVERYTHING, add=follow, now=world.now)
            if follow:
                done = bulk.follow_all(session, many, types=world.types, wanted=wanted, now=world.now)
            else:
                done = bulk.leave_all(session, many, posting=world.posting, now=world.now)
        return done, time.perf_counter() - begun

    followed, seconds = call([ann.email], follow=True)
    assert followed == 1000 and seconds < 3, seconds  # the promise is 1 s on a machine of its own
    assert call([ann.email, carol.email], follow=True) == (1000, pytest.approx(0, abs=6))
    assert call([ann.email], follow=True, wanted=["note"])[0] == 0
    with world.database.read() as session:
        table = Follower.table()
        mine = session.execute(select(table.c.subtypes).where(table.c.partner_id == ann.id)).scalars().all()
    assert set(mine) == {frozenset({"note"})}
    assert call([carol.email], follow=False)[0] == 1000
    last = change(world, "n999")
    assert world.messages(last)[-1].body_text == "Carol no longer follows."


def test_a_batch_names_every_record_that_is_missing_and_changes_nothing(world: World):
    thread = world.ticket()
    names = [("ticket", "1"), ("ticket", "nope"), ("ticket", "neither")]

    with pytest.raises(BadValue) as refused, world.database.write() as session:
        bulk.find(session, names, ["new@outside.example"], reader=EVERYTHING, add=True, now=world.now)

    assert [error.pointer for error in refused.value.errors] == ["#/records/1", "#/records/2"]
    assert world.followers(thread) == set()
    with world.database.read() as session:
        assert partners.by_address(session, "new@outside.example") is None


def test_a_contact_with_several_addresses_is_one_partner_whichever_he_writes_from(world: World):
    ann, carol = world.partner("ann@corp.example", internal=True), world.partner("carol@customer.example")
    thread = world.ticket(followers=[ann, carol])
    with world.database.write() as session:
        partners.set_addresses(session, carol.id, ["carol@customer.example", "carol@home.example"])
    reply = world.reply_address(thread, carol)

    world.receive(a_mail("Carol <carol@home.example>", to=reply, text="From home."), reply)

    [message] = world.messages(thread)
    assert (message.author_id, message.confidence) == (carol.id, "token")
    assert world.notices(message.id)[ann.email][0] == "queued"


def merged(world: World, email: str, into: str) -> Any:
    with world.database.write() as session:
        return merge_partners.merge(session, email, into, world.now)


def test_merged_partners_are_one_in_addresses_subscriptions_authorship_and_notices(world: World):
    ann = world.partner("ann@corp.example", internal=True)
    carol, twin = world.partner("carol@customer.example"), world.partner("carol@home.example")
    both, other = world.ticket("1", followers=[ann]), world.ticket("2")
    world.follow(both, carol, "discussions")
    world.follow(both, twin, "rated")
    world.follow(other, twin, "discussions")
    hers = says(world, other, twin, "From home")
    told = says(world, other, ann, "To home")

    merged(world, "carol@home.example", "carol@customer.example")

    assert subtypes(world, both)[carol.email] == {"discussions", "rated"}
    assert world.followers(other) == {carol.email, ann.email}
    [wrote] = [message for message in world.messages(other) if message.id == hers]
    assert wrote.author_id == carol.id
    assert world.notices(told) == {ann.email: ("skipped", "the author"), carol.email: ("queued", "follower")}
    with world.database.read() as session:
        assert partners.addresses_of(session, carol.id) == ["carol@customer.example", "carol@home.example"]
        assert [partner.email for partner in partners.search(session, "carol", after=None, limit=9)] == [
            carol.email
        ]


def test_the_old_reply_address_of_a_merged_partner_keeps_working(world: World):
    carol, twin = world.partner("carol@customer.example"), world.partner("carol@home.example")
    thread = world.ticket(followers=[twin])
    old = world.reply_address(thread, twin)
    merged(world, "carol@home.example", "carol@customer.example")

    world.receive(a_mail("carol@customer.example", to=old, text="One of us."), old)
    world.receive(a_mail("carol@home.example", to=old, text="The other."), old)

    assert [(m.author_id, m.confidence) for m in world.messages(thread)] == [(carol.id, "token")] * 2


def test_revoked_reply_addresses_include_those_of_who_was_merged_into_the_partner(world: World):
    carol, twin = world.partner("carol@customer.example"), world.partner("carol@home.example")
    thread, gone = world.ticket("1", followers=[twin]), world.ticket("2", followers=[twin])
    hers, old, oldest = (world.reply_address(*of) for of in ((thread, carol), (thread, twin), (gone, twin)))
    with world.database.write() as session:
        Lives(types=world.types, posting=world.posting).merge(
            session, gone, thread, actor=None, now=world.now
        )
    merged(world, "carol@home.example", "carol@customer.example")

    with world.database.write() as session:
        reply_address.revoke(session, thread.id, carol.id)

    for address in (hers, old, oldest):
        with pytest.raises(UnknownRecipient):
            world.acceptor.resolve_now(address)


@pytest.mark.parametrize(("dead", "source", "told"), [
    ([], "bounce", ("queued", "carol@customer.example")), (["first"], "bounce", ("queued", "carol@home.example")),
    (["first"], "admin@corp.example", ("queued", "carol@home.example")), (["first", "second"], "bounce", ("suppressed", None)),
    (["second"], "bounce", ("queued", "carol@customer.example")), (["first"], "complaint", ("suppressed", None)),
])  # fmt: skip
@pytest.mark.parametrize("how", ["follower", "recipient", "assigned at once"])
def test_t133_mail_goes_to_the_first_address_of_a_partner_that_takes_any(
    world: World, dead, source, told, how: str
):
    """Who complained is not written to elsewhere: he meant us, not his mailbox."""
    ann, carol = world.partner("ann@corp.example", internal=True), world.partner("carol@customer.example")
    of = {"first": "carol@customer.example", "second": "carol@home.example"}
    with world.database.write() as session:
        partners.set_addresses(session, carol.id, list(of.values()))
        for one in dead:
            partners.suppress(
                session, of[one], reason="no such user", status="5.1.1", source=source, now=world.now
            )
    thread = world.ticket(followers=[carol] if how == "follower" else [])
    draft = Draft(thread, "message", "discussions", Author(ann.id, "Ann", ann.email, True), body_text="Hello",
                  recipients=frozenset({carol.id} if how == "recipient" else ()),
                  concerned=frozenset({carol.id} if how == "assigned at once" else ()), concern="assigned")  # fmt: skip

    with world.database.write() as session:
        [message_id] = world.posting.post_all(session, [draft], world.now) if how != "recipient" else [
            world.posting.post(session, draft, world.now).message_id
        ]  # fmt: skip

    table = Delivery.table()
    with world.database.read() as session:
        sent_to = session.execute(
            select(table.c.address).where(table.c.message_id == message_id, table.c.state == "queued")
        ).scalar()
    assert (world.notices(message_id)[carol.email][0], sent_to) == told


def test_mail_about_one_message_to_two_who_are_one_is_sent_once(world: World):
    ann = world.partner("ann@corp.example", internal=True)
    carol, twin = world.partner("carol@customer.example"), world.partner("carol@home.example")
    thread = world.ticket(followers=[carol, twin])
    message_id = says(world, thread, ann)

    merged(world, "carol@home.example", "carol@customer.example")

    table = Delivery.table()
    with world.database.read() as session:
        rows = session.execute(
            select(table.c.address, table.c.state).where(table.c.message_id == message_id)
        ).all()
    assert sorted(map(tuple, rows)) == [
        ("carol@customer.example", "queued"),
        ("carol@home.example", "skipped"),
    ]
    assert world.notices(message_id)[carol.email][1] == "follower"


def test_a_colleague_is_not_merged_into_an_outsider_and_nobody_into_himself(world: World):
    world.partner("ann@corp.example", internal=True)
    world.partner("carol@customer.example")

    for email, into in (
        ("ann@corp.example", "carol@customer.example"),
        ("ann@corp.example", "ANN@corp.example"),
    ):
        with pytest.raises(Conflict):
            merged(world, email, into)


def test_the_id_of_a_deleted_record_is_given_to_nobody_so_its_reply_address_is_dead(world: World):
    carol = world.partner("carol@customer.example")
    old = world.ticket("1", followers=[carol])
    with world.database.write() as session:
        lives.remove(session, old.id)

    new = world.ticket("2")

    assert new.id != old.id


def test_a_verified_colleague_who_opens_a_record_by_mail_follows_it(world: World):
    """B13 as the issue words it; B17: a verified outsider who opens one does too."""
    ann = world.partner("ann@corp.example", internal=True)
    client = Client(HOP, peer=HOP)

    world.receive(
        stamped(a_mail("Ann <ann@corp.example>", subject="By Ann"), "corp.example"),
        f"support@{DOMAIN}",
        client=client,
    )
    world.receive(
        stamped(a_mail("dan@new.example", subject="By Dan"), "new.example"),
        f"support@{DOMAIN}",
        client=client,
    )

    with world.database.read() as session:
        found = {
            t.title: t
            for t in threads.search(session, record_type="ticket", query="", before=None, limit=9).rows
        }
    assert world.followers(found["By Ann"]) == {ann.email}
    assert world.followers(found["By Dan"]) == {"dan@new.example"}
