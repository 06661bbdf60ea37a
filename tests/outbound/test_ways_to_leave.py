"""T118, B20: whoever follows can leave from the mail; whoever does not is told why he got it, and nothing more."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

import pytest

from tests.outbound.a_house import (
    Basket,
    a_delivery,
    a_dispatcher,
    a_follower,
    a_message,
    a_partner,
    a_thread,
    follow,
)

TO_LEAVE = "To leave, use Unsubscribe in your mail program, or answer with the line /leave."


async def mails_of(database) -> dict[str, EmailMessage]:
    """What is due now, sent; by the reader's name."""
    basket = Basket()
    dispatcher = a_dispatcher(database, basket)
    await dispatcher.drain()
    await dispatcher.stop()
    return {
        mail.recipient.partition("@")[0]: email.message_from_bytes(mail.octets(), policy=email.policy.default)  # type: ignore[misc]
        for mail in basket.mails
    }


def footer(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n").partition("\n-- \n")[2].strip()


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("mention", "You get this mail from Acme because you were mentioned."),
        ("recipient", "You get this mail from Acme because it was addressed to you."),
    ],
)
async def test_t118_a_follower_gets_the_ways_to_leave_and_who_was_only_named_does_not(database, reason, why):
    with database.write() as session:
        thread_id = a_thread(session)
        message_id = a_message(session, thread_id, a_partner(session, "Alice Adams", internal=True))
        a_delivery(session, message_id, thread_id, a_follower(session, thread_id, "Fay"), reason=reason)
        a_delivery(session, message_id, thread_id, a_partner(session, "Nora"), reason=reason)

    mails = await mails_of(database)

    fay, nora = mails["fay"], mails["nora"]
    assert footer(fay) == f"{why}\n{TO_LEAVE}"
    assert (
        fay["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click" and "/leave/" in fay["List-Unsubscribe"]
    )
    assert footer(nora) == why
    assert nora["List-Unsubscribe"] is None and nora["List-Unsubscribe-Post"] is None
    html = [mail.get_body(("html",)).get_content() for mail in (fay, nora)]
    assert ["/leave" in one for one in html] == [True, False] and all("because" in one for one in html)
    assert nora["List-Id"] == fay["List-Id"] and nora["Reply-To"] is not None


async def test_t118_an_invited_follower_and_an_assignee_who_follows_keep_the_ways_to_leave(database):
    with database.write() as session:
        people = {name: a_partner(session, name, internal=True) for name in ("Ina", "Otto")}
        thread_id = a_thread(session, assignee_id=people["Otto"])
        for (_, partner_id), (kind, reason) in zip(
            people.items(), (("invite", "invited"), ("assigned", "assigned")), strict=True
        ):
            follow(session, thread_id, partner_id)
            a_delivery(
                session, None, thread_id, partner_id, kind=kind, reason=reason, payload={"by": "Alice"}
            )

    mails = await mails_of(database)

    assert set(mails) == {"ina", "otto"}
    for mail in mails.values():
        assert mail["List-Unsubscribe"] is not None and footer(mail).endswith(TO_LEAVE)
