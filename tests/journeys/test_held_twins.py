"""A mail that is held and comes again, such as after a lost 250, waits once (RFC 1047)."""

from __future__ import annotations

from tests.builders import World, a_mail


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
