"""What a person decides about a held mail: it is posted, and the evidence about its author stays what it was."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.inbound import desk
from gateway.rules.authorship import Policy
from store.queries import partner as partners
from store.queries import thread as threads
from store.session import Database
from tests.builders import DOMAIN, World, a_mail, hop_client, stamped


def settle(world: World, mail_id: int, **decision: Any) -> None:
    """Release a held mail and work the ledger empty."""
    assert world.entry(mail_id).state == "held"
    with world.database.write() as session:
        desk.release(session, mail_id, world.now, **decision)
    while world.worker.run_once():
        pass


def addresses(world: World, email: str) -> list[str]:
    with world.database.read() as session:
        partner = partners.by_address(session, email)
        assert partner is not None
        return partners.addresses_of(session, partner.id)


@pytest.mark.parametrize(
    ("stamp", "confidence"), [("pass", "verified"), ("none", "claimed"), ("fail", "claimed")]
)
@pytest.mark.parametrize("to_record", [False, True])
def test_an_outsider_who_is_let_pass_is_shown_as_proven_as_he_is(
    world: World, stamp: str, confidence: str, to_record: bool
):
    alice = world.partner("alice@corp.example", internal=True)
    thread = world.ticket("7", followers=[alice])
    raw = stamped(a_mail("dora@stranger.example"), "stranger.example", stamp)
    mail_id = world.receive(raw, world.reply_address(thread, alice), client=hop_client())

    if to_record:
        with world.database.write() as session:
            desk.replay(session, mail_id, world.now, ("ticket", "7"))
        while world.worker.run_once():
            pass
    else:
        settle(world, mail_id)

    [posted] = world.messages(thread)
    assert (posted.author_email, posted.confidence) == ("dora@stranger.example", confidence)
    assert world.followers(thread) == {
        "alice@corp.example"
    }  # "post" alone; "post and follow" is another click


@pytest.mark.parametrize(("follow", "follows"), [(True, True), (False, False), (None, False)])
def test_whether_an_outsider_follows_is_the_person_s_click(world: World, follow: bool | None, follows: bool):
    thread = world.ticket()
    raw = stamped(a_mail("dora@stranger.example"), "stranger.example")
    mail_id = world.receive(raw, world.reply_address(thread), client=hop_client())

    settle(world, mail_id, follow=follow)

    assert ("dora@stranger.example" in world.followers(thread)) is follows


def test_without_a_word_about_it_who_was_let_pass_follows_as_the_rule_says(database: Database, tmp_path: Any):
    """Too many hosts held it; but for that he was a verified author who opens a record."""
    world = World(database, tmp_path, policy=Policy())
    many = b"Received: from a by b; Mon, 23 Nov 2026 12:00:00 +0000\r\n" * 101
    raw = stamped(many + a_mail("dora@stranger.example"), "stranger.example")
    mail_id = world.receive(raw, f"support@{DOMAIN}", client=hop_client())

    settle(world, mail_id)

    with database.read() as session:
        [thread] = threads.search(session, record_type="ticket", query="", before=None, limit=9).rows
    world.close()
    assert world.followers(thread) == {"dora@stranger.example"}


def test_a_colleague_s_own_yes_is_proof_and_he_follows(world: World):
    alice = world.partner("alice@corp.example", internal=True)
    thread = world.ticket()
    mail_id = world.receive(a_mail("alice@corp.example"), world.reply_address(thread, alice))

    settle(world, mail_id, as_email="alice@corp.example", by="alice@corp.example", confirmed=True)

    [posted] = world.messages(thread)
    assert (posted.confidence, world.followers(thread)) == ("verified", {"alice@corp.example"})


def test_a_colleague_s_own_yes_opens_no_record_that_was_closed_to_him_since(world: World):
    alice = world.partner("alice@corp.example", internal=True)
    thread = world.ticket()
    mail_id = world.receive(a_mail("alice@corp.example"), world.reply_address(thread, alice))
    with world.database.write() as session:
        threads.change(session, thread, {"members": []}, world.now)

    settle(world, mail_id, as_email="alice@corp.example", by="alice@corp.example", confirmed=True)

    assert (world.entry(mail_id).state, world.messages(thread)) == ("held", [])


def test_somebody_else_s_click_proves_nothing_about_a_colleague(world: World):
    alice = world.partner("alice@corp.example", internal=True)
    thread = world.ticket()
    mail_id = world.receive(a_mail("alice@corp.example"), world.reply_address(thread, alice))

    settle(world, mail_id, as_email="alice@corp.example", by="root@corp.example")

    [posted] = world.messages(thread)
    assert posted.confidence == "token"


@pytest.mark.parametrize(("stamp", "confidence"), [("pass", "verified"), ("none", "claimed")])
def test_this_is_carol_posts_as_carol_and_the_address_is_hers_from_then_on(
    world: World, stamp: str, confidence: str
):
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[carol])
    address = world.reply_address(thread)
    raw = stamped(a_mail("carol@private.example"), "private.example", stamp)
    mail_id = world.receive(raw, address, client=hop_client())

    settle(world, mail_id, as_email="carol@customer.example")
    again = stamped(a_mail("carol@private.example", text="and more"), "private.example")
    world.receive(again, address, client=hop_client())

    posted = [(message.author_id, message.confidence) for message in world.messages(thread)]
    assert posted == [(carol.id, confidence), (carol.id, "verified")]
    assert addresses(world, carol.email) == ["carol@customer.example", "carol@private.example"]


@pytest.mark.parametrize(
    ("author", "stamp", "chosen"),
    [
        ("dora@stranger.example", "pass", "carol@customer.example"),  # another partner's
        ("new@stranger.example", "fail", "carol@customer.example"),  # forged
        ("new@stranger.example", "none", "alice@corp.example"),  # a colleague needs proof
        (f"notifications@{DOMAIN}", "pass", "carol@customer.example"),  # ours
    ],
    ids=["another partner's", "failed", "unproven, for a colleague", "our own"],
)
def test_what_proves_another_address_proves_nothing_about_whom_the_person_chose(
    world: World, author: str, stamp: str, chosen: str
):
    world.partner("carol@customer.example")
    world.partner("alice@corp.example", internal=True)
    world.partner("dora@stranger.example")
    thread = world.ticket()
    raw = stamped(a_mail(author), author.partition("@")[2], stamp)
    mail_id = world.receive(raw, world.reply_address(thread), client=hop_client())

    settle(world, mail_id, as_email=chosen)

    [posted] = world.messages(thread)
    assert (posted.author_email, posted.confidence) == (chosen, "claimed")
    assert addresses(world, chosen) == [chosen]
