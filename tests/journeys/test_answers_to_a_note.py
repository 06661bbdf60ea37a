"""C05 further: what an outsider answers on a note always reaches a colleague, and the colleague learns why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.chatter.write import Writing, write
from store.models.views import PartnerView, ThreadView
from store.queries import partner as partners
from tests.builders import World, a_mail, hop_client, stamped

ALICE, BOB, YURI, KARL = (
    "alice@corp.example",
    "bob@corp.example",
    "yuri@supplier.example",
    "karl@shop.example",
)


@pytest.fixture
def yuri(world: World) -> PartnerView:
    return world.partner(YURI)


@pytest.fixture
def karl(world: World) -> PartnerView:
    return world.partner(KARL)


@pytest.fixture
def thread(world: World) -> ThreadView:
    return world.ticket()


def ask(world: World, thread: ThreadView, *outsiders: str) -> Any:
    """A note of Alice's that names outsiders on purpose."""
    with world.database.write() as session:
        writing = Writing(
            "note", ALICE, body_text="Does it fit?", mentions=outsiders, confirm_external=outsiders
        )
        write(session, thread, writing, posting=world.posting, now=world.now)
    return world.messages(thread)[-1]


def answer(
    world: World, thread: ThreadView, author: PartnerView, to: Any, *, cc: str = "", own_id: str = ""
) -> Any:  # fmt: skip
    """A proven answer to a message, by its author's address for notes. own_id: its Message-ID."""
    named = to if isinstance(to, str) else to.message_id
    fields = f"In-Reply-To: {named}\r\n" + (f"Cc: {cc}\r\n" if cc else "")
    raw = stamped(
        a_mail(author.email, text="It fits", message_id=own_id, extra=fields), author.email.partition("@")[2]
    )
    address = world.reply_address(thread, author, internal=True)
    entry = world.entry(world.receive(raw, address, client=hop_client(), reverse_path=author.email))
    assert entry.state == "posted", entry.reason
    said = world.messages(thread)[-1]
    assert said.kind == "note"
    return said


def told(world: World, message: Any) -> dict[str, str]:
    """email -> reason, of those whom the message reaches."""
    return {
        email: reason
        for email, (state, reason) in world.notices(message.id).items()
        if state in ("queued", "inbox")
    }


def change(world: World, partner: PartnerView, **columns: Any) -> None:
    with world.database.write() as session:
        partners.change(session, partner.id, columns)


def test_who_wrote_the_note_is_told_that_it_was_answered(world: World, alice, yuri, thread):
    first = answer(world, thread, yuri, ask(world, thread, YURI))

    assert told(world, first) == {ALICE: "answer"}


def test_an_outsider_who_answers_his_own_mail_on_a_note_is_heard(world: World, alice, yuri, thread):
    note = ask(world, thread, YURI)
    first = answer(world, thread, yuri, note, own_id="<own-1@supplier.example>")

    second = answer(world, thread, yuri, "<own-1@supplier.example>")

    assert second.parent_id == first.id
    assert told(world, second) == {ALICE: "answer"}


def test_an_outsider_whom_another_outsider_copied_is_heard(world: World, alice, yuri, karl, thread):
    note = ask(world, thread, YURI, KARL)
    answer(world, thread, yuri, note, cc=KARL, own_id="<own-1@supplier.example>")

    second = answer(world, thread, karl, "<own-1@supplier.example>")

    assert told(world, second) == {ALICE: "answer"}


def test_the_nearest_colleague_who_wrote_is_told_and_not_every_one(world: World, alice, bob, yuri, thread):
    note = ask(world, thread, YURI)
    first = answer(world, thread, yuri, note)
    second = answer(world, thread, bob, first)
    third = answer(world, thread, yuri, second, own_id="<own-3@supplier.example>")

    fourth = answer(world, thread, yuri, "<own-3@supplier.example>")

    assert (told(world, third), told(world, fourth)) == ({BOB: "answer"}, {BOB: "answer"})


def test_a_colleague_s_answer_to_an_outsider_tells_nobody_outside(world: World, alice, yuri, thread):
    first = answer(world, thread, yuri, ask(world, thread, YURI))

    second = answer(world, thread, alice, first)

    assert world.notices(second.id)[YURI] == ("skipped", "for staff only")


@pytest.mark.parametrize("trouble", ["deactivated", "wants nothing", "no access"])
def test_where_who_wrote_the_note_cannot_be_told_the_assignee_is(
    world: World, alice, bob, yuri, trouble: str
):
    thread = world.ticket(assignee=BOB, **({"members": [BOB]} if trouble == "no access" else {}))
    with world.database.write() as session:
        names = {"mentions": [YURI], "confirm_external": [YURI]}
        write(
            session,
            thread,
            Writing("note", ALICE, body_text="?", **names),
            posting=world.posting,
            now=world.now,
        )  # type: ignore[arg-type]
    note = world.messages(thread)[-1]
    columns: dict[str, Any] = {
        "deactivated": {"active": False},
        "wants nothing": {"notify": {"timing": "none"}},
    }
    change(world, alice, **columns.get(trouble, {"name": "Alice"}))

    first = answer(world, thread, yuri, note)

    assert told(world, first) == {BOB: "charge"}


def test_without_an_assignee_it_is_the_creator_and_then_who_wrote_last(world: World, alice, bob, yuri):
    created = world.ticket("2", actor=BOB)
    other = world.ticket("3")
    with world.database.write() as session:
        write(
            session, other, Writing("message", BOB, body_text="Hello"), posting=world.posting, now=world.now
        )
    notes = [ask(world, thread, YURI) for thread in (created, other)]
    change(world, alice, active=False)

    firsts = [answer(world, thread, yuri, note) for thread, note in zip((created, other), notes, strict=True)]

    assert [told(world, first) for first in firsts] == [{BOB: "charge"}, {BOB: "charge"}]


def test_where_nobody_of_the_record_is_left_an_admin_is_told(world: World, alice, yuri, thread):
    world.partner("root@corp.example", internal=True, role="admin")
    note = ask(world, thread, YURI)
    change(world, alice, active=False)

    assert told(world, answer(world, thread, yuri, note)) == {"root@corp.example": "charge"}


def test_of_a_closed_record_whose_writer_is_gone_a_member_is_told(world: World, alice, bob, yuri):
    thread = world.ticket("4", members=[BOB])
    note = ask(world, thread, YURI)

    assert told(world, answer(world, thread, yuri, note)) == {BOB: "charge"}


def test_a_long_chain_of_an_outsider_s_own_mails_is_not_climbed_for_ever(world: World, alice, bob, yuri):
    """Fifty steps up nobody is found; who wrote on the record last is."""
    thread = world.ticket("5")
    said = answer(world, thread, yuri, ask(world, thread, YURI), own_id="<own-0@supplier.example>")
    with world.database.write() as session:
        write(
            session, thread, Writing("message", BOB, body_text="Hello"), posting=world.posting, now=world.now
        )
    for step in range(1, 52):
        world.now += timedelta(minutes=30)
        said = answer(
            world, thread, yuri, f"<own-{step - 1}@supplier.example>", own_id=f"<own-{step}@supplier.example>"
        )

    assert told(world, said) == {BOB: "charge"}
