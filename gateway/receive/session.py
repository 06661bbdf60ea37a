"""The commands of SMTP (RFC 5321), and what each is answered.

RCPT is answered from the store; 250 to the data is said when the mail is durable; whatever goes wrong
with us is 451, and nothing of it is told. LMTP differs in its greeting and in its replies to the data.
"""

from __future__ import annotations

import math

from gateway.mail.address import normalise
from gateway.mail.envelope import Client, Envelope
from gateway.receive import protocol, reply, xforward
from gateway.receive.dialogue import Dialogue, Transaction
from gateway.receive.intake import Intake


class Session(Dialogue):
    """One SMTP session; each method is given what stands behind its verb."""

    async def smtp_HELO(self, rest: str) -> None:
        if not rest:
            self.refuse(reply.BAD_SYNTAX)
            return
        self.forget()
        self.greeting, self.is_extended = rest[:255], False
        self.say_idly(f"250 {self.counter.hostname}")

    async def smtp_EHLO(self, rest: str) -> None:
        if not rest:
            self.refuse(reply.BAD_SYNTAX)
            return
        self.forget()
        self.greeting, self.is_extended = rest[:255], True
        offers = [self.counter.hostname, *self._offers()]
        last = len(offers) - 1
        self.say_idly("\r\n".join(f"250{' ' if n == last else '-'}{offer}" for n, offer in enumerate(offers)))

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
            if not await self.start_tls(self.counter.tls.context):
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
        self.begin(Transaction(mail.reverse_path, mail.parameters.smtputf8))
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
        if deferral := self.deferral(transaction):
            self.say(deferral)
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
        elif not transaction.accepted and transaction.deferral:  # sent before our answers were read
            self.say(transaction.deferral)
        elif not transaction.accepted:
            self.refuse(reply.NEED_RECIPIENT)
        else:
            intake = Intake(self.counter.acceptor, self.counter.max_size)
            self.say(reply.START_DATA)
            try:
                await self._take_data(transaction, intake)
            finally:
                intake.forget()
                if not intake.is_complete:  # what comes is data still, and must not be obeyed
                    self.hang_up()

    async def _take_data(self, transaction: Transaction, intake: Intake) -> None:
        """Read the data to its end, make it durable, answer."""
        begun = self.loop.time()
        while not intake.is_complete:
            now = self.loop.time()
            slowest = begun + self.limits.data_seconds + intake.received / self.limits.slowest_octets
            self.deadline = min(now + self.limits.chunk_seconds, slowest)
            chunk = await self.next_chunk()
            if not chunk:
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
            self.counter.log.error("mail not accepted", peer=self.peer, size=intake.size, exc_info=error)
            return reply.of_error(error)
        intake.is_handed_over = True
        self._idle_commands = 0
        if not self.throttled:
            self._errors = 0
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
        self.say_idly(reply.OK)

    async def smtp_NOOP(self, rest: str) -> None:
        self.say_idly(reply.OK)

    async def smtp_VRFY(self, rest: str) -> None:
        self.say_idly(reply.CANNOT_VERIFY)

    async def smtp_EXPN(self, rest: str) -> None:
        self.refuse(reply.NOT_IMPLEMENTED)

    async def smtp_HELP(self, rest: str) -> None:
        self.say_idly(reply.HELP)

    async def smtp_QUIT(self, rest: str) -> None:
        self.dismiss(reply.GOODBYE)


_SMTP_VERBS = ("HELO", "EHLO", "STARTTLS", "XFORWARD", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "VRFY", "EXPN",
               "HELP", "QUIT")  # fmt: skip
Session.commands = {verb: getattr(Session, f"smtp_{verb}") for verb in _SMTP_VERBS}
