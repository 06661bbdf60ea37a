"""What is said on a record that is open to some colleagues only reaches them and nobody else of the staff."""

from __future__ import annotations

from gateway.chatter.records import RecordChange
from gateway.chatter.write import Writing, write
from tests.builders import DOMAIN, World, a_mail, hop_client, stamped


def say(world: World, thread, text: str, **how) -> int:
    with world.database.write() as session:
        writing = Writing(how.pop("kind", "message"), "ann@corp.example", body_text=text, **how)
        return write(session, thread, writing, posting=world.posting, now=world.now).message_id


def test_a_follower_who_is_shut_out_hears_nothing_more_unless_he_is_named(world: World):
    ann, bob = (world.partner(f"{name}@corp.example", internal=True) for name in ("ann", "bob"))
    carol = world.partner("carol@customer.example")
    world.ticket("1", followers=[ann, bob, carol])
    with world.database.write() as session:
        change = RecordChange("ticket", "1", {"members": [ann.email]})
        thread, _ = world.records.put(session, change, world.now)

    told = world.notices(say(world, thread, "The price is 4,000."))
    named = world.notices(say(world, thread, "Bob, one question.", kind="note", mentions=[bob.email]))

    assert told[bob.email] == ("skipped", "no access to the record")
    assert told[carol.email] == ("queued", "follower")
    assert named[bob.email] == ("queued", "mention")


def test_what_stands_over_a_note_never_becomes_the_subject_of_mail_to_others(world: World):
    ann, bob = (world.partner(f"{name}@corp.example", internal=True) for name in ("ann", "bob"))
    carol = world.partner("carol@customer.example")
    thread = world.ticket("1", title="Printer", followers=[carol])
    answer = a_mail(f"Bob <{bob.email}>", subject="Re: Printer (the customer is a crook)")
    world.receive(
        stamped(answer, "corp.example"), world.reply_address(thread, bob, internal=True), client=hop_client()
    )

    say(world, thread, "We look into it.")

    with world.database.read() as session:
        from store.queries import thread as threads

        shown = threads.by_id(session, thread.id)
    assert shown is not None and shown.subject == "Printer"
    assert [row.kind for row in world.messages(thread)] == ["note", "message"]
    assert ann


def test_t114_a_colleague_who_answers_a_note_by_mail_does_not_follow_by_it(world: World):
    bob, dan = world.partner("bob@corp.example", internal=True), world.partner("dan@other.example")
    thread = world.ticket("1")

    for partner in (bob, dan):
        mail = stamped(a_mail(partner.email), partner.email.partition("@")[2])
        world.receive(mail, world.reply_address(thread, partner, internal=True), client=hop_client())

    assert [row.kind for row in world.messages(thread)] == ["note", "note"]
    assert world.followers(thread) == {dan.email}


def test_who_was_addressed_by_his_second_address_is_not_mailed_once_more(world: World):
    ann, bob = (world.partner(f"{name}@corp.example", internal=True) for name in ("ann", "bob"))
    with world.database.write() as session:
        from store.queries import partner as partners

        partners.set_addresses(session, bob.id, [bob.email, "b2@home.example"])
    thread = world.ticket("1", followers=[ann, bob])
    mail = a_mail(f"Ann <{ann.email}>", to="b2@home.example", text="Hello Bob.")

    world.receive(stamped(mail, "corp.example"), world.reply_address(thread, ann), client=hop_client())

    (message,) = world.messages(thread)
    assert world.notices(message.id)[bob.email] == ("inbox", "addressed directly")
    assert DOMAIN
