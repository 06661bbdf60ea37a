"""A reply by e-mail lands on its record's thread, its followers are told, and nobody is believed too much."""

from __future__ import annotations

import pytest

from gateway.errors import UnknownRecipient
from gateway.inbound import desk
from gateway.mail.envelope import Client
from gateway.rules.token import Kind, Token, mint
from store.queries import reply_address as reply_addresses
from store.queries import thread as threads
from tests.builders import DOMAIN, KEYS, World, a_mail, hop_client, stamped


def test_a_verified_follower_answers_and_the_other_followers_are_told(world: World):
    alice = world.partner("alice@corp.example", internal=True)
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[alice, carol])
    raw = stamped(
        a_mail(
            "Carol <carol@customer.example>", text="It works now.\r\n\r\nOn Mon, Alice wrote:\r\n> did it?"
        ),
        "customer.example",
    )

    mail_id = world.receive(raw, world.reply_address(thread, carol), client=hop_client())

    [posted] = world.messages(thread)
    assert (posted.kind, posted.body_text, posted.author_email, posted.confidence) == (
        "message",
        "It works now.",
        "carol@customer.example",
        "verified",
    )
    assert "did it?" in posted.quoted_html
    assert world.notices(posted.id) == {
        "alice@corp.example": ("queued", "follower"),
        "carol@customer.example": ("skipped", "the author"),
    }
    assert world.entry(mail_id).state == "posted"


def test_without_evidence_the_own_reply_address_posts_with_a_badge_for_the_token(world: World):
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[carol])

    world.receive(a_mail("carol@customer.example"), world.reply_address(thread, carol))

    [posted] = world.messages(thread)
    assert posted.confidence == "token"


@pytest.mark.parametrize("order", [1, -1])
def test_two_partners_addresses_in_one_mail_prove_the_same_in_any_order(world: World, order: int):
    carol, dora = world.partner("carol@customer.example"), world.partner("dora@customer.example")
    thread = world.ticket()
    addresses = [world.reply_address(thread, partner) for partner in (carol, dora)]

    world.receive(a_mail("carol@customer.example"), *addresses[::order])

    [posted] = world.messages(thread)
    assert (posted.confidence, world.followers(thread)) == ("token", {"carol@customer.example"})


def test_who_answers_with_the_address_minted_for_him_becomes_a_follower(world: World):
    carol = world.partner("carol@customer.example")
    thread = world.ticket()

    world.receive(a_mail("carol@customer.example"), world.reply_address(thread, carol))

    assert world.followers(thread) == {"carol@customer.example"}


def test_a_stranger_with_a_colleagues_reply_address_is_held_and_nobody_is_told(world: World):
    alice = world.partner("alice@corp.example", internal=True)
    thread = world.ticket(followers=[alice])
    raw = stamped(a_mail("mallory@evil.example"), "evil.example")

    mail_id = world.receive(raw, world.reply_address(thread, alice), client=hop_client())

    assert world.messages(thread) == []
    assert world.entry(mail_id).state == "held"
    assert world.followers(thread) == {"alice@corp.example"}


@pytest.mark.parametrize("stamp", [None, "none", "temperror"])
def test_who_claims_to_be_a_colleague_is_held_and_the_colleague_is_asked_once_an_hour(
    world: World, stamp: str | None
):
    alice = world.partner("alice@corp.example", internal=True)
    thread = world.ticket(followers=[alice])
    raws = [a_mail("alice@corp.example", text=f"please pay {n}") for n in range(2)]
    raws = [stamped(raw, "corp.example", stamp) if stamp else raw for raw in raws]

    entries = [world.receive(raw, world.reply_address(thread, alice), client=hop_client()) for raw in raws]

    assert [world.entry(entry).state for entry in entries] == ["held", "held"]
    assert world.messages(thread) == []
    with world.database.read() as session:
        asked = session.exec_driver_sql("SELECT address, kind FROM delivery WHERE kind = 'confirm'").all()
    assert [tuple(row) for row in asked] == [("alice@corp.example", "confirm")]


def test_a_dmarc_failure_is_held_whoever_he_claims_to_be(world: World):
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[carol])
    raw = stamped(a_mail("carol@customer.example"), "customer.example", "fail")

    mail_id = world.receive(raw, world.reply_address(thread, carol), client=hop_client())

    assert world.entry(mail_id).state == "held"


@pytest.mark.parametrize("extra", ["From: bob@corp.example\r\n", ""])
def test_a_from_that_names_two_people_is_nobody(world: World, extra: str):
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[carol])
    author = "carol@customer.example" if extra else "carol@customer.example, bob@corp.example"

    mail_id = world.receive(a_mail(author, extra=extra), world.reply_address(thread, carol))

    assert (world.entry(mail_id).state, world.messages(thread)) == ("held", [])


def test_our_own_domain_in_from_is_never_believed_without_login(world: World):
    thread = world.ticket()

    mail_id = world.receive(a_mail(f"boss@{DOMAIN}"), world.reply_address(thread))

    assert world.entry(mail_id).state == "held"


def test_a_colleague_in_our_own_domain_posts_when_the_hop_proves_him(world: World):
    boss = world.partner(f"boss@{DOMAIN}", internal=True)
    thread = world.ticket()
    raw = stamped(a_mail(boss.email), DOMAIN)

    world.receive(raw, world.reply_address(thread, boss), client=hop_client())

    [posted] = world.messages(thread)
    assert (posted.author_email, posted.confidence) == (boss.email, "verified")


@pytest.mark.parametrize("local_part", ["notifications", "support"])
def test_an_address_of_ours_behind_which_nobody_sits_opens_no_record_whoever_vouches(
    world: World, local_part: str
):
    """Our own mail, forwarded back to an alias under another Message-ID with our good signature."""
    raw = stamped(a_mail(f"{local_part}@{DOMAIN}"), DOMAIN)

    mail_id = world.receive(raw, f"support@{DOMAIN}", client=hop_client())

    assert world.entry(mail_id).state == "held"


def test_a_deactivated_colleague_and_one_without_access_are_held(world: World):
    dave = world.partner("dave@corp.example", internal=True, active=False)
    erin = world.partner("erin@corp.example", internal=True)
    thread = world.ticket(followers=[erin])
    with world.database.write() as session:
        threads.change(session, thread, {"members": []}, world.now)

    for who in (dave, erin):
        raw = stamped(a_mail(who.email), "corp.example")
        mail_id = world.receive(raw, world.reply_address(thread, who), client=hop_client())
        assert world.entry(mail_id).state == "held"


def test_an_answer_to_a_note_is_a_note_and_stays_inside(world: World):
    alice = world.partner("alice@corp.example", internal=True)
    bob = world.partner("bob@corp.example", internal=True)
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[carol])
    world.follow(thread, bob, "discussions", "note")
    raw = stamped(a_mail("alice@corp.example", text="between us"), "corp.example")

    world.receive(raw, world.reply_address(thread, alice, internal=True), client=hop_client())

    [note] = world.messages(thread)
    assert (note.kind, note.internal) == ("note", True)
    told = {email: state for email, (state, _) in world.notices(note.id).items() if state == "queued"}
    assert told == {"bob@corp.example": "queued"}


def test_internal_wins_when_one_mail_uses_a_public_and_an_internal_address(world: World):
    alice = world.partner("alice@corp.example", internal=True)
    thread = world.ticket(followers=[alice])
    raw = stamped(a_mail("alice@corp.example"), "corp.example")

    world.receive(
        raw,
        world.reply_address(thread, alice),
        world.reply_address(thread, alice, internal=True),
        client=hop_client(),
    )

    [note] = world.messages(thread)
    assert note.kind == "note"


def test_two_threads_get_one_message_each_and_the_alias_beside_them_opens_nothing(world: World):
    carol = world.partner("carol@customer.example")
    one, two = world.ticket("1", followers=[carol]), world.ticket("2", followers=[carol])

    mail_id = world.receive(
        a_mail("carol@customer.example"),
        world.reply_address(one, carol), world.reply_address(two, carol), f"support@{DOMAIN}",
    )  # fmt: skip

    assert len(world.messages(one)) == len(world.messages(two)) == 1
    assert [target.state for target in world.targets(mail_id)] == ["posted"] * 3
    with world.database.read() as session:
        assert len(threads.search(session, record_type="ticket", query="", before=None, limit=9).rows) == 2


def test_a_revoked_reply_address_is_unknown_at_the_door(world: World):
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[carol])
    address = world.reply_address(thread, carol)
    with world.database.write() as session:
        reply_addresses.revoke(session, thread.id, carol.id)

    with pytest.raises(UnknownRecipient):
        world.acceptor.resolve_now(address)


@pytest.mark.parametrize(
    "address",
    ["reply@{d}", "reply+aaaa@{d}", "nobody@{d}", "bounce+{token}@{d}", "reply+{flipped}@{d}", "support@elsewhere.test",
     "reply+{token}@elsewhere.test", "reply+{token}+shout@{d}"],
)  # fmt: skip
def test_unknown_and_forged_addresses_are_unknown_at_the_door(world: World, address: str):
    token = world.reply_address(world.ticket()).partition("+")[2].partition("@")[0]
    flipped = token[:-1] + ("b" if token[-1] == "a" else "a")

    with pytest.raises(UnknownRecipient):
        world.acceptor.resolve_now(address.format(d=DOMAIN, token=token, flipped=flipped))


def test_references_alone_count_for_a_verified_participant_only(world: World):
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[carol])
    world.receive(
        a_mail("carol@customer.example", message_id="<first@customer.example>"),
        world.reply_address(thread, carol),
    )
    answer = a_mail(
        "carol@customer.example", text="one more", extra="In-Reply-To: <first@customer.example>\r\n"
    )

    unproven = world.receive(answer, f"notifications@{DOMAIN}")
    proven = world.receive(
        stamped(answer, "customer.example"), f"notifications@{DOMAIN}", client=hop_client()
    )

    assert world.entry(proven).state == "posted"
    assert world.entry(unproven).state == "absorbed"  # it was held until its true twin posted
    assert [message.body_text for message in world.messages(thread)] == ["Hello there.", "one more"]


def test_mail_for_the_postmaster_is_held_for_people(world: World):
    mail_id = world.receive(a_mail("someone@elsewhere.test"), f"postmaster@{DOMAIN}")

    assert (world.entry(mail_id).state, world.entry(mail_id).reason) == ("held", "mail for the postmaster")


@pytest.mark.parametrize("local_part", ["abuse", "postmaster"])
def test_an_answer_to_abuse_is_held_though_a_verified_follower_refers_to_the_thread(
    world: World, local_part: str
):
    alice, carol = world.partner("alice@corp.example", internal=True), world.partner("carol@customer.example")
    thread = world.ticket(followers=[alice, carol])
    world.receive(a_mail(carol.email), world.reply_address(thread, carol))
    [first] = world.messages(thread)
    raw = a_mail(carol.email, text="Stop it.", extra=f"In-Reply-To: {first.message_id}\r\n")

    mail_id = world.receive(stamped(raw, "customer.example"), f"{local_part}@{DOMAIN}", client=hop_client())

    assert (world.entry(mail_id).state, world.entry(mail_id).reason) == ("held", "mail for the postmaster")
    assert len(world.messages(thread)) == 1


def test_abuse_beside_an_alias_is_held_and_the_alias_opens(world: World):
    mail_id = world.receive(a_mail("dora@stranger.example"), f"abuse@{DOMAIN}", f"support@{DOMAIN}")

    assert [target.state for target in world.targets(mail_id)] == ["held", "posted"]


def test_mail_for_the_postmaster_comes_to_a_record_by_a_person_only(world: World):
    thread = world.ticket("7")
    mail_id = world.receive(a_mail("dora@stranger.example"), f"postmaster@{DOMAIN}")

    for decision in (
        lambda s: desk.release(s, mail_id, world.now),
        lambda s: desk.replay(s, mail_id, world.now, ("ticket", "7")),
    ):
        assert (world.entry(mail_id).state, world.messages(thread)) == ("held", [])
        with world.database.write() as session:
            decision(session)
        while world.worker.run_once():
            pass

    assert [message.body_text for message in world.messages(thread)] == ["Hello there."]


def test_a_person_who_writes_to_a_bounce_address_is_held_and_not_dropped(world: World):
    thread = world.ticket("7")
    bounce = f"bounce+{mint(Token(Kind.BOUNCE, 1, 1), KEYS)}@{DOMAIN}"

    by_hand = world.receive(a_mail("dora@stranger.example", text="Is this you?"), bounce)
    by_robot = world.receive(
        a_mail("dora@stranger.example", extra="Auto-Submitted: auto-replied\r\n"), bounce
    )

    assert (world.entry(by_hand).state, world.entry(by_robot).state) == ("held", "absorbed")
    with world.database.write() as session:
        desk.replay(session, by_hand, world.now, ("ticket", "7"))
    while world.worker.run_once():
        pass
    assert [message.body_text for message in world.messages(thread)] == ["Is this you?"]


def test_tokens_are_cut_out_of_what_is_shown(world: World):
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[carol])
    address = world.reply_address(thread, carol)

    world.receive(a_mail("carol@customer.example", text=f"I write to {address} now"), address)

    [posted] = world.messages(thread)
    secret = address.partition("+")[2].partition("@")[0]
    assert secret not in posted.body_text + posted.body_html + (posted.quoted_html or "")


def test_an_answer_of_slash_leave_ends_the_subscription(world: World):
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[carol])

    world.receive(a_mail("carol@customer.example", text="/leave"), world.reply_address(thread, carol))

    assert world.followers(thread) == set()
    [entry] = world.messages(thread)
    assert (entry.kind, entry.body_text) == ("log", "Carol no longer follows.")


def test_a_trusted_relay_vouches_but_not_over_http_or_inject(world: World, tmp_path):
    relay = World(world.database, tmp_path / "relay", trusted=["127.0.0.1"])
    alice = relay.partner("alice@corp.example", internal=True)
    thread = relay.ticket(followers=[alice])
    client = Client("127.0.0.1", peer="127.0.0.1")

    by_smtp = relay.receive(
        a_mail("alice@corp.example", text="one"), relay.reply_address(thread, alice), client=client
    )
    by_http = relay.receive(
        a_mail("alice@corp.example", text="two"),
        relay.reply_address(thread, alice),
        client=client,
        door="raw",
    )
    relay.close()

    assert (relay.entry(by_smtp).state, relay.entry(by_http).state) == ("posted", "held")
