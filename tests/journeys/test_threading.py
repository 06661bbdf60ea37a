"""Where an answer belongs by its Message-IDs, and who its author is."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.chatter.types import put
from gateway.chatter.write import Writing, write
from gateway.errors import UnknownRecipient
from store.models.views import PartnerView, ThreadView
from store.queries import lives
from store.queries import thread as threads
from store.queries import types as type_store
from tests.builders import DOMAIN, TICKET, World, a_mail, hop_client, stamped

SUPPORT, NOTIFICATIONS = f"support@{DOMAIN}", f"notifications@{DOMAIN}"
CAROL, ALICE = "carol@customer.example", "alice@corp.example"


@pytest.fixture
def carol(world: World) -> PartnerView:
    return world.partner(CAROL)


@pytest.fixture
def thread(world: World, carol: PartnerView) -> ThreadView:
    """A ticket of alice's, which carol and alice follow."""
    alice = world.partner(ALICE, internal=True)
    thread = world.ticket(followers=[carol])
    world.follow(thread, alice, "discussions", "note")
    return thread


def say(world: World, thread: ThreadView, kind: str = "message") -> Any:
    """Alice writes; answers the message."""
    with world.database.write() as session:
        write(
            session,
            thread,
            Writing(kind, ALICE, body_text="Which pump?"),
            posting=world.posting,
            now=world.now,
        )
    return world.messages(thread)[-1]


def answer(world: World, *to: str, author: str = CAROL, extra: str = "", **more: Any) -> Any:
    """The entry of a proven mail."""
    raw = stamped(a_mail(author, extra=extra, **more), author.rpartition("@")[2])
    return world.entry(world.receive(raw, *to, client=hop_client(), reverse_path=author))


def opened(world: World, record_type: str = "ticket") -> list[ThreadView]:
    with world.database.read() as session:
        return threads.search(session, record_type=record_type, query="", before=None, limit=99).rows


def test_t060_a_known_in_reply_to_leads_to_its_thread_whatever_to_says(world: World, thread):
    first = say(world, thread)
    say(world, thread)

    answer(
        world, NOTIFICATIONS, to="somebody@elsewhere.example", extra=f"In-Reply-To: {first.message_id}\r\n"
    )

    assert (world.messages(thread)[-1].author_email, world.messages(thread)[-1].parent_id) == (
        CAROL,
        first.id,
    )


def test_t061_one_known_id_among_foreign_ones_is_enough(world: World, thread):
    first = say(world, thread)

    answer(
        world, NOTIFICATIONS, extra=f"References: <a@x.example>\r\n {first.message_id}\r\n <b@y.example>\r\n"
    )

    assert world.messages(thread)[-1].parent_id == first.id


@pytest.mark.parametrize("kind", ["note", "message"])
def test_t064_an_answer_by_references_is_what_it_answers(world: World, thread, kind: str):
    first = say(world, thread, kind)

    answer(world, NOTIFICATIONS, author=ALICE, extra=f"In-Reply-To: {first.message_id}\r\n")

    said = world.messages(thread)[-1]
    assert (said.kind, said.internal) == (kind, kind == "note")
    assert said.subtype == ("note" if kind == "note" else "discussions")


def test_t064_an_answer_to_a_note_stays_inside_even_by_a_public_reply_address(world: World, thread):
    note = say(world, thread, "note")
    public = world.reply_address(thread, world.partner("bob@corp.example", internal=True))

    answer(world, public, author="bob@corp.example", extra=f"In-Reply-To: {note.message_id}\r\n")

    said = world.messages(thread)[-1]
    assert (said.kind, said.internal, said.parent_id) == ("note", True, note.id)
    assert CAROL not in {
        email for email, (state, _) in world.notices(said.id).items() if state in ("queued", "inbox")
    }


@pytest.mark.parametrize("field", ["In-Reply-To", "References"])
def test_t073_an_id_that_looks_like_ours_but_is_not_leads_nowhere(world: World, thread, field: str):
    entry = answer(world, NOTIFICATIONS, extra=f"{field}: <m999.1@{DOMAIN}>\r\n")

    assert entry.state == "held"
    assert entry.reason == "sent to our notification address without a reference to a message of ours"


def delete(world: World, thread: ThreadView) -> None:
    with world.database.write() as session:
        lives.remove(session, thread.id)


def test_t074_an_answer_to_a_message_whose_record_is_gone_opens_a_new_one_by_its_alias(world: World, thread):
    first = say(world, thread)
    delete(world, thread)

    entry = answer(world, SUPPORT, extra=f"In-Reply-To: {first.message_id}\r\n", text="Still leaking")

    assert entry.state == "posted"
    [new] = opened(world)
    assert new.id != thread.id
    assert world.messages(new)[0].parent_id is None


def test_t078_the_policy_of_the_alias_still_holds_and_the_old_reply_address_is_unknown(
    world: World, thread, carol
):
    first, address = say(world, thread), world.reply_address(thread, carol)
    delete(world, thread)
    world.acceptor.forget()
    with world.database.write() as session:
        type_store.put_alias(session, SUPPORT, "ticket", {}, {"known": "hold"}, world.now)

    entry = answer(world, SUPPORT, extra=f"In-Reply-To: {first.message_id}\r\n")

    assert (entry.state, opened(world)) == ("held", [])
    with pytest.raises(UnknownRecipient):
        world.acceptor.resolve_now(address)


def test_t052_two_aliases_of_different_types_get_a_record_each(world: World):
    orders = f"orders@{DOMAIN}"
    with world.database.write() as session:
        put(session, "order", "Order", {}, world.now)
        type_store.put_alias(session, orders, "order", {}, {}, world.now)

    answer(world, SUPPORT, orders, to=f"{SUPPORT}, {orders}", subject="Both")

    assert [one.title for one in opened(world) + opened(world, "order")] == ["Both", "Both"]


# -- who wrote --------------------------------------------------------------------------------------


def test_t020_a_contact_who_opens_a_record_is_its_author_and_gets_no_mail(world: World, carol):
    raw = stamped(a_mail('"C. Jones (office)" <Carol@Customer.Example>'), "customer.example")
    world.receive(raw, SUPPORT, client=hop_client(), reverse_path=CAROL)

    [thread] = opened(world)
    [message] = world.messages(thread)
    assert (message.author_id, message.author_email) == (carol.id, CAROL)
    with world.database.read() as session:
        assert session.exec_driver_sql("SELECT count(*) FROM delivery").scalar() == 0


def test_t023_an_archived_contact_is_held_and_neither_author_nor_follower(world: World):
    world.partner(CAROL, active=False)

    entry = answer(world, SUPPORT)

    assert (entry.state, entry.reason, opened(world)) == ("held", "the author is deactivated", [])


def test_t032_a_colleague_without_access_to_the_type_still_opens_a_record(world: World):
    alice = world.partner(ALICE, internal=True)
    with world.database.write() as session:
        put(session, "ticket", "Ticket", {**TICKET, "policy": {"access": "members"}}, world.now)

    entry = answer(world, SUPPORT, author=ALICE)

    assert entry.state == "posted"
    assert [thread.creator_id for thread in opened(world)] == [alice.id]


def test_t033_contacts_in_to_and_cc_are_linked_and_not_notified_once_more(world: World, thread, carol):
    dora = world.partner("dora@customer.example")
    world.follow(thread, dora)
    to = f'"Jones, Carol" <CAROL@Customer.example>, {world.reply_address(thread)}'

    answer(
        world,
        world.reply_address(thread),
        author=ALICE,
        to=to,
        extra="Cc: Dora@CUSTOMER.example, new@other.example\r\n",
    )

    said = world.messages(thread)[-1]
    assert {email: state for email, (state, _) in world.notices(said.id).items()} == {
        CAROL: "skipped", dora.email: "skipped", ALICE: "skipped",
    }  # fmt: skip
    assert world.notices(said.id)[dora.email] == ("skipped", "addressed directly")
    assert _invited(world, thread) >= {CAROL, dora.email, "new@other.example"}


def _invited(world: World, thread: ThreadView) -> set[str]:
    with world.database.read() as session:
        rows = session.exec_driver_sql(
            f"SELECT email FROM partner JOIN invitation ON partner_id = partner.id WHERE thread_id = {thread.id}"
        )
        return set(rows.scalars())
