"""To and Cc of what goes out: T139, T151, L13."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from typing import Any

import pytest

from gateway.mail.dkim import Signer, dns_record, keygen, verify
from gateway.outbound.addressees import copies, names
from gateway.outbound.house import SendingDomain
from store.session import Database
from tests.outbound.a_house import (
    Basket,
    a_delivery,
    a_dispatcher,
    a_follower,
    a_house,
    a_message,
    a_partner,
    a_thread,
)


def named(partner_id: int, name: str, how: str, email: str = "") -> dict[str, Any]:
    return {
        "partner_id": partner_id,
        "name": name,
        "email": email or f"{name.lower()}@people.test",
        "how": how,
    }


def a_post(
    database: Database, *hows: tuple[str, str], followers: tuple[str, ...] = (), **message: Any
) -> None:
    """A message by Alice to these (name, to or cc) and to her followers."""
    with database.write() as session:
        thread_id = a_thread(session)
        author_id = a_partner(session, "Alice Adams", internal=True)
        people = {name: a_partner(session, name, internal=name == "Ina") for name, _ in hows}
        addressees = [named(people[name], name, how) for name, how in hows]
        addressees += message.pop("also", [])
        message_id = a_message(session, thread_id, author_id, addressees=addressees, **message)
        for partner_id in people.values():
            a_delivery(
                session,
                message_id,
                thread_id,
                partner_id,
                reason="mention" if message else "recipient",
                confirmed=bool(message),
            )
        for name in followers:
            a_delivery(session, message_id, thread_id, a_follower(session, thread_id, name))


async def sent(database: Database, **more: Any) -> tuple[dict[str, EmailMessage], Basket]:
    """What is due now; by the reader's name."""
    basket = Basket()
    dispatcher = a_dispatcher(database, basket, **more)
    await dispatcher.drain()
    await dispatcher.stop()
    mails = {
        mail.recipient.partition("@")[0]: email.message_from_bytes(mail.octets(), policy=email.policy.default)
        for mail in basket.mails
    }
    return mails, basket  # type: ignore[return-value]


def text_of(mail: EmailMessage, subtype: str = "plain") -> str:
    part = mail.get_body((subtype,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


async def test_t151_to_and_cc_are_one_mail_each_and_every_one_of_them_sees_the_others_in_cc(database):
    a_post(database, ("Bob", "to"), ("Carol", "cc"), ("Dan", "cc"), followers=("Fay",))

    mails, _ = await sent(database)

    assert {name: (str(mail["To"]), mail["Cc"] and str(mail["Cc"])) for name, mail in mails.items()} == {
        "bob": ("bob@people.test", "Carol <carol@people.test>, Dan <dan@people.test>"),
        "carol": ("carol@people.test", "Bob <bob@people.test>, Dan <dan@people.test>"),
        "dan": ("dan@people.test", "Bob <bob@people.test>, Carol <carol@people.test>"),
        "fay": ("fay@people.test", None),
    }
    assert len({mail["Reply-To"] for mail in mails.values()}) == 4


async def test_everybody_reads_above_the_text_to_whom_it_was_addressed(database):
    a_post(database, ("Bob", "to"), ("Ina", "to"), ("Dan <b>", "cc"), followers=("Fay",))

    mails, _ = await sent(database)

    for mail in mails.values():
        assert "\nTo: Bob, Ina\nCc: Dan <b>\n" in text_of(mail)
        html = text_of(mail, "html")
        assert ">To: Bob, Ina</div>" in html and ">Cc: Dan &lt;b&gt;</div>" in html
        assert "people.test" not in text_of(mail), "a name is shown, an address is not"


async def test_without_cc_the_recipients_do_not_get_each_other_s_addresses(database):
    a_post(database, ("Bob", "to"), ("Carol", "to"))

    mails, _ = await sent(database)

    assert [mail["Cc"] for mail in mails.values()] == [None, None]
    assert "\nTo: Bob, Carol\n" in text_of(mails["bob"])


async def test_a_message_that_names_nobody_has_no_such_line(database):
    a_post(database, followers=("Fay",))

    mails, _ = await sent(database)

    assert "To:" not in text_of(mails["fay"]) and "Cc:" not in text_of(mails["fay"], "html")


async def test_a_note_has_no_cc_and_its_outsider_does_not_read_who_else_was_named(database):
    a_post(database, ("Ina", "to"), ("Olga", "cc"), kind="note", internal=True)

    mails, _ = await sent(database)

    assert [mail["Cc"] for mail in mails.values()] == [None, None]
    assert "\nTo: Ina\nCc: Olga\n" in text_of(mails["ina"])
    assert "To:" not in text_of(mails["olga"]) and "Ina" not in text_of(mails["olga"])


async def test_an_address_of_ours_never_stands_in_cc(database):
    ours = named(99, "Support", "cc", "support@threads.acme.test")
    a_post(database, ("Bob", "to"), ("Carol", "cc"), also=[ours])

    mails, _ = await sent(database)

    assert str(mails["bob"]["Cc"]) == "Carol <carol@people.test>"


async def test_t139_at_fifty_nobody_is_shown_and_below_it_all_are(database):
    crowd = [named(100 + number, f"P{number}", "cc") for number in range(48)]
    a_post(database, ("Bob", "to"), also=crowd)
    mails, _ = await sent(database)
    assert len(mails["bob"]["Cc"].addresses) == 48

    with database.write() as session:
        thread_id = a_thread(session, key="50")
        carol = a_partner(session, "Carol")
        all_of_them = [*crowd, named(carol, "Carol", "to"), named(1000, "Last", "cc")]
        message_id = a_message(
            session, thread_id, None, message_id="<m2@threads.acme.test>", addressees=all_of_them
        )
        a_delivery(session, message_id, thread_id, carol, reason="recipient")
    mails, _ = await sent(database)
    assert mails["carol"]["Cc"] is None
    assert "P18, P19 (+29)\n" in text_of(mails["carol"])


async def test_cc_is_signed_and_a_changed_one_breaks_the_signature(database):
    key = keygen()
    house = a_house(domains=(SendingDomain("threads.acme.test", (Signer("threads.acme.test", "s1", key),)),))
    a_post(database, ("Bob", "to"), ("Zoë Ågren, Jr.", "cc"))

    _, basket = await sent(database, house=house)

    octets = basket.mails[0].octets()
    assert b"\r\nCc: " in octets and max(map(len, octets.split(b"\r\n"))) <= 998

    def lookup(name: Any) -> bytes:
        return dns_record(key).encode()

    assert [one.result for one in verify(octets, lookup)] == ["pass"]
    for changed in (
        octets.replace(b"\r\nCc: ", b"\r\nCc: eve@evil.test, "),
        octets.replace(b"\r\nSubject: ", b"\r\nCc: eve@evil.test\r\nSubject: "),
    ):
        assert [one.result for one in verify(changed, lookup)] == ["fail"]


@pytest.mark.parametrize(
    ("reader_id", "address", "expected"),
    [
        (1, "bob@people.test", ["carol@people.test"]),
        (7, "bob@people.test", ["carol@people.test"]),  # the partner was merged into another since
        (1, "bob@other.test", ["carol@people.test"]),  # he has another address since
        (9, "eve@people.test", []),
        (None, "eve@people.test", []),
    ],
)
def test_a_reader_is_known_by_partner_or_by_address(reader_id, address, expected):
    class Said:
        internal = False
        addressees = [
            named(1, "Bob", "to"),
            named(2, "Carol", "cc"),
            named(3, "Zoë", "cc", "zoë@people.test"),
        ]

    found = copies(Said, partner_id=reader_id, address=address, is_ours=lambda one: False)

    assert [one for _, one in found] == expected


def test_who_has_no_name_is_named_by_the_local_part():
    class Said:
        internal = False
        addressees = [named(1, "", "to", "bob@people.test")]

    assert names(Said, "to", internal=False) == "bob"
    assert names(Said, "cc", internal=True) == names(None, "to", internal=True) == ""
