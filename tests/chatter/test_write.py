"""Messages and notes written by people of the host application."""

from __future__ import annotations

import pytest

from gateway.chatter.write import Writing, write
from gateway.errors import BadShape, BadValue, Conflict
from store.queries import partner as partners
from tests.builders import World, a_mail


def say(world: World, thread, **how):
    how = {"kind": "message", "author": "alice@corp.example", "body_text": "Hello", **how}
    with world.database.write() as session:
        return write(session, thread, Writing(**how), posting=world.posting, now=world.now)


@pytest.fixture
def cast(world: World):
    alice = world.partner("alice@corp.example", internal=True)
    bob = world.partner("bob@corp.example", internal=True)
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[carol])
    world.follow(thread, bob, "discussions", "note")
    return alice, bob, carol, thread


def test_a_message_reaches_all_followers_and_its_author_follows(world: World, cast):
    *_, thread = cast

    receipt = say(world, thread)

    told = {email for email, (state, _) in world.notices(receipt.message_id).items() if state == "queued"}
    assert told == {"bob@corp.example", "carol@customer.example"}
    assert "alice@corp.example" in world.followers(thread)


def test_a_note_stays_inside_and_its_author_does_not_follow(world: World, cast):
    *_, thread = cast

    receipt = say(world, thread, kind="note")

    assert world.notices(receipt.message_id)["carol@customer.example"] == (
        "skipped",
        "not subscribed to note",
    )
    assert "alice@corp.example" not in world.followers(thread)


def test_a_note_that_names_an_outsider_is_refused_until_he_is_confirmed(world: World, cast):
    *_, thread = cast

    with pytest.raises(Conflict) as refused:
        say(world, thread, kind="note", mentions=["carol@customer.example", "new@customer.example"])
    receipt = say(
        world,
        thread,
        kind="note",
        mentions=["carol@customer.example"],
        confirm_external=["carol@customer.example"],
    )

    assert refused.value.extra == {"external": ["carol@customer.example", "new@customer.example"]}
    assert world.notices(receipt.message_id)["carol@customer.example"] == ("queued", "mention")
    with world.database.read() as session:
        assert (
            partners.by_address(session, "new@customer.example") is None
        )  # the refused call left nothing behind


def test_the_answer_of_a_confirmed_outsider_is_a_note_and_he_follows(world: World, cast):
    alice, _, dora = cast[0], cast[1], world.partner("dora@customer.example")
    thread = cast[3]
    note = say(
        world,
        thread,
        kind="note",
        mentions=["dora@customer.example"],
        confirm_external=["dora@customer.example"],
    )

    world.receive(
        a_mail("dora@customer.example", text="I agree"), world.reply_address(thread, dora, internal=True)
    )

    answer = world.messages(thread)[-1]
    assert (answer.kind, answer.internal, answer.author_email) == ("note", True, "dora@customer.example")
    assert "dora@customer.example" in world.followers(thread)
    told = {email for email, (state, _) in world.notices(answer.id).items() if state == "queued"}
    assert told == {"bob@corp.example", alice.email}, (
        "who asked hears of it, though nothing but the address says what it answers"
    )
    assert note.message_id != answer.id


def test_the_author_of_a_note_hears_of_its_answer_whatever_he_subscribed_to(world: World, cast):
    alice, bob, _, thread = cast
    note = say(world, thread, kind="note", mentions=["bob@corp.example"])
    raw = a_mail("bob@corp.example", text="done", extra=f"In-Reply-To: {note.header_id}\r\n")
    from tests.builders import hop_client, stamped

    world.receive(
        stamped(raw, "corp.example"), world.reply_address(thread, bob, internal=True), client=hop_client()
    )

    assert world.notices(world.messages(thread)[-1].id)["alice@corp.example"] == ("queued", "answer")
    assert alice.id


def test_free_recipients_become_partners_and_are_told_once(world: World, cast):
    *_, thread = cast

    receipt = say(world, thread, recipients=["erika@other.example", "bob@corp.example"])

    notices = world.notices(receipt.message_id)
    assert notices["erika@other.example"] == ("queued", "recipient")
    assert notices["bob@corp.example"] == ("queued", "recipient")
    assert "erika@other.example" not in world.followers(thread)


@pytest.mark.parametrize(("how", "pointer"), [
    ({"author": "nobody@x.example"}, "#/author"), ({"kind": "shout"}, "#/kind"), ({"mentions": ["no address"]}, "#/mentions/0"),
    ({"recipients": ["ok@x.example", "bad"]}, "#/recipients/1"), ({"attachment_ids": [99]}, "#/attachment_ids/0"),
    ({"kind": "note", "author": "carol@customer.example"}, "#/author"),
])  # fmt: skip
def test_what_is_refused_names_its_field_and_posts_nothing(world: World, cast, how, pointer):
    *_, thread = cast

    with pytest.raises(BadValue) as refused:
        say(world, thread, **how)

    assert refused.value.errors[0].pointer == pointer
    assert world.messages(thread) == []


def test_a_message_needs_a_body(world: World, cast):
    with pytest.raises(BadShape):
        say(world, cast[3], body_text=None)


def test_html_is_cleaned_before_it_is_kept(world: World, cast):
    *_, thread = cast

    say(
        world, thread, body_text=None, body_html='<p onclick="x()">Hi <b>all</b></p><script>alert(1)</script>'
    )

    [posted] = world.messages(thread)
    assert posted.body_html == "<p>Hi <b>all</b></p>"
    assert posted.body_text == "Hi all"
