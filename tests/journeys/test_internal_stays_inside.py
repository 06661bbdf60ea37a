"""An answer to a note stays inside, whatever a person decides about it on the desk."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.inbound import desk
from store.models.views import PartnerView, ThreadView
from tests.builders import DOMAIN, World, a_mail, hop_client, stamped

DECISIONS: dict[str, Any] = {
    "release": lambda session, mail_id, now: desk.release(session, mail_id, now),
    "release as a colleague": lambda session, mail_id, now: desk.release(
        session, mail_id, now, "alice@corp.example", follow=True
    ),
    "release as a customer": lambda session, mail_id, now: desk.release(
        session, mail_id, now, "carol@customer.example"
    ),
    "replay": lambda session, mail_id, now: desk.replay(session, mail_id, now),
    "to its own record": lambda session, mail_id, now: desk.replay(session, mail_id, now, ("ticket", "7")),
    "to another record": lambda session, mail_id, now: desk.replay(session, mail_id, now, ("ticket", "8")),
}
WAYS = [  # how an answer says that it has to do with a note
    *(
        (addressed, True)
        for addressed in ("the note's address", "both", "the public address", "the alias", "our From")
    ),
    *((addressed, False) for addressed in ("the note's address", "both")),
]


def a_noted_record(world: World) -> tuple[ThreadView, PartnerView, str]:
    """Two records that Carol follows; on the first a note of Alice. The record, Bob, and the note's Message-ID."""
    alice = world.partner("alice@corp.example", internal=True)
    bob = world.partner("bob@corp.example", internal=True)
    carol = world.partner("carol@customer.example")
    seven, _ = world.ticket("7", followers=[carol]), world.ticket("8", followers=[carol])
    raw = stamped(a_mail(alice.email, text="between us"), "corp.example")
    world.receive(raw, world.reply_address(seven, alice, internal=True), client=hop_client())
    [note] = world.messages(seven)
    return seven, bob, note.message_id


def decide(world: World, mail_id: int, decision: str) -> None:
    with world.database.write() as session:
        DECISIONS[decision](session, mail_id, world.now)
    while world.worker.run_once():
        pass


def everything_said(world: World, text: str) -> list[Any]:
    with world.database.read() as session:
        rows = session.exec_driver_sql("SELECT id, kind, internal, body_text FROM message").all()
    return [row for row in rows if text in row.body_text]


@pytest.mark.parametrize("decision", DECISIONS)
@pytest.mark.parametrize(("addressed", "refers"), WAYS)
def test_no_decision_of_a_person_brings_what_is_inside_to_the_outside(
    world: World, decision: str, addressed: str, refers: bool
):
    seven, bob, note_id = a_noted_record(world)
    inside, public = world.reply_address(seven, bob, internal=True), world.reply_address(seven, bob)
    to = {
        "the note's address": [inside], "the public address": [public], "the alias": [f"support@{DOMAIN}"],
        "our From": [f"notifications@{DOMAIN}"], "both": [public, inside],
    }[addressed]  # fmt: skip
    raw = a_mail(
        bob.email, text="not for the customer", extra=f"In-Reply-To: {note_id}\r\n" if refers else ""
    )
    mail_id = world.receive(raw, *to)
    assert world.entry(mail_id).state == "held"

    decide(world, mail_id, decision)

    for message in everything_said(world, "not for the customer"):
        assert message.internal and message.kind == "note"
        assert world.notices(message.id).get("carol@customer.example", ("skipped", ""))[0] == "skipped"
    assert len(everything_said(world, "not for the customer")) == (0 if decision == "replay" else 1)


def test_a_mail_that_stands_inside_on_one_record_comes_to_no_record_as_a_message(world: World):
    """One of its targets posted as a note; the other, held, is sent to a record by a person."""
    seven, bob, _ = a_noted_record(world)
    eight = world.ticket("8")
    raw = stamped(a_mail("dora@stranger.example", text="not for the customer"), "stranger.example")
    dora = world.partner("dora@stranger.example")
    inside, elsewhere = world.reply_address(seven, dora, internal=True), world.reply_address(eight, bob)
    mail_id = world.receive(raw, inside, elsewhere, client=hop_client())
    assert [target.state for target in world.targets(mail_id)] == ["posted", "held"]

    decide(world, mail_id, "to another record")

    assert {message.kind for message in everything_said(world, "not for the customer")} == {"note"}


def test_a_copy_that_waits_already_does_not_take_the_note_s_address_off_a_mail(world: World):
    """The mail comes to the note's address alone, then once more to that and the public one."""
    seven, bob, _ = a_noted_record(world)
    inside, public = world.reply_address(seven, bob, internal=True), world.reply_address(seven, bob)
    raw = a_mail(bob.email, text="not for the customer")
    world.receive(raw, inside)
    second = world.receive(raw, inside, public)

    decide(world, second, "release")

    assert [message.kind for message in everything_said(world, "not for the customer")] == ["note"]
