"""The frame of a mail session: hear a command, let it be obeyed, keep the limits; trouble of ours is 451.

What the commands do stands in ``session``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from gateway.errors import GatewayError
from gateway.inbound.accept import Acceptor
from gateway.receive import protocol, reply, xforward
from gateway.receive.clients import Clients
from gateway.receive.limits import Census, Limits, Standing
from gateway.receive.tls import ServerTls
from gateway.receive.wire import LineTooLong, Wire
from gateway.rules.routing import Target

Obey = Callable[[Any, str], Awaitable[None]]


@dataclass
class Counter:
    """What the sessions of one door share. log: a structlog logger that knows the door."""

    acceptor: Acceptor
    name: str
    hostname: str
    postmaster_domain: str
    max_size: int
    max_recipients: int
    limits: Limits
    standing: Standing
    tls: ServerTls | None
    log: Any
    census: Census
    clients: Clients
    is_closing: bool = False


@dataclass
class Transaction:
    """A mail between MAIL and the end of its data. targets: by normalised forward-path, in order of RCPT.

    client: among whose open transactions it counts, "" = nobody's. deferral: what every recipient hears instead,
    "" if he is asked for.
    """

    reverse_path: str
    smtputf8: bool
    client: str = ""
    deferral: str = ""
    is_blocked: bool | None = None
    targets: dict[str, tuple[str, Target]] = field(default_factory=dict)
    accepted: int = 0  # RCPT commands answered with 250, doubles too


class Dialogue(Wire):
    """One session. transaction: None outside of one; greeting: what the peer called itself."""

    commands: ClassVar[Mapping[str, Obey]]
    greeting_verb: ClassVar[str] = "ESMTP"

    def __init__(self, counter: Counter, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(counter.limits, loop)
        self.counter = counter
        self.throttled = True
        self.greeting = ""
        self.is_extended = False
        self.transaction: Transaction | None = None
        self.forwarded = xforward.Forwarded()
        self._errors = 0
        self._idle_commands = 0
        self._since = loop.time()
        self._waits = False

    @property
    def idle_since(self) -> float | None:
        """When the last command came, None for a session that has a mail under way."""
        return self._since if self.transaction is None and self._waits else None

    @property
    def is_busy(self) -> bool:
        """The data of a mail is coming in or being stored, or another command is carried out."""
        return not self._waits

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._end_transaction()
        self.counter.census.leave(self)

    async def _handle_client(self) -> None:
        self.throttled = self.counter.standing.is_throttled(self.peer)
        if not self.counter.census.admit(self):
            self.counter.log.info("session refused", peer=self.peer)
            self.dismiss(reply.TOO_MANY_CONNECTIONS)
            return
        self.say(f"220 {self.counter.hostname} {self.greeting_verb}")
        try:
            while self.is_open and await self._next():
                pass
        finally:
            self.hang_up()
            self._end_transaction()
            self.counter.census.leave(self)

    async def _next(self) -> bool:
        """Wait for one command and carry it out; False when the session is over."""
        if self.counter.is_closing:
            self.dismiss(reply.SHUTTING_DOWN)
            return False
        self.deadline = self.loop.time() + self.limits.command_seconds
        self._waits = True
        try:
            line = await self.next_line()
        except LineTooLong as trouble:
            self.refuse(reply.TOO_LONG)
            return not trouble.is_endless and self._is_bearable()
        self._waits = False
        self._since = self.loop.time()
        if line is None:
            return False
        await self._obey(line)
        if self._can_write is not None:
            await self.until_written()
        return self._is_bearable()

    async def _obey(self, line: bytes) -> None:
        if line[:1] == b"\x16":  # a TLS ClientHello (RFC 8446 section 5.1)
            self.hang_up()
            return
        read = protocol.command(line[:-2]) if line.endswith(b"\r\n") else None
        if read is None:
            self.refuse(reply.BAD_LINE)
            return
        verb, rest = read
        obey = self.commands.get(verb)
        if obey is None:
            self._unknown(verb)
            return
        try:
            await obey(self, rest)
        except GatewayError as error:
            self.refuse(reply.of_error(error))
        except Exception as error:  # noqa: BLE001 - the last fence: the peer hears 451, the log hears all
            await self.handle_exception(error)

    async def handle_exception(self, error: Exception) -> str:
        """Log an error of ours, forget the transaction, say 451."""
        self.counter.log.error("session trouble", peer=self.peer, exc_info=error)
        self._end_transaction()
        said = reply.of_error(error)
        self.say(said)
        return said

    def refuse(self, text: str) -> None:
        """Say a reply and count it when it is the peer's fault, and that of the client for whom it speaks."""
        if text[0] == "5":
            self._errors += 1
            if client := self.told_client():
                self.counter.clients.blame(client, self.loop.time())
        self.say(text)

    def told_client(self) -> str:
        """The client for whom a hop speaks, if there are limits for him; "" where there is none."""
        address = self.forwarded.address
        return address if address and self.counter.standing.is_throttled(address) else ""

    def begin(self, transaction: Transaction) -> None:
        """Open a transaction, among those of the client for whom a hop speaks."""
        client = self.told_client()
        if client and self.counter.clients.enter(client):
            transaction.client = client
        elif client:
            self.counter.log.info("client put off", peer=self.peer, client=client)
            transaction.deferral = reply.CLIENT_TOO_BUSY
        self.transaction = transaction

    def deferral(self, transaction: Transaction) -> str:
        """Why the client has to come again later with this transaction, "" if he has not."""
        if not transaction.deferral and (client := self.told_client()):
            transaction.deferral = self.counter.clients.deferral(client, self.loop.time())
            if transaction.deferral:
                self.counter.log.info("client put off", peer=self.peer, client=client)
        return transaction.deferral

    def _unknown(self, verb: str) -> None:
        if verb in protocol.HTTP_VERBS:
            self.dismiss(reply.NO_MAIL_HERE)
        else:
            self.refuse(reply.UNKNOWN_COMMAND)

    def _is_bearable(self) -> bool:
        """Go on, or say why not: too many errors, or too many commands that lead to no mail."""
        if not self.is_open:
            return False
        if self._errors >= (self.limits.errors if self.throttled else self.limits.hop_errors):
            self.counter.log.info("too many errors", peer=self.peer)
            self.dismiss(reply.TOO_MANY_ERRORS)
        elif self.throttled and self._idle_commands > self.limits.idle_commands:
            self.dismiss(reply.TOO_MANY_COMMANDS)
        return self.is_open

    def say_idly(self, text: str) -> None:
        self._idle_commands += 1
        self.say(text)

    def forget(self) -> None:
        """End the transaction, if there is one, and what a hop told about its client."""
        self._end_transaction()
        self.forwarded = xforward.Forwarded()

    def _end_transaction(self) -> None:
        if self.transaction is not None and self.transaction.client:
            self.counter.clients.leave(self.transaction.client)
        self.transaction = None
