"""Loops and floods stop by themselves, and nobody's mail is lost: what is one too many is held."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.chatter.post import Author, Draft
from gateway.inbound import desk
from gateway.rules.limits import Limits
from store.models import Delivery
from store.models.views import PartnerView, ThreadView
from store.queries import thread as threads
from store.queries import types as type_store
from store.session import Database
from tests.builders import DOMAIN, World, a_mail, hop_client, stamped

SUPPORT = f"support@{DOMAIN}"
CAROL = "carol@customer.example"


@pytest.fixture
def world(database: Database, tmp_path: Path):
    """The house with small limits."""
    world = World(database, tmp_path, limits=Limits(records=3, mails=3, answers=3, proven=True), fanout=5)
    yield world
    world.close()


def opens(world: World, author: str = CAROL, *to: str, proven: bool = True, extra: str = "") -> str:
    """The state of a mail to an alias."""
    raw = a_mail(author, extra=extra)
    if proven:
        raw = stamped(raw, author.rpartition("@")[2].lower())
    return world.entry(world.receive(raw, *(to or (SUPPORT,)), client=hop_client())).state


def answers(
    world: World, thread: ThreadView, partner: PartnerView, text: str, *, proven: bool = True, extra: str = ""
) -> str:
    """The state of an answer to a thread: by his own reply address, unproven by the record's, which vouches for nobody."""
    raw = a_mail(partner.email, text=text, extra=extra)
    if proven:
        raw = stamped(raw, partner.email.rpartition("@")[2])
    entry = world.receive(
        raw,
        world.reply_address(thread, partner if proven else None),
        client=hop_client(),
        reverse_path=partner.email,
    )
    return world.entry(entry).state


def records(world: World, record_type: str = "ticket") -> int:
    with world.database.read() as session:
        return len(threads.search(session, record_type=record_type, query="", before=None, limit=200).rows)


@pytest.mark.parametrize("proven", [True, False], ids=["proven", "claimed"])
def test_t100_sixty_mails_of_a_stranger_open_no_sixty_records(world: World, proven: bool):
    states = [opens(world, proven=proven) for _ in range(60)]

    assert states == ["posted"] * 3 + ["held"] * 57
    assert records(world) == 3


def test_t100_letters_dots_and_tags_make_no_other_author(world: World):
    variants = ["Carol@Customer.Example", "ca.rol@customer.example", "carol+9@customer.example", CAROL]

    assert [opens(world, author) for author in variants] == ["posted"] * 3 + ["held"]
    assert opens(world, "dora@customer.example") == "posted"


def test_t100_what_is_older_than_the_window_is_not_counted(world: World):
    for _ in range(3):
        opens(world)
    world.now += timedelta(minutes=119)
    before = opens(world)
    world.now += timedelta(minutes=2)

    assert (before, opens(world)) == ("held", "posted")


def test_t100_the_reason_is_told_and_a_person_may_let_it_in(world: World):
    for _ in range(3):
        opens(world)
    held = world.receive(stamped(a_mail(CAROL), "customer.example"), SUPPORT, client=hop_client())
    assert world.entry(held).reason == "too many new records of the author: 3 in 120 minutes"

    with world.database.write() as session:
        desk.release(session, held, world.now)
    while world.worker.run_once():
        pass

    assert (world.entry(held).state, records(world)) == ("posted", 4)


def test_a_posted_mail_that_comes_again_is_a_duplicate_and_not_one_too_many(world: World):
    raw = stamped(a_mail(CAROL), "customer.example")
    first = world.receive(raw, SUPPORT, client=hop_client())
    for _ in range(2):
        opens(world)

    again = world.receive(raw, SUPPORT, client=hop_client())

    assert (world.entry(again).state, world.entry(again).reason) == ("absorbed", f"duplicate of {first}")


def test_a_colleague_and_an_exempt_system_open_as_many_as_they_like(database: Database, tmp_path: Path):
    limits = Limits(records=2, exempt=frozenset({"watch@corp.example"}))
    world = World(database, tmp_path, limits=limits)
    world.partner("alice@corp.example", internal=True)

    assert {opens(world, "alice@corp.example") for _ in range(5)} == {"posted"}
    assert {opens(world, "watch@corp.example") for _ in range(5)} == {"posted"}
    assert [opens(world, "watch@corp.example", proven=False) for _ in range(3)][-1] == "held"
    world.close()


def test_t103_unproven_mail_on_one_record_is_held_and_others_still_pass(world: World):
    carol, dora = world.partner(CAROL), world.partner("dora@customer.example")
    thread, other = world.ticket("1", followers=[carol, dora]), world.ticket("2", followers=[carol])

    states = [answers(world, thread, carol, f"mail {n}", proven=False) for n in range(5)]

    assert states == ["posted"] * 3 + ["held"] * 2
    assert answers(world, thread, dora, "and I", proven=False) == "posted"
    assert answers(world, other, carol, "elsewhere", proven=False) == "posted"
    assert answers(world, thread, carol, "proven", proven=True) == "posted"


def test_a_verified_follower_over_sixty_mails_is_still_posted(world: World):
    carol = world.partner(CAROL)
    thread = world.ticket(followers=[carol, world.partner("dora@customer.example")])

    assert [answers(world, thread, carol, "The very same words") for _ in range(65)] == ["posted"] * 65


def test_out_of_office_answers_without_end_are_held(world: World):
    carol = world.partner(CAROL)
    thread = world.ticket(followers=[carol])
    extra = "Auto-Submitted: auto-replied\r\n"

    states = [answers(world, thread, carol, f"I am away {n}", extra=extra) for n in range(5)]

    assert states == ["posted"] * 3 + ["held"] * 2


def test_t104_one_place_over_the_limit_holds_the_whole_mail_and_a_type_is_counted_once(world: World):
    with world.database.write() as session:
        for name in ("help", "sos"):
            type_store.put_alias(session, f"{name}@{DOMAIN}", "ticket", {}, {}, world.now)
    all_three = [SUPPORT, f"help@{DOMAIN}", f"sos@{DOMAIN}"]
    carol = world.partner(CAROL)
    thread = world.ticket("mine", followers=[carol])

    first = [opens(world, CAROL, *all_three) for _ in range(4)]
    opened = records(world) - 1
    mail = stamped(a_mail(CAROL, text="both"), "customer.example")
    entry = world.receive(mail, SUPPORT, client=hop_client())

    assert first == ["posted"] * 3 + ["held"]  # a mail to three aliases of a type counts once
    assert opened == 9
    assert world.entry(entry).state == "held"
    assert answers(world, thread, carol, "a thread is another place") == "posted"


def test_t104_a_mail_to_two_threads_of_which_one_is_over_is_held_for_both(world: World):
    carol = world.partner(CAROL)
    full, empty = world.ticket("1", followers=[carol]), world.ticket("2", followers=[carol])
    for n in range(3):
        answers(world, full, carol, f"mail {n}", proven=False)

    addresses = [world.reply_address(thread) for thread in (empty, full)]
    entry = world.receive(a_mail(CAROL), *addresses)

    assert [target.state for target in world.targets(entry)] == ["held", "held"]
    assert world.messages(empty) == []


def test_t105_two_unmarked_auto_responders_come_to_rest(world: World):
    """Both are verified followers, neither marks its answers: what gives them away is that they repeat themselves."""
    carol, dora = world.partner(CAROL), world.partner("dora@customer.example")
    alice = world.partner("alice@corp.example", internal=True)
    thread = world.ticket(followers=[carol, dora, alice])

    said = [
        (carol, "Thank you for mail no {}, we are back on 7 May."),
        (dora, "Ticket {} was received, wait a day."),
    ]
    state, posted = "posted", 0
    while state == "posted" and posted < 50:  # each answers when the other's words reach it
        partner, text = said[posted % 2]
        state = answers(world, thread, partner, text.format(posted))
        posted += state == "posted"

    assert (state, posted) == ("held", 6)
    assert answers(world, thread, carol, "I am a person and have a question.") == "posted"


def test_two_people_who_talk_all_day_are_not_stopped(world: World):
    carol, dora = world.partner(CAROL), world.partner("dora@customer.example")
    thread = world.ticket(followers=[carol, dora])

    states = []
    for word in ("red", "green", "blue", "white", "black", "grey", "pink", "brown"):
        states += [
            answers(world, thread, carol, f"Is it {word}?"),
            answers(world, thread, dora, "No, sorry."),
        ]

    assert set(states) == {"posted"}  # she says something new each time, and his words are few


def due(world: World, message_id: int) -> set[timedelta]:
    """How long from now the mails of a message wait."""
    delivery = Delivery.table()
    with world.database.read() as session:
        found = session.execute(delivery.select().where(delivery.c.message_id == message_id))
        return {row.due_at - world.now for row in found}


def test_the_mails_of_a_record_over_its_share_of_the_hour_wait_for_the_next(world: World):
    fans = [world.partner(f"f{n}@customer.example") for n in range(4)]
    carol = world.partner(CAROL)
    thread = world.ticket(followers=[*fans, carol])

    answers(world, thread, carol, "first")
    world.now += timedelta(minutes=10)
    answers(world, thread, carol, "second")
    world.now += timedelta(minutes=10)
    answers(world, thread, carol, "third")
    third = world.messages(thread)[-1].id
    waits = due(world, third)
    world.now += timedelta(minutes=45)
    answers(world, thread, carol, "fourth")

    first, second, _, fourth = [message.id for message in world.messages(thread)]
    assert due(world, first) == {timedelta(minutes=-65)}  # a post is never torn apart: at once
    assert due(world, second) == {timedelta(minutes=-55)}
    assert waits == {timedelta(minutes=40)}  # an hour after the first, when its share is free again
    assert due(world, fourth) == {timedelta(minutes=5)}


def test_who_is_mentioned_does_not_wait(world: World):
    alice = world.partner("alice@corp.example", internal=True)
    fans = [world.partner(f"f{n}@customer.example") for n in range(6)]
    thread = world.ticket(followers=fans)
    with world.database.write() as session:
        author = Author(alice.id, alice.name, alice.email, internal=True)
        draft = Draft(thread, "message", "discussions", author, body_text="Hello all")
        world.posting.post(session, draft, world.now)
        second = world.posting.post(session, replace(draft, mentioned=frozenset({fans[0].id})), world.now)

    assert due(world, second.message_id) == {timedelta(0), timedelta(hours=1)}
