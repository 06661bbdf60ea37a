"""A mail to an alias opens a record."""

from __future__ import annotations

from store.queries import thread as threads
from tests.builders import DOMAIN, World, a_mail, hop_client, stamped


def opened(world: World):
    with world.database.read() as session:
        return threads.search(session, record_type="ticket", query="", before=None, limit=9).rows


def test_a_verified_stranger_opens_a_record_and_follows_it(world: World):
    raw = stamped(
        a_mail("Carol Jones <carol@customer.example>", subject="Pump is broken"), "customer.example"
    )

    world.receive(raw, f"Support@{DOMAIN.upper()}", client=hop_client())

    [thread] = opened(world)
    assert thread.key.startswith("tp-")
    assert (thread.title, thread.fields, thread.subject) == (
        "Pump is broken",
        {"stage": "new"},
        "Re: Pump is broken",
    )
    assert world.followers(thread) == {"carol@customer.example"}
    [first] = world.messages(thread)
    assert (first.author_name, first.confidence, first.subject) == (
        "Carol Jones",
        "verified",
        "Pump is broken",
    )


def test_an_unproven_stranger_opens_with_a_badge_and_is_mailed_nothing(world: World):
    world.receive(a_mail("carol@customer.example"), f"support@{DOMAIN}")

    [thread] = opened(world)
    assert world.followers(thread) == set()
    [first] = world.messages(thread)
    assert first.confidence == "claimed"
    with world.database.read() as session:
        assert session.exec_driver_sql("SELECT count(*) FROM delivery").scalar() == 0


def test_a_verified_colleague_who_opens_a_record_is_its_creator_and_follows(world: World):
    alice = world.partner("alice@corp.example", internal=True)

    world.receive(
        stamped(a_mail("alice@corp.example"), "corp.example"), f"support@{DOMAIN}", client=hop_client()
    )

    [thread] = opened(world)
    assert (thread.creator_id, world.followers(thread)) == (alice.id, {"alice@corp.example"})


def test_automatic_mail_to_an_alias_is_held(world: World):
    raw = stamped(a_mail("robot@shop.example", extra="Auto-Submitted: auto-generated\r\n"), "shop.example")

    mail_id = world.receive(raw, f"support@{DOMAIN}", client=hop_client())

    assert (world.entry(mail_id).state, opened(world)) == ("held", [])


def test_the_opener_is_told_of_the_answer(world: World):
    alice = world.partner("alice@corp.example", internal=True)
    world.receive(
        stamped(a_mail("carol@customer.example", subject="Pump"), "customer.example"),
        f"support@{DOMAIN}",
        client=hop_client(),
    )
    [thread] = opened(world)

    world.receive(
        stamped(a_mail("alice@corp.example", text="We look into it."), "corp.example"),
        world.reply_address(thread, alice),
        client=hop_client(),
    )

    answer = world.messages(thread)[-1]
    assert world.notices(answer.id)["carol@customer.example"] == ("queued", "follower")
