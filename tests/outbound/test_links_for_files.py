"""H09: what the next hop has no room for becomes a link; nobody's mail fails because a file was too large."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP
from sqlalchemy import delete, insert

from gateway.mail.compose import file_part
from gateway.outbound.channels import Deferred, Failed
from gateway.outbound.channels.email import Email, Relay, verdict
from gateway.outbound.channels.maildir import Maildir
from gateway.outbound.enclosures import encoded
from store.blobs import BlobStore
from store.models import Attachment
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

SMALL_RELAY = 100_000
LINK = "https://desk.acme.test/files/"


@pytest_asyncio.fixture
async def small_hop() -> AsyncIterator[NextHop]:
    """A relay that announces SIZE 100000 and means it."""
    hop = NextHop()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(hop, hostname="hop.test", data_size_limit=SMALL_RELAY, loop=loop), "127.0.0.1", 0
    )
    hop.port = server.sockets[0].getsockname()[1]
    yield hop
    server.close()


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs")


def a_post_with_files(database: Database, blobs: BlobStore, *names: str, **sizes: int) -> dict[str, int]:
    """One message with files of these sizes to these followers; answers the files' ids."""
    ids = {}
    with database.write() as session:
        thread_id = a_thread(session)
        message_id = a_message(session, thread_id, a_partner(session, "Alice Adams", internal=True))
        for name, size in sizes.items():
            values = {
                "name": name,
                "content_type": "application/pdf",
                "size": size,
                "blob": blobs.put(b"x" * size),
            }
            made = session.execute(
                insert(Attachment.table()).values(
                    thread_id=thread_id, message_id=message_id, created_at=NOW, **values
                )
            )
            assert made.inserted_primary_key is not None
            ids[name] = made.inserted_primary_key[0]
        for name in names:
            a_delivery(session, message_id, thread_id, a_follower(session, thread_id, name))
    return ids


def files_and_text(mail: EmailMessage) -> tuple[list[str | None], str]:
    part = mail.get_body(("plain",))
    assert part is not None
    return [file.get_filename() for file in mail.iter_attachments()], str(part.get_content())


def relay(port: int, **more: int) -> Email:
    return Email(Relay.of(f"smtp://127.0.0.1:{port}"), **more)


async def test_h09_a_file_that_only_its_encoding_makes_too_large_for_the_relay_becomes_a_link(
    database, blobs, small_hop: NextHop
):
    a_post_with_files(database, blobs, "Bob", "Carol", plan=90_000, note=1_000)
    channel = relay(small_hop.port)
    dispatcher = a_dispatcher(database, channel, blobs=blobs)
    assert channel.largest == 10_000_000  # nobody has asked the relay yet

    await dispatcher.drain()
    await dispatcher.stop()

    assert {state for state, _, _ in states(database).values()} == {"sent"}
    assert channel.largest == SMALL_RELAY
    for mail in small_hop.mails():
        files, text = files_and_text(mail)
        assert files == ["note"] and f"- plan (87 KiB): {LINK}" in text
    assert max(len(one.content) for one in small_hop.envelopes) < SMALL_RELAY


async def test_h09_what_the_relay_announced_is_known_to_the_next_mail(database, blobs, small_hop: NextHop):
    class Watched(Email):
        sizes: list[int] = []

        async def deliver(self, mail):
            self.sizes.append(mail.size)
            return await super().deliver(mail)

    channel = Watched(Relay.of(f"smtp://127.0.0.1:{small_hop.port}"))
    dispatcher = a_dispatcher(database, channel, blobs=blobs)
    with database.write() as session:
        thread_id = a_thread(session, key="41")
        message_id = a_message(session, thread_id, None, message_id="<m0@threads.acme.test>")
        a_delivery(session, message_id, thread_id, a_follower(session, thread_id, "Dan"))
    await dispatcher.drain()
    a_post_with_files(database, blobs, "Bob", plan=90_000)

    await dispatcher.drain()
    await dispatcher.stop()

    assert len(channel.sizes) == 2 and max(channel.sizes) < SMALL_RELAY


async def test_h09_a_relay_that_refuses_the_size_at_the_end_gets_the_mail_with_links(
    database, blobs, next_hop: NextHop
):
    a_post_with_files(database, blobs, "Bob", plan=90_000)
    next_hop.data = ["552 5.3.4 message size exceeds what they take"]
    dispatcher = a_dispatcher(database, relay(next_hop.port), blobs=blobs)

    await dispatcher.drain()
    await dispatcher.stop()

    [mail] = next_hop.mails()
    files, text = files_and_text(mail)
    assert files == [] and f"- plan (87 KiB): {LINK}" in text
    assert [state for state, _, _ in states(database).values()] == ["sent"]


async def test_h09_a_mail_that_is_too_large_without_any_file_fails(database, blobs):
    a_post_with_files(database, blobs, "Bob", plan=1_000)
    too_large = Failed("5.3.4", "552 5.3.4 too big", too_large=True)
    basket = Basket(too_large, too_large, too_large)
    dispatcher = a_dispatcher(database, basket, blobs=blobs)

    await dispatcher.drain()
    await dispatcher.stop()

    assert len(basket.mails) == 2 and basket.mails[0].size > basket.mails[1].size
    assert list(states(database).values()) == [("failed", "5.3.4", "552 5.3.4 too big")]


async def test_h09_a_mail_without_files_is_not_tried_twice(database, blobs):
    a_post_with_files(database, blobs, "Bob")
    basket = Basket(Failed("5.3.4", "552 5.3.4 too big", too_large=True))
    dispatcher = a_dispatcher(database, basket, blobs=blobs)

    await dispatcher.drain()
    await dispatcher.stop()

    assert len(basket.mails) == 1
    assert [state for state, _, _ in states(database).values()] == ["failed"]


@pytest.mark.parametrize(
    ("wanted", "announced", "largest"),
    [
        (0, 0, 10_000_000),
        (0, 100_000, 100_000),
        (0, 200_000_000, 25_000_000),
        (50_000, 0, 50_000),
        (50_000, 100_000, 50_000),
        (150_000, 100_000, 100_000),
        (40_000_000, 200_000_000, 40_000_000),
    ],
)
def test_the_setting_and_the_relay_decide_together(wanted: int, announced: int, largest: int):
    channel = relay(25, largest=wanted)

    channel._announced = announced

    assert channel.largest == largest


def test_the_outbox_has_a_limit_too(tmp_path: Path):
    assert Maildir(tmp_path / "a").largest == 10_000_000
    assert Maildir(tmp_path / "b", largest=77).largest == 77


@pytest.mark.parametrize(
    ("code", "text", "too_large"),
    [
        (552, "5.3.4 message too big", True),
        (554, "5.3.4 message too big", True),
        (550, "5.2.3 longer than the mailbox allows", True),
        (552, "message size exceeds fixed maximum", True),
        (552, "5.2.2 mailbox full", False),
        (552, "5.7.0 content not allowed", False),
        (550, "5.1.1 unknown", False),
    ],
)
def test_only_an_answer_about_the_size_asks_for_links(code: int, text: str, too_large: bool):
    outcome = verdict(code, text, about_recipient=False)

    assert isinstance(outcome, Failed) and outcome.too_large is too_large


@pytest.mark.parametrize("size", [0, 1, 56, 57, 58, 90_000, 1_000_000])
def test_the_estimate_of_a_file_is_never_below_what_it_takes(size: int):
    assert len(file_part("n" * 60, "application/pdf", b"x" * size).octets()) <= encoded(size)


async def test_a_file_that_was_deleted_while_the_mail_waited_is_not_in_it(database, blobs):
    ids = a_post_with_files(database, blobs, "Bob", plan=100, secret=100)
    basket = Basket(Deferred("4.2.1", "later"))
    clock = Clock()
    dispatcher = a_dispatcher(database, basket, blobs=blobs, clock=clock)
    await dispatcher.drain()
    with database.write() as session:
        session.execute(delete(Attachment.table()).where(Attachment.table().c.id == ids["secret"]))
    clock.move(minutes=2)

    await dispatcher.drain()
    await dispatcher.stop()

    first, second = (
        files_and_text(email.message_from_bytes(one.octets(), policy=email.policy.default))[0]  # type: ignore[arg-type]
        for one in basket.mails
    )
    assert (first, second) == (["plan", "secret"], ["plan"])


async def test_a_limit_that_changed_meanwhile_counts_for_the_next_attempt(database, blobs):
    a_post_with_files(database, blobs, "Bob", plan=90_000)
    basket = Basket(Deferred("4.2.1", "later"))
    clock = Clock()
    dispatcher = a_dispatcher(database, basket, blobs=blobs, clock=clock)
    await dispatcher.drain()
    basket.largest = SMALL_RELAY
    clock.move(minutes=2)

    await dispatcher.drain()
    await dispatcher.stop()

    assert basket.mails[0].size > SMALL_RELAY > basket.mails[1].size
