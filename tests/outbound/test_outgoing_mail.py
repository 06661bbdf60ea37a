"""What the suite of Odoo asks of outgoing mail (chatter-features 3.9) and no other story tells yet."""

from __future__ import annotations

import email
import email.policy
from datetime import timedelta
from email.message import EmailMessage

import pytest

from gateway.outbound.channels.email import Email, Relay
from store.session import Database
from tests.outbound.a_house import (
    NOW,
    Basket,
    Clock,
    a_delivery,
    a_dispatcher,
    a_follower,
    a_message,
    a_partner,
    a_thread,
    states,
)
from tests.outbound.conftest import NextHop


def a_post(database: Database, *names: str, **message: object) -> list[int]:
    """One message by Alice to these followers; answers the deliveries' ids."""
    with database.write() as session:
        thread_id = a_thread(session)
        message_id = a_message(
            session, thread_id, a_partner(session, "Alice Adams", internal=True), **message
        )
        return [
            a_delivery(session, message_id, thread_id, a_follower(session, thread_id, name)) for name in names
        ]


def read(octets: bytes) -> EmailMessage:
    mail = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


async def test_t153_a_page_at_a_time_and_few_connections_for_all(database, next_hop: NextHop):
    a_post(database, *(f"Reader{number}" for number in range(10)))
    dispatcher = a_dispatcher(database, Email(Relay.of(f"smtp://127.0.0.1:{next_hop.port}"), width=2), page=3)

    await dispatcher.drain()
    await dispatcher.stop()

    assert len(next_hop.envelopes) == 10 and len(next_hop.connections) <= 2


async def test_t154_a_mail_for_later_stays_until_then_and_one_for_a_past_moment_goes_at_once(database):
    with database.write() as session:
        thread_id = a_thread(session)
        message_id = a_message(session, thread_id, a_partner(session, "Alice Adams", internal=True))
        for name, due_at in (("Later", NOW + timedelta(hours=1)), ("Past", NOW - timedelta(hours=1))):
            a_delivery(session, message_id, thread_id, a_follower(session, thread_id, name), due_at=due_at)
    basket, clock = Basket(), Clock()
    dispatcher = a_dispatcher(database, basket, clock=clock)

    await dispatcher.drain()
    assert [mail.recipient for mail in basket.mails] == ["past@people.test"]
    clock.move(hours=1)
    await dispatcher.drain()
    await dispatcher.stop()

    assert [mail.recipient for mail in basket.mails] == ["past@people.test", "later@people.test"]


async def test_t156_one_bad_address_fails_with_its_reason_and_the_good_one_gets_his(
    database, next_hop: NextHop
):
    with database.write() as session:
        thread_id = a_thread(session)
        message_id = a_message(session, thread_id, a_partner(session, "Alice Adams", internal=True))
        bad = a_delivery(
            session, message_id, thread_id, a_follower(session, thread_id, "Bad"), address="bad<>@people.test"
        )
        good = a_delivery(session, message_id, thread_id, a_follower(session, thread_id, "Good"))
    dispatcher = a_dispatcher(database, Email(Relay.of(f"smtp://127.0.0.1:{next_hop.port}")))

    await dispatcher.drain()
    await dispatcher.stop()

    assert states(database)[bad] == ("failed", "5.1.3", "the address is not a valid one")
    assert states(database)[good][0] == "sent"
    assert [one.rcpt_tos for one in next_hop.envelopes] == [["good@people.test"]]


@pytest.mark.parametrize(
    ("author", "shown"),
    [
        ({"author_name": "", "author_email": ""}, "Acme"),
        ({"author_name": "Zoë Ågren"}, "Zoë Ågren via Acme"),
        ({"author_name": "zoë@ünï.test", "author_email": "zoë@ünï.test"}, "zoë@ünï.test via Acme"),
    ],
)
async def test_t157_from_is_ours_whoever_wrote_and_never_missing(database, author, shown: str):
    with database.write() as session:
        thread_id = a_thread(session)
        message_id = a_message(session, thread_id, None, **author)
        a_delivery(session, message_id, thread_id, a_follower(session, thread_id, "Bob"))
    basket = Basket()
    dispatcher = a_dispatcher(database, basket)

    await dispatcher.drain()
    await dispatcher.stop()

    [only] = read(basket.mails[0].octets())["From"].addresses
    assert (only.display_name, only.addr_spec) == (shown, "notifications@threads.acme.test")


@pytest.mark.parametrize(
    "name",
    ['Bob "the boss" <eve@evil.test>', "eve@evil.test", "a@b.test, c@d.test", "Bob\r\nBcc: eve@evil.test"],
)
async def test_t160_a_name_that_looks_like_an_address_receives_nothing(
    database, next_hop: NextHop, name: str
):
    with database.write() as session:
        thread_id = a_thread(session)
        bob = a_follower(session, thread_id, "Bob")
        addressees = [
            {"partner_id": bob, "name": name, "email": "bob@people.test", "how": "to"},
            {"partner_id": 99, "name": name, "email": "carol@people.test", "how": "cc"},
        ]
        author_id = a_partner(session, "Alice Adams", internal=True)
        message_id = a_message(session, thread_id, author_id, author_name=name, addressees=addressees)
        a_delivery(session, message_id, thread_id, bob)
    dispatcher = a_dispatcher(database, Email(Relay.of(f"smtp://127.0.0.1:{next_hop.port}")))

    await dispatcher.drain()
    await dispatcher.stop()

    [envelope] = next_hop.envelopes
    [mail] = next_hop.mails()
    assert envelope.rcpt_tos == ["bob@people.test"] and str(mail["To"]) == "bob@people.test"
    assert [one.addr_spec for one in mail["Cc"].addresses] == ["carol@people.test"]
    assert [one.addr_spec for one in mail["From"].addresses] == ["notifications@threads.acme.test"]
    assert mail["Bcc"] is None
