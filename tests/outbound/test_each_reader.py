"""What a mail says to one reader and not to another: his reply address, the way to the page, the domain."""

from __future__ import annotations

import re

from sqlalchemy import insert

from gateway.outbound.house import SendingDomain
from gateway.rules.token import read_local_part
from store.blobs import BlobStore
from store.models import Attachment
from store.session import Database
from tests.outbound.a_house import (
    KEYS,
    NOW,
    Basket,
    a_delivery,
    a_dispatcher,
    a_follower,
    a_house,
    a_message,
    a_partner,
    a_thread,
)

BRANCH = SendingDomain("branch.acme.test")


async def mails(database: Database, **thread: str) -> dict[str, tuple[str, str]]:
    """Reader -> header and content of his mail about one message; Ina is a colleague, Olga is not."""
    with database.write() as session:
        thread_id = a_thread(session, **thread)
        message = a_message(session, thread_id, a_partner(session, "Alice Adams", internal=True))
        for name, internal in (("Ina", True), ("Olga", False)):
            a_delivery(session, message, thread_id, a_follower(session, thread_id, name, internal=internal))
    basket = Basket()
    house = a_house(domains=(SendingDomain("threads.acme.test"), BRANCH))
    dispatcher = a_dispatcher(database, basket, house=house)
    await dispatcher.drain()
    await dispatcher.stop()
    return {
        mail.recipient.partition("@")[0]: (mail.header.decode(), mail.content.decode())
        for mail in basket.mails
    }


def field(header: str, name: str) -> str:
    found = re.search(rf"^{name}: (.*)\r$", header, re.MULTILINE)
    assert found is not None, (name, header)
    return found[1]


async def test_t137_each_reader_answers_by_a_reply_address_of_his_own(database: Database):
    readers = await mails(database)

    addresses = {name: field(header, "Reply-To") for name, (header, _) in readers.items()}
    tokens = {
        name: read_local_part(address.partition("@")[0], {"reply": None}, KEYS)[0]
        for name, address in addresses.items()
    }
    assert addresses["ina"] != addresses["olga"]
    assert tokens["ina"].subject_id == tokens["olga"].subject_id
    assert tokens["ina"].partner_id != tokens["olga"].partner_id
    assert all(len(address.partition("@")[0]) <= 64 for address in addresses.values())


async def test_t141_only_colleagues_are_shown_the_way_to_the_page(database: Database):
    readers = await mails(database)

    assert "https://desk.acme.test/r/ticket/42" in readers["ina"][1].replace("=\r\n", "")
    assert "https://desk.acme.test/r/" not in readers["olga"][1].replace("=\r\n", "")


async def test_t146_a_record_of_another_domain_is_mailed_and_answered_there(database: Database):
    header, _ = (await mails(database, domain=BRANCH.name))["olga"]

    assert field(header, "From").endswith("<notifications@branch.acme.test>")
    assert field(header, "Reply-To").endswith("@branch.acme.test")
    assert field(header, "List-Id").endswith(".branch.acme.test>")


async def test_an_image_that_a_colleague_only_quoted_is_in_no_mail_to_an_outsider(
    database: Database, tmp_path
):
    """It may be part of a note; his program sent it along with the old mail."""
    blobs = BlobStore(tmp_path / "blobs")
    with database.write() as session:
        thread_id = a_thread(session)
        message = a_message(
            session, thread_id, a_partner(session, "Alice Adams", internal=True),
            body_html='<p>Like this: <img src="cid:pump@x"></p>', quoted_html='<p><img src="cid:plan@x"></p>',
        )  # fmt: skip
        for name in ("pump", "plan"):
            session.execute(
                insert(Attachment.table()).values(
                    thread_id=thread_id, message_id=message, name=f"{name}.png", content_type="image/png", size=4,
                    blob=blobs.put(name.encode()), content_id=f"{name}@x", inline=True, created_at=NOW,
                )
            )  # fmt: skip
        for name, internal in (("Ina", True), ("Olga", False)):
            a_delivery(session, message, thread_id, a_follower(session, thread_id, name, internal=internal))
    basket = Basket()
    dispatcher = a_dispatcher(database, basket, blobs=blobs)

    await dispatcher.drain()
    await dispatcher.stop()

    found = {
        mail.recipient.partition("@")[0]: [
            name for name in ("pump", "plan") if f"{name}.png".encode() in mail.content
        ]
        for mail in basket.mails
    }
    assert found == {"ina": ["pump", "plan"], "olga": ["pump"]}


async def test_who_is_named_on_a_record_that_is_closed_to_him_is_shown_no_way_to_its_page(database: Database):
    with database.write() as session:
        author, ina = (a_partner(session, name, internal=True) for name in ("Alice Adams", "Ina"))
        thread_id = a_thread(session, members=[author])
        message = a_message(session, thread_id, author)
        a_delivery(session, message, thread_id, ina, reason="mention")
        a_delivery(session, message, thread_id, author, reason="mention")
    basket = Basket()
    dispatcher = a_dispatcher(database, basket)
    await dispatcher.drain()
    await dispatcher.stop()

    shown = {mail.recipient: b"/r/ticket/42" in mail.content.replace(b"=\r\n", b"") for mail in basket.mails}
    assert shown == {"ina@people.test": False, "alice.adams@people.test": True}
