"""The dialogue half of a mail session: the commands of SMTP (RFC 5321), and what each is answered.

RCPT is answered from the store; 250 to the data is said when the mail is durable; whatever goes wrong
with us is 451, and nothing of it is told. LMTP differs in its greeting and in its replies to the data.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any, ClassVar

from gateway.errors import GatewayError
from gateway.inbound.accept import Acceptor
from gateway.mail.address import normalise
from gateway.mail.envelope import Client, Envelope
from gateway.receive import protocol, reply, xforward
from gateway.receive.intake import Intake
from gateway.receive.limits import Census, Limits, Standing
from gateway.receive.wire import LineTooLong, Wire
from gateway.rules.routing import Target

Obey = Callable[["Session", str], Awaitable[None]]


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
    tls: SSLContext | None
    log: Any
    census: Census
    is_closing: bool = False


@dataclass
class Transaction:
    """A mail between MAIL and the end of its data. targets: by normalised forward-path, in order of RCPT."""

    reverse_path: str
    smtputf8: bool
    is_blocked: bool | None = None
    targets: dict[str, tuple[str, Target]] = field(default_factory=dict)
    accepted: int = 0  # RCPT commands answered with 250, doubles too


class Session(Wire):
    """One SMTP session. transaction: None outside of one; greeting: what the peer called itself."""

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
        self.transaction = None
        said = reply.of_error(error)
        self.say(said)
        return said

    def refuse(self, text: str) -> None:
        """Say a reply and count it when it is the peer's fault."""
        if text[0] == "5":
            self._errors += 1
        self.say(text)

    def _unknown(self, verb: str) -> None:
        if verb in protocol.HTTP_VERBS:
            self.dismiss(reply.NO_MAIL_HERE)
        else:
            self.refuse(reply.UNKNOWN_COMMAND)

    def _is_bearable(self) -> bool:
        """Go on, or say why not: too many errors, or too many commands that lead to no mail."""
        if not self.throttled or not self.is_open:
            return self.is_open
        if self._errors >= self.limits.errors:
            self.counter.log.info("too many errors", peer=self.peer)
            self.dismiss(reply.TOO_MANY_ERRORS)
        elif self._idle_commands > self.limits.idle_commands:
            self.dismiss(reply.TOO_MANY_COMMANDS)
        return self.is_open

    def _say_idly(self, text: str) -> None:
        self._idle_commands += 1
        self.say(text)

    def forget(self) -> None:
        """End the transaction, if there is one, and what a hop told about its client."""
        self.transaction = None
        self.forwarded = xforward.Forwarded()

    # commands, each given what stands behind its verb

    async def smtp_HELO(self, rest: str) -> None:
        if not rest:
            self.refuse(reply.BAD_SYNTAX)
            return
        self.forget()
        self.greeting, self.is_extended = rest[:255], False
        self._say_idly(f"250 {self.counter.hostname}")

    async def smtp_EHLO(self, rest: str) -> None:
        if not rest:
            self.refuse(reply.BAD_SYNTAX)
            return
        self.forget()
        self.greeting, self.is_extended = rest[:255], True
        offers = [self.counter.hostname, *self._offers()]
        last = len(offers) - 1
        self._say_idly(
            "\r\n".join(f"250{' ' if n == last else '-'}{offer}" for n, offer in enumerate(offers))
        )

    def _offers(self) -> list[str]:
        """The service extensions for this peer."""
        offers = [
            "PIPELINING",
            f"SIZE {self.counter.max_size}",
            "8BITMIME",
            "SMTPUTF8",
            "ENHANCEDSTATUSCODES",
        ]
        if self.counter.tls is not None and not self.is_tls:
            offers.append("STARTTLS")
        if self.counter.standing.may_forward(self.peer):
            offers.append("XFORWARD " + " ".join(xforward.ATTRIBUTES))
        return offers

    async def smtp_STARTTLS(self, rest: str) -> None:
        if self.counter.tls is None or self.is_tls:
            self.refuse(reply.NOT_IMPLEMENTED)
        elif rest:
            self.refuse(reply.BAD_SYNTAX)
        else:
            self.deadline = math.inf  # the handshake has its own
            self.forget()
            self.greeting = ""
            if not await self.start_tls(self.counter.tls):
                self.cut()

    async def smtp_XFORWARD(self, rest: str) -> None:
        if not self.counter.standing.may_forward(self.peer):
            self.refuse(reply.FORBIDDEN)
        elif self.transaction is not None:
            self.refuse(reply.NESTED_MAIL)
        else:
            self.forwarded = xforward.read(rest, self.forwarded)
            self.say(reply.OK)

    async def smtp_MAIL(self, rest: str) -> None:
        if not self.greeting:
            self.refuse(reply.GREET_FIRST)
            return
        if self.transaction is not None:
            self.refuse(reply.NESTED_MAIL)
            return
        mail = protocol.mail(rest)
        if mail.parameters.size > self.counter.max_size:
            self.refuse(reply.TOO_LARGE)
            return
        self.transaction = Transaction(mail.reverse_path, mail.parameters.smtputf8)
        self.say(reply.SENDER_OK)

    async def smtp_RCPT(self, rest: str) -> None:
        transaction = self.transaction
        if transaction is None:
            self.refuse(reply.NEED_MAIL)
            return
        path = protocol.recipient(
            rest, smtputf8=transaction.smtputf8, postmaster_domain=self.counter.postmaster_domain
        )
        if transaction.accepted >= self.counter.max_recipients:
            self.say(reply.TOO_MANY_RECIPIENTS)
            return
        if transaction.is_blocked is None:
            transaction.is_blocked = await self.counter.acceptor.is_blocked(transaction.reverse_path)
        if transaction.is_blocked:
            self.refuse(reply.BLOCKED)
            return
        key = normalise(path) or path
        if key not in transaction.targets:
            transaction.targets[key] = (path, await self.counter.acceptor.resolve(path))
        transaction.accepted += 1
        self.say(reply.RECIPIENT_OK)

    async def smtp_DATA(self, rest: str) -> None:
        transaction = self.transaction
        if rest:
            self.refuse(reply.BAD_SYNTAX)
        elif transaction is None:
            self.refuse(reply.NEED_MAIL)
        elif not transaction.accepted:
            self.refuse(reply.NEED_RECIPIENT)
        else:
            intake = Intake(self.counter.acceptor, self.counter.max_size)
            self.say(reply.START_DATA)
            try:
                await self._take_data(transaction, intake)
            finally:
                intake.forget()

    async def _take_data(self, transaction: Transaction, intake: Intake) -> None:
        """Read the data to its end, make it durable, answer."""
        begun = self.loop.time()
        while not intake.is_complete:
            now = self.loop.time()
            slowest = begun + self.limits.data_seconds + intake.received / self.limits.slowest_octets
            self.deadline = min(now + self.limits.chunk_seconds, slowest)
            chunk = await self.next_chunk()
            if not chunk:
                self.hang_up()
                return
            intake.take(chunk)
        self.deadline = math.inf
        said = intake.refusal() or await self._accept(transaction, intake)
        self.answer_data(said, transaction.accepted)
        self.forget()
        if intake.is_abandoned:
            self.hang_up()
        self.give_back(intake.rest)

    async def _accept(self, transaction: Transaction, intake: Intake) -> str:
        """Make the mail durable; answers the reply."""
        paths = tuple(path for path, _ in transaction.targets.values())
        targets = [target for _, target in transaction.targets.values()]
        envelope = Envelope(transaction.reverse_path, paths, self._client())
        try:
            ledger_id = await self.counter.acceptor.accept(self.counter.name, envelope, targets, intake.spool)
        except Exception as error:  # one reply a recipient, whatever it was
            self.counter.log.error(
                "mail not accepted", peer=self.peer, size=intake.size, exc_info=error
            )
            return reply.of_error(error)
        intake.is_handed_over = True
        self._idle_commands = 0
        self.counter.log.info(
            "mail accepted", mail=ledger_id, peer=self.peer, size=intake.size,
            recipients=len(paths),
        )  # fmt: skip
        return reply.queued(ledger_id)

    def answer_data(self, said: str, accepted: int) -> None:
        """Answer the data. accepted: how many RCPT commands were."""
        self.refuse(said)

    def _client(self) -> Client:
        told = self.forwarded
        return Client(
            address=told.address or self.peer,
            helo=(told.helo if told.address else "") or self.greeting,
            tls=self.is_tls,
            peer=self.peer,
            xforward=bool(told.address),
        )

    async def smtp_RSET(self, rest: str) -> None:
        self.forget()
        self._say_idly(reply.OK)

    async def smtp_NOOP(self, rest: str) -> None:
        self._say_idly(reply.OK)

    async def smtp_VRFY(self, rest: str) -> None:
        self._say_idly(reply.CANNOT_VERIFY)

    async def smtp_EXPN(self, rest: str) -> None:
        self.refuse(reply.NOT_IMPLEMENTED)

    async def smtp_HELP(self, rest: str) -> None:
        self._say_idly(reply.HELP)

    async def smtp_QUIT(self, rest: str) -> None:
        self.dismiss(reply.GOODBYE)


_SMTP_VERBS = ("HELO", "EHLO", "STARTTLS", "XFORWARD", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "VRFY", "EXPN",
               "HELP", "QUIT")  # fmt: skip
Session.commands = {verb: getattr(Session, f"smtp_{verb}") for verb in _SMTP_VERBS}
