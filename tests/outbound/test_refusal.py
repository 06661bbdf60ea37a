"""The mail that says that a mail was refused."""

from __future__ import annotations

import email
import email.policy
from typing import Any

import pytest
from sqlalchemy import insert

from store.models import Delivery
from store.session import Database
from tests.outbound.a_house import NOW, Basket, a_dispatcher

PAYLOAD = {"subject": "A <b>question</b>", "alias": "support@threads.example.test", "html": "", "text": ""}


async def the_refusal(database: Database, payload: dict[str, Any]) -> Any:
    values = {
        "kind": "refusal", "channel": "email", "address": "carol@customer.example", "reason": "refused",
        "header_id": "<r1@threads.example.test>", "payload": payload, "created_at": NOW, "due_at": NOW,
    }  # fmt: skip
    with database.write() as session:
        session.execute(insert(Delivery.table()).values(values))
    basket = Basket()
    dispatcher = a_dispatcher(database, basket)
    await dispatcher.drain()
    await dispatcher.stop()
    [mail] = basket.mails
    return mail, email.message_from_bytes(mail.header + b"\r\n" + mail.content, policy=email.policy.default)


def words(mail: Any, kind: str) -> str:
    return " ".join(str(mail.get_body((kind,)).get_content()).split())


async def test_t041_a_refusal_names_subject_and_address_and_asks_programs_for_silence(database: Database):
    mail, read = await the_refusal(database, PAYLOAD)

    assert mail.recipient == "carol@customer.example"
    assert mail.reverse_path.startswith("bounce+")
    assert read["Subject"] == "Not posted: A <b>question</b>"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["X-Auto-Response-Suppress"] == "OOF, AutoReply, DR, RN, NRN"
    assert "Reply-To" not in read
    for kind in ("plain", "html"):
        assert "The address does not take mail from you." in words(read, kind)
        assert "support@threads.example.test" in words(read, kind)
    assert "<b>question" not in words(read, "html")


@pytest.mark.parametrize("alias", ["support@threads.example.test", ""])
async def test_t044_an_alias_s_own_words_stand_in_place_of_ours(database: Database, alias: str):
    own = {"html": "<p>Call <b>us</b> instead.</p>", "text": "Call us instead.", "alias": alias}

    _, read = await the_refusal(database, {**PAYLOAD, **own})

    assert "Call <b>us</b> instead." in words(read, "html")
    assert "Call us instead." in words(read, "plain")
    assert "was not posted" not in words(read, "plain") + words(read, "html")
    assert ("Address:" in words(read, "plain")) is bool(alias)
