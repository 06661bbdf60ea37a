"""What the tests of the journey out share; the fixture ``database`` is the house's own."""

from __future__ import annotations

import asyncio
import email
import email.message
import email.policy
from collections.abc import AsyncIterator

import pytest_asyncio
from aiosmtpd.smtp import SMTP, Envelope, Session


class NextHop:
    """A real SMTP server on loopback. answers: what it says to RCPT, by recipient, until popped."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.connections: set[object] = set()
        self.rcpt: dict[str, list[str]] = {}
        self.data: list[str] = []
        self.port = 0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.connections.add(session.peer)
        said = self.rcpt.get(address)
        if said:
            return said.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.data:
            return self.data.pop(0)
        self.envelopes.append(envelope)
        return "250 2.0.0 OK"

    def mails(self) -> list[email.message.EmailMessage]:
        return [email.message_from_bytes(one.content, policy=email.policy.default) for one in self.envelopes]


@pytest_asyncio.fixture
async def next_hop() -> AsyncIterator[NextHop]:
    hop = NextHop()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(hop, hostname="hop.test", enable_SMTPUTF8=False, loop=loop), "127.0.0.1", 0
    )
    hop.port = server.sockets[0].getsockname()[1]
    yield hop
    server.close()
