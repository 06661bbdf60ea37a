"""A colleague's mail that has to do with a note: it stays inside on whatever record, and shows nobody the note."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.chatter.page import MessageView, message_views
from gateway.chatter.types import put
from gateway.chatter.write import Writing, write
from store.models.views import PartnerView, ThreadView
from store.queries import conversation, files
from store.queries import message as messages
from store.queries import thread as threads
from store.queries import types as type_store
from store.queries.access_filter import EVERYTHING, Reader
from tests.builders import DOMAIN, TICKET, World, a_mail, hop_client, stamped

ALICE, BOB, CAROL = "alice@corp.example", "bob@corp.example", "carol@customer.example"
QUOTED = "\n\nOn Monday, Bob via Threadpost <notifications@threads.example.test> wrote:\n> The tariff is 33 percent\n"


@pytest.fixture
def carol(world: World) -> PartnerView:
    return world.partner(CAROL)


@pytest.fixture
def first(world: World) -> ThreadView:
    return world.ticket("A", title="Secret merger")


@pytest.fixture
def second(world: World, carol: PartnerView) -> ThreadView:
    """Another record, which Carol follows and about which no mail went out yet."""
    return world.ticket("B", title="Carol's pump", followers=[carol])


def say(world: World, thread: ThreadView, kind: str, author: str, text: str, **more: Any) -> Any:
    with world.database.write() as session:
        writing = Writing(kind, author, body_text=text, **more)
        write(session, thread, writing, posting=world.posting, now=world.now)
    return world.messages(thread)[-1]


def mail(world: World, author: str, *to: str, **more: Any) -> Any:
    """The entry of a proven mail."""
    raw = stamped(a_mail(author, **more), author.rpartition("@")[2])
    entry = world.entry(world.receive(raw, *to, client=hop_client(), reverse_path=author))
    assert entry.state == "posted", entry.reason
    return entry


def subject_of(world: World, thread: ThreadView) -> str | None:
    with world.database.read() as session:
        found = threads.by_id(session, thread.id)
    assert found is not None
    return found.subject


def shown(world: World, message_id: int, *, outsider: bool) -> MessageView:
    """A message as a reader is shown it."""
    with world.database.read() as session:
        [view] = message_views(session, [messages.one(session, message_id)], outsider=outsider)
    return view


def outsider(partner: PartnerView) -> Reader:
    return Reader(None, partner.id, internal=False)


def quotation(world: World, message_id: int, *, outsider: bool) -> str | None:
    """What the folded quotation of a message shows to a reader."""
    return shown(world, message_id, outsider=outsider).quoted_html


def names(world: World, message_id: int, *, outsider: bool) -> list[str]:
    """The names of the files of a message that a reader is shown."""
    return sorted(file.name for file in shown(world, message_id, outsider=outsider).attachments)


@pytest.mark.parametrize("field", ["In-Reply-To", "References"])
def test_a_note_s_mail_forwarded_to_another_record_is_a_note_there(
    world: World, alice, bob, carol, first, second, field: str
):
    note = say(world, first, "note", BOB, "The tariff is 33 percent", mentions=[ALICE])

    mail(
        world, ALICE, world.reply_address(second), subject="Fwd: Secret merger", text=f"Look at this{QUOTED}",
        extra=f"{field}: {note.message_id}\r\n",
    )  # fmt: skip

    said = world.messages(second)[-1]
    assert (said.kind, said.internal, said.subtype) == ("note", True, "note")
    assert world.notices(said.id)[CAROL][0] == "skipped"
    assert said.parent_id is None, "it answers nothing that was said there"


def test_one_note_among_what_it_refers_to_is_enough(world: World, alice, bob, carol, first, second):
    note = say(world, first, "note", BOB, "The tariff is 33 percent")
    public = say(world, first, "message", BOB, "We are on it")
    own = say(world, second, "message", BOB, "Which pump?")
    ids = f"{note.message_id} {public.message_id} {own.message_id}"

    mail(world, ALICE, world.reply_address(second), text="All of it", extra=f"References: {ids}\r\n")

    assert world.messages(second)[-1].internal


def test_a_public_answer_stays_public_though_older_notes_of_its_own_record_are_in_its_references(
    world: World, alice, bob, carol, second
):
    """Mail to a colleague names the notes of the record among its References; that is no answer to them."""
    note = say(world, second, "note", BOB, "The tariff is 33 percent")
    public = say(world, second, "message", BOB, "Which pump?")

    mail(
        world, ALICE, world.reply_address(second, alice), text="The red one",
        extra=f"In-Reply-To: {public.message_id}\r\nReferences: {note.message_id} {public.message_id}\r\n",
    )  # fmt: skip

    said = world.messages(second)[-1]
    assert (said.kind, said.internal, said.parent_id) == ("message", False, public.id)


def test_a_note_s_mail_forwarded_to_an_alias_opens_its_record_with_a_note(world: World, alice, bob, first):
    orders = f"orders@{DOMAIN}"
    with world.database.write() as session:
        put(session, "order", "Order", TICKET, world.now)
        type_store.put_alias(session, orders, "order", {}, {}, world.now)
    note = say(world, first, "note", BOB, "The tariff is 33 percent")

    entry = mail(
        world, ALICE, orders, to=orders, subject="Fwd: Secret merger", text=f"Please order{QUOTED}",
        extra=f"References: {note.message_id}\r\n",
    )  # fmt: skip

    with world.database.read() as session:
        [opened] = threads.search(session, record_type="order", query="", before=None, limit=9).rows
        said = [row for row in conversation.page(session, opened.id, limit=9) if row.kind == "note"]
    assert [row.internal for row in said] == [True]
    assert (entry.state, world.followers(opened)) == ("posted", {ALICE})


def test_an_outsider_is_shown_no_quotation_of_a_colleague_s_mail(world: World, alice, bob, carol, second):
    """The program dropped the ids, and the address is that of the record: nothing says that it answers a note."""
    say(world, second, "note", BOB, "The tariff is 33 percent", mentions=[ALICE])

    mail(world, ALICE, world.reply_address(second), text=f"Fine with me.{QUOTED}")

    said = world.messages(second)[-1]
    assert said.kind == "message"
    assert quotation(world, said.id, outsider=True) is None
    assert "33 percent" in (quotation(world, said.id, outsider=False) or "")


def test_an_outsider_is_shown_no_image_that_a_colleague_only_quoted(world: World, alice, bob, carol, second):
    quoted = 'On Monday, Bob &lt;b@corp.example&gt; wrote:<blockquote type="cite">33 <img src="cid:plan@x"></blockquote>'
    images = "".join(
        f"--r\r\nContent-Type: image/png; name={name}.png\r\nContent-ID: <{name}@x>\r\nContent-Disposition: inline\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo{letters}\r\n"
        for name, letters in (("plan", "AAAA"), ("pump", "BBBB"))
    )
    raw = (
        f"From: {ALICE}\r\nSubject: Pump\r\nMessage-ID: <p1@corp.example>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html\r\n\r\n"
        f'<p>Like this: <img src="cid:pump@x"></p>{quoted}\r\n{images}--r--\r\n'
    ).encode()

    world.receive(stamped(raw, "corp.example"), world.reply_address(second), client=hop_client())

    said = world.messages(second)[-1]
    assert said.kind == "message"
    assert [names(world, said.id, outsider=is_outside) for is_outside in (True, False)] == [
        ["pump.png"], ["plan.png", "pump.png"],
    ]  # fmt: skip
    for reader, names_of_files in ((outsider(carol), ["pump.png"]), (EVERYTHING, ["plan.png", "pump.png"])):
        with world.database.read() as session:
            listed = files.of_record(session, reader, second.id)
            packed = files.of_message(session, reader, said.id)
            plan = next(
                one for one in files.of_record(session, EVERYTHING, second.id) if one.name == "plan.png"
            )
            had = files.one(session, reader, plan.id) is not None
        assert [one.name for one in listed] == [one.name for one in packed] == names_of_files
        assert had is ("plan.png" in names_of_files), "asked for by its number, too"


def test_the_quotation_of_an_outsider_s_mail_is_shown_to_all(world: World, alice, carol, second):
    mail(world, CAROL, world.reply_address(second, carol), text=f"Here I am.{QUOTED}")

    said = world.messages(second)[-1]
    assert "33 percent" in (quotation(world, said.id, outsider=True) or "")


@pytest.mark.parametrize("author", [ALICE, CAROL])
def test_the_subject_of_a_record_with_a_title_is_its_title_whoever_writes_first_by_mail(
    world: World, alice, bob, carol, second, author: str
):
    world.follow(second, bob)

    mail(world, author, world.reply_address(second), subject="Fwd: Secret merger", text="Public words")

    assert subject_of(world, second) == "Carol's pump"


def test_a_record_without_a_title_takes_the_subject_of_its_first_mail(world: World, alice, carol):
    thread = world.ticket("C", title="", followers=[carol])

    mail(world, ALICE, world.reply_address(thread), subject="About your pump", text="Hello")

    assert subject_of(world, thread) == "Re: About your pump"
