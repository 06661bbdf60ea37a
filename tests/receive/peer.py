"""A mail peer of the tests: a raw socket that says lines and hears replies; and doors on a small store."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from gateway.inbound.accept import Acceptor, OwnDomain
from gateway.receive.lmtp import LmtpDoor
from gateway.receive.smtp import SmtpDoor
from gateway.rules.token import Keys
from store.blobs import BlobStore
from store.models import Block, InboundMail, InboundTarget
from store.queries import types
from store.session import Database

DOMAIN = "threads.example.test"
SUPPORT = f"support@{DOMAIN}"
SALES = f"sales@{DOMAIN}"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MAIL = b"From: Carol <carol@outside.test>\r\nSubject: Pump\r\n\r\nIt leaks.\r\n"


class Peer:
    """One connection to a door, lock step or pipelined as the test likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def hear(self) -> str:
        """The next reply, lines joined by a line feed; "" when the door has closed."""
        lines: list[str] = []
        while True:
            try:
                line = await asyncio.wait_for(self.reader.readline(), 10)
            except ConnectionError:
                return ""
            if not line:
                return ""
            lines.append(line.decode().rstrip("\r\n"))
            if line[3:4] != b"-":
                return "\n".join(lines)

    async def say(self, text: str | bytes) -> str:
        """Send one line; answers the reply."""
        self.send((text.encode() if isinstance(text, str) else text) + b"\r\n")
        return await self.hear()

    def send(self, octets: bytes) -> None:
        """Send octets as they are."""
        self.writer.write(octets)

    async def greet(self, verb: str = "EHLO") -> str:
        """Hear the banner and greet."""
        await self.hear()
        return await self.say(f"{verb} peer.outside.test")

    async def envelope(self, *recipients: str, reverse_path: str = "carol@outside.test") -> list[str]:
        """Say MAIL and RCPT; answers the replies."""
        replies = [await self.say(f"MAIL FROM:<{reverse_path}>")]
        return replies + [await self.say(f"RCPT TO:<{recipient}>") for recipient in recipients]

    async def data(self, content: bytes) -> str:
        """Send DATA and content that is stuffed already; answers the first reply behind it."""
        assert (await self.say("DATA")).startswith("354")
        return await self.say(content + b".")

    async def is_closed(self) -> bool:
        """The door has closed the connection."""
        return await self.hear() == ""


@contextlib.asynccontextmanager
async def peer_of(door: SmtpDoor) -> AsyncIterator[Peer]:
    """A connection to a door on TCP."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    try:
        yield Peer(reader, writer)
    finally:
        writer.close()


def an_acceptor(
    database: Database, directory: Path, *, acceptor: type[Acceptor] = Acceptor, **more: Any
) -> Acceptor:
    """An acceptor that knows the aliases support@ and sales@ and blocks spam@outside.test."""
    with database.write() as session:
        types.put_record_type(session, "ticket", "Ticket", {}, NOW)
        for address in (SUPPORT, SALES):
            types.put_alias(session, address, "ticket", {}, {}, NOW)
        session.execute(Block.table().insert().values(pattern="spam@outside.test", created_at=NOW))
    settings: dict[str, Any] = {"blobs": BlobStore(directory / "blobs")} | more
    return acceptor(
        database=database,
        domains=[OwnDomain(DOMAIN)],
        keys=Keys({0: b"k" * 32}, 0),
        now=lambda: NOW,
        **settings,
    )


@contextlib.asynccontextmanager
async def an_open_door(acceptor: Acceptor, *, lmtp: bool = False, **settings: Any) -> AsyncIterator[SmtpDoor]:
    """A served door; closed, with its acceptor, at the end."""
    door = (LmtpDoor if lmtp else SmtpDoor)(
        acceptor, hostname="mx.example.test", postmaster_domain=DOMAIN, **settings
    )
    await door.start()
    try:
        yield door
    finally:
        await door.stop(0.2)
        acceptor.close()


def stored(database: Database) -> list[tuple[bytes, str, list[str]]]:
    """What the ledger holds: raw mail, reverse-path, forward-paths."""
    mail, target = InboundMail.table(), InboundTarget.table()
    with database.read() as session:
        rows = session.execute(select(mail.c.id, mail.c.raw, mail.c.reverse_path).order_by(mail.c.id)).all()
        paths = session.execute(select(target.c.mail_id, target.c.forward_path).order_by(target.c.id)).all()
    return [
        (raw, reverse, [path for mail_id, path in paths if mail_id == row_id])
        for row_id, raw, reverse in rows
    ]
