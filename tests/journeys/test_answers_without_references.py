"""An answer whose program dropped In-Reply-To and References still answers the mail that it came from."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from gateway.chatter.post import Author, Draft
from store.models import Message
from store.models.views import PartnerView, ThreadView
from tests.builders import World, a_mail, hop_client, stamped


def say(
    world: World, thread: ThreadView, author: PartnerView, text: str, *, internal: bool = False, to: str = "x@y.example",
    extra: str = "", reply_to: PartnerView | None = None,
) -> Any:  # fmt: skip
    """A verified mail to the thread; answers its message."""
    raw = stamped(a_mail(author.email, to=to, text=text, extra=extra), author.email.partition("@")[2])
    address = world.reply_address(thread, reply_to, internal=internal)
    mail_id = world.receive(raw, address, client=hop_client())
    assert world.entry(mail_id).state == "posted", world.entry(mail_id).reason
    return world.messages(thread)[-1]


def test_t066_without_references_the_record_s_address_answers_the_last_message_by_date(world: World):
    alice, carol = world.partner("alice@corp.example", internal=True), world.partner("carol@customer.example")
    thread = world.ticket(followers=[alice, carol])
    first = say(world, thread, carol, "first")
    second = say(world, thread, alice, "second")
    say(world, thread, alice, "a note does not count", internal=True)
    with world.database.write() as session:  # as if it had been taken in from an archive, late
        message = Message.table()
        session.execute(
            update(message).where(message.c.id == first.id).values(date=second.date.replace(year=2027))
        )

    answer = say(world, thread, carol, "third")

    assert (answer.kind, answer.parent_id) == ("message", first.id)


def test_the_address_minted_for_a_partner_answers_the_last_that_he_was_told_of(world: World):
    alice, carol = world.partner("alice@corp.example", internal=True), world.partner("carol@customer.example")
    thread = world.ticket(followers=[alice, carol])
    told = say(world, thread, alice, "to Carol")
    say(world, thread, alice, "for staff", internal=True)
    own = say(world, thread, carol, "Carol's own")

    answer = say(world, thread, carol, "and one more", reply_to=carol)
    fresh = say(
        world, thread, carol, "about mine", reply_to=carol, extra=f"In-Reply-To: {own.message_id}\r\n"
    )

    assert (answer.parent_id, fresh.parent_id) == (told.id, own.id)


def test_c05_the_note_s_author_hears_of_the_answer_of_an_outsider_whose_program_drops_the_ids(world: World):
    alice, bob = (
        world.partner("alice@corp.example", internal=True),
        world.partner("bob@corp.example", internal=True),
    )
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[carol])
    note = ask(world, thread, alice, carol)
    say(world, thread, bob, "public, later")

    answer = say(world, thread, carol, "They say no.", internal=True, reply_to=carol)

    assert (answer.kind, answer.parent_id) == ("note", note)
    assert world.notices(answer.id)["alice@corp.example"][0] == "queued"


def ask(world: World, thread: ThreadView, author: PartnerView, outsider: PartnerView) -> int:
    """A note that names an outsider on purpose; answers its id."""
    draft = Draft(
        thread, "note", "note", Author(author.id, author.name, author.email, True), internal=True,
        body_text="What does the shop say?", mentioned=frozenset({outsider.id}), confirmed=frozenset({outsider.id}),
    )  # fmt: skip
    with world.database.write() as session:
        return world.posting.post(session, draft, world.now).message_id


def test_what_a_partner_was_not_told_of_is_not_what_he_answers(world: World):
    alice, carol = world.partner("alice@corp.example", internal=True), world.partner("carol@customer.example")
    thread = world.ticket(followers=[alice, carol])
    say(world, thread, carol, "her own, of which she is not told")

    answer = say(world, thread, carol, "again", reply_to=carol)

    assert answer.parent_id is None


@pytest.mark.parametrize(("newer", "finds"), [(31, True), (32, False)])
def test_of_a_long_list_of_references_the_newest_32_are_looked_at(world: World, newer: int, finds: bool):
    alice, carol = world.partner("alice@corp.example", internal=True), world.partner("carol@customer.example")
    thread = world.ticket(followers=[alice, carol])
    first = say(world, thread, alice, "to Carol")
    say(world, thread, alice, "later")
    ids = [first.message_id, *(f"<{n}@customer.example>" for n in range(newer))]

    answer = say(world, thread, carol, "again", reply_to=carol, extra=f"References: {' '.join(ids)}\r\n")

    assert (answer.parent_id == first.id) is finds
