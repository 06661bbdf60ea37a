"""A process that only sends, to be killed: ``python -m tests.outbound.a_sender DATABASE_URL PORT``."""

from __future__ import annotations

import asyncio
import sys

from gateway.outbound.channels.email import Email, Relay
from store.session import Database
from tests.outbound.a_house import a_dispatcher


async def main(url: str, port: str) -> None:
    channel = Email(Relay.of(f"smtp://127.0.0.1:{port}"), width=4)
    dispatcher = a_dispatcher(Database(url), channel, owner=f"process of port {port}")
    await dispatcher.start(free_leases=True)
    await asyncio.sleep(60)


asyncio.run(main(*sys.argv[1:]))
