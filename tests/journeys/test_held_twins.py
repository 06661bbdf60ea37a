"""A mail that is held and comes again, such as after a lost 250, waits once (RFC 1047)."""

from __future__ import annotations

import pytest

from tests.builders import DOMAIN, World, a_mail, hop_client, stamped


def test_a_held_mail_that_comes_again_waits_once(world: World):
    thread = world.ticket(followers=[carol := world.partner("carol@customer.example")])
    raw = a_mail("mallory@elsewhere.test")

    first = world.receive(raw, world.reply_address(thread, carol))
    again = world.receive(raw, world.reply_address(thread, carol))

    assert world.entry(first).state == "held"
    assert (world.entry(again).state, world.entry(again).reason) == (
        "absorbed",
        f"duplicate of {first}, which is held",
    )


def test_a_mail_that_is_held_for_another_record_waits_there_too(world: World):
    carol = world.partner("carol@customer.example")
    one, two = world.ticket("1", followers=[carol]), world.ticket("2", followers=[carol])
    raw = a_mail("mallory@elsewhere.test")

    entries = [world.receive(raw, world.reply_address(thread, carol)) for thread in (one, two)]

    assert [world.entry(entry).state for entry in entries] == ["held", "held"]


def test_a_mail_that_is_held_for_another_reason_waits_beside_its_twin(world: World):
    """Whoever sends a copy of a mail first must not take the true one off the desk."""
    thread = world.ticket(followers=[carol := world.partner("carol@customer.example")])
    raw = a_mail("mallory@elsewhere.test")

    as_robot = world.receive(raw, world.reply_address(thread, carol), reverse_path="")
    as_person = world.receive(raw, world.reply_address(thread, carol))

    assert [world.entry(entry).state for entry in (as_robot, as_person)] == ["held", "held"]


@pytest.mark.parametrize("first", ["another record", "the postmaster"])
def test_a_held_mail_stays_when_its_copy_posts_elsewhere(world: World, first: str):
    """One mail in two transactions: to where its author is not believed, then to where he is."""
    carol = world.partner("carol@customer.example")
    one, two = world.ticket("1"), world.ticket("2", followers=[carol])
    held_at = {"another record": world.reply_address(one), "the postmaster": f"postmaster@{DOMAIN}"}[first]
    raw = stamped(a_mail("carol@customer.example"), "customer.example")

    waiting = world.receive(raw, held_at, client=hop_client())
    posted = world.receive(raw, world.reply_address(two), client=hop_client())

    assert (world.entry(waiting).state, world.entry(posted).state) == ("held", "posted")


def test_when_the_true_mail_posts_only_what_was_held_for_the_same_place_ends(world: World):
    """The record's own address and Carol's are one place; the other record is another."""
    carol = world.partner("carol@customer.example")
    one, two = world.ticket("1", followers=[carol]), world.ticket("2")
    raw = a_mail("carol@customer.example")
    forged = stamped(raw, "customer.example", "fail")

    waiting = world.receive(forged, world.reply_address(one), world.reply_address(two), client=hop_client())
    posted = world.receive(raw, world.reply_address(one, carol))

    assert [target.state for target in world.targets(waiting)] == ["absorbed", "held"]
    assert world.targets(waiting)[0].reason == f"duplicate of {posted}"
    assert (world.entry(waiting).state, world.entry(waiting).reason) == (
        "held",
        "the author failed authentication",
    )


def test_a_held_mail_ends_with_its_last_place(world: World):
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[carol])
    raw = a_mail("carol@customer.example")

    waiting = world.receive(
        stamped(raw, "customer.example", "fail"), world.reply_address(thread, carol), client=hop_client()
    )
    posted = world.receive(raw, world.reply_address(thread, carol))

    assert (world.entry(waiting).state, world.entry(waiting).reason) == ("absorbed", f"duplicate of {posted}")
