"""The relay as it behaves at the socket."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.outbound.channels import Deferred, Failed, Mail, Sent
from gateway.outbound.channels.email import Email, Relay, returned_id, verdict
from tests.outbound.conftest import NextHop

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def a_mail(recipient: str = "bob@people.test", content: bytes = b"Hello\r\n", **more: Any) -> Mail:
    return Mail(
        id=1, lease=1, channel="email", message_id=None, header_id="<m@acme.test>", reverse_path="bounce+x@acme.test",
        recipient=recipient, header=b"Subject: Hi\r\n\r\n", content=content, attempts=0, created_at=NOW, **more,
    )  # fmt: skip


def a_relay(port: int, **more: Any) -> Email:
    return Email(Relay.of(f"smtp://127.0.0.1:{port}"), **more)


async def test_lines_that_begin_with_a_point_arrive_as_they_were(next_hop: NextHop):
    relay = a_relay(next_hop.port)

    assert await relay.deliver(a_mail(content=b".\r\n..two\r\nthree\r\n.")) == Sent(detail="2.0.0 OK")
    await relay.close()

    assert next_hop.envelopes[0].content == b"Subject: Hi\r\n\r\n.\r\n..two\r\nthree\r\n.\r\n"
    assert next_hop.envelopes[0].mail_from == "bounce+x@acme.test"


@pytest.mark.parametrize(
    "address", ["bob@people.test\r\nRCPT TO:<eve@x.test>", "bob", "<bob@x.test>", "b ob@x.test", "b@x\n"]
)
async def test_an_address_that_could_say_more_than_an_address_never_reaches_the_wire(
    next_hop: NextHop, address: str
):
    outcome = await a_relay(next_hop.port).deliver(a_mail(address))

    assert outcome == Failed("5.1.3", "the address is not a valid one")
    assert not next_hop.connections


async def test_an_address_outside_ascii_needs_a_relay_that_takes_it(next_hop: NextHop):
    outcome = await a_relay(next_hop.port).deliver(a_mail("zoë@people.test", smtputf8=True))

    assert isinstance(outcome, Failed) and outcome.status == "5.6.7"


async def test_a_mail_over_the_limit_of_the_relay_fails_before_it_is_sent(next_hop: NextHop):
    outcome = await a_relay(next_hop.port).deliver(a_mail(content=b"x" * 34_000_000))

    assert isinstance(outcome, Failed) and outcome.status == "5.3.4"


async def test_after_a_refusal_the_connection_goes_on(next_hop: NextHop):
    relay = a_relay(next_hop.port, width=1)
    next_hop.rcpt["eve@people.test"] = ["550 5.1.1 unknown"]

    first = await relay.deliver(a_mail("eve@people.test"))
    second = await relay.deliver(a_mail())
    await relay.close()

    assert first == Failed("5.1.1", "550 5.1.1 unknown", about_recipient=True)
    assert isinstance(second, Sent)
    assert len(next_hop.connections) == 1 and len(next_hop.envelopes) == 1


async def test_an_idle_connection_that_the_relay_closed_is_replaced_without_a_word(next_hop: NextHop):
    relay = a_relay(next_hop.port, width=1)
    await relay.deliver(a_mail())
    relay._idle[0].transport.abort()
    await asyncio.sleep(0.02)

    assert isinstance(await relay.deliver(a_mail()), Sent)
    await relay.close()


async def test_a_relay_that_says_421_or_nothing_at_all_makes_everything_wait(next_hop: NextHop):
    next_hop.rcpt["bob@people.test"] = ["421 4.3.2 shutting down"]

    leaving = await a_relay(next_hop.port).deliver(a_mail())
    refused = await a_relay(1).deliver(a_mail())

    assert leaving == Deferred("4.3.2", "421 4.3.2 shutting down", unreachable=True)
    assert isinstance(refused, Deferred) and refused.unreachable and refused.status == "4.4.1"


@pytest.mark.parametrize(
    ("code", "text", "status", "kind"),
    [
        (450, "4.2.1 try later", "4.2.1", Deferred),
        (450, "try later", "4.0.0", Deferred),
        (452, "5.3.4 says the wrong class", "4.0.0", Deferred),
        (550, "5.7.26 unauthenticated", "5.7.26", Failed),
        (550, "no", "5.0.0", Failed),
        (299, "what?", "4.0.0", Deferred),
    ],
)
def test_the_code_decides_and_the_enhanced_status_explains(code: int, text: str, status: str, kind: type):
    outcome = verdict(code, text, about_recipient=False)

    assert isinstance(outcome, kind) and outcome.status == status


@pytest.mark.parametrize(
    ("text", "host", "expected"),
    [
        ("2.0.0 Ok: queued as 4F2A", "mx.test", ""),
        ("Ok <m@acme.test>", "mx.test", ""),
        ("Ok queued <0102-abc@relay.test>", "mx.test", "<0102-abc@relay.test>"),
        ("Ok 010201905e6f7a80-1b2c3d4e-000000", "email-smtp.eu-west-1.amazonaws.com", "<010201905e6f7a80-1b2c3d4e-000000@eu-west-1.amazonses.com>"),
        ("Ok 010201905e6f7a80-1b2c3d4e-000000", "email-smtp.us-east-1.amazonaws.com", "<010201905e6f7a80-1b2c3d4e-000000@email.amazonses.com>"),
        ("Ok 010201905e6f7a80-1b2c3d4e-000000", "mx.test", ""),
    ],
)  # fmt: skip
def test_the_id_that_a_rewriting_relay_gave_is_read_from_its_answer(text: str, host: str, expected: str):
    assert returned_id(text, host, "<m@acme.test>") == expected


def test_a_relay_url_may_hold_a_password_with_any_character():
    relay = Relay.of("smtps://me%40acme.test:p%2Fw%3A1@mx.test")

    assert (relay.host, relay.port, relay.tls, relay.user, relay.password) == (
        "mx.test",
        465,
        True,
        "me@acme.test",
        "p/w:1",
    )
    with pytest.raises(ValueError, match="a relay is"):
        Relay.of("http://mx.test")
