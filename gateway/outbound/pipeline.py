"""The journey out, one page: load -> allowed? -> render -> headers -> sign -> deliver -> record.

The first five steps are plain code for one chunk of a claimed page, run in a thread. Deliver waits at a
socket; record goes through the group commit, and a connection takes its next mail only after its last
result is durable: a crash leaves at most one mail in doubt for each open connection.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from gateway.chatter.deliveries import Ended
from gateway.mail import status as enhanced
from gateway.outbound import headers
from gateway.outbound.channels import Channel, Deferred, Failed, Mail, Outcome, Sent
from gateway.outbound.house import House
from gateway.outbound.render import Renderer
from gateway.outbound.sign import signed
from gateway.rules import retry
from gateway.rules.allowed import Facts, Refusal, refusal
from gateway.rules.visibility import ALL, may_access
from store.queries import delivery as deliveries
from store.queries.delivery import Claim, Result
from store.queries.delivery_page import Page, load
from store.session import Database

log = structlog.get_logger()

LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a page, worked on together. ready: mails to deliver; ended: what will not be sent."""

    ready: list[Mail]
    ended: list[Ended]


class Pipeline:
    """The steps. owner: names this process in the leases, unique while it lives. jitter: gives 0 to 1.

    access: the access policy of a record type, by its name.
    """

    def __init__(
        self, *, database: Database, renderer: Renderer, house: House, channels: Mapping[str, Channel], owner: str,
        clock: Callable[[], datetime], jitter: Callable[[], float] = random.random, lease: timedelta = LEASE,
        access: Callable[[str], str] = lambda record_type: ALL,
    ) -> None:  # fmt: skip
        self.owner = owner
        self.clock = clock
        self.channels = channels
        self.lease = lease
        self._database = database
        self._renderer = renderer
        self._house = house
        self._jitter = jitter
        self._access = access

    def load(self, at_most: int) -> Page:
        """Claim due deliveries and read what their mails need. Raises StoreUnavailable."""
        now = self.clock()
        with self._database.read() as session:
            due = deliveries.next_due(session)
        if due is None or due > now:  # most rings are about something else: do not stand in the writers' way
            return Page([], {}, {}, {}, {})
        with self._database.write() as session:
            claims = deliveries.claim(
                session, owner=self.owner, now=now, until=now + self.lease, at_most=at_most
            )
        if not claims:
            return Page([], {}, {}, {}, {})
        with self._database.read() as session:
            return load(session, claims, now)

    def prepare(self, page: Page, rows: Sequence[Any]) -> Chunk:
        """Allowed? render, headers, sign: for some rows of a page."""
        chunk = Chunk([], [])
        shared: dict[Any, list[bytes]] = {}
        now = self.clock()
        for row in rows:
            why_not = self._refusal(row, page)
            if why_not is not None:
                chunk.ended.append(Ended(self._result(row, why_not.state, now, detail=why_not.reason)))
                continue
            try:
                largest = self.channels[row.channel].largest
                chunk.ready.append(self._mail(row, page, shared, now, largest=largest))
            except Exception as trouble:  # a fault of ours: this mail waits, the others go on
                log.exception("mail not rendered", delivery=row.id, message=row.message_id)
                chunk.ended.append(self.end(row, Deferred("4.3.0", f"not rendered: {trouble}"[:300]), now))
        return chunk

    def _refusal(self, row: Any, page: Page) -> Refusal | None:
        message, thread = page.messages.get(row.message_id), page.threads.get(row.thread_id)
        if row.channel not in self.channels:
            return Refusal("failed", f"no channel {row.channel}")
        internal = bool(row.internal)
        why_not = refusal(
            Facts(
                reason=row.reason,
                follows=row.follower_id is not None,
                assigned=thread is None or thread.assignee_id == row.partner_id,
                internal_message=message is not None and (message.internal or message.kind == "note"),
                confirmed=bool(row.confirmed),
                internal_partner=internal,
                partner_active=row.partner_id is None or bool(row.active),
                may_access=self._opens(row, thread),
                withdrawn=row.message_id is not None and (message is None or message.deleted_at is not None),
                read=row.read_at is not None,
                suppressed=row.suppressed,
            )
        )
        if why_not is not None and why_not.leak:
            log.error(
                "a note was about to leave the house",
                delivery=row.id,
                message=row.message_id,
                partner=row.partner_id,
            )
        return why_not

    def _opens(self, row: Any, thread: Any | None) -> bool:
        """The reader may open the record; who was only named on a closed one reads that one message."""
        return thread is None or may_access(
            internal=bool(row.internal), active=True, partner_id=row.partner_id, members=thread.members,
            access=self._access(thread.record_type), follows=row.follower_id is not None,
        )  # fmt: skip

    def _mail(
        self, row: Any, page: Page, shared: dict[Any, list[bytes]], now: datetime, *, largest: int
    ) -> Mail:
        message, thread = page.messages.get(row.message_id), page.threads.get(row.thread_id)
        house = self._house
        domain = house.domain(thread.domain if thread is not None else "")
        files = page.files.get(row.message_id, ())
        opens = self._opens(row, thread)
        body = self._renderer.body(row, message, thread, files, largest=largest, opens=opens)
        common = shared.get(key := (row.message_id or -row.id, row.header_id, body.hash))
        if common is None:
            history = page.ids.get(row.message_id, ())
            common = headers.shared(row, message, thread, history, body, house=house, domain=domain, now=now)
            shared[key] = common
        fields = [*headers.own(row, message, thread, house=house, domain=domain, now=now), *common]
        return Mail(
            id=row.id, lease=row.lease, channel=row.channel, message_id=row.message_id,
            header_id=headers.message_id(row, domain),
            reverse_path=headers.reverse_path(row, house=house, domain=domain, now=now), recipient=row.address,
            header=signed(fields, body.hash, domain, now), content=body.content,
            attempts=row.attempts, created_at=row.created_at,
            smtputf8=not row.address.rpartition("@")[0].isascii(),
        )  # fmt: skip

    async def deliver(self, mail: Mail) -> Outcome:
        """Hand one mail to its channel."""
        try:
            return await self._hand_over(self.channels[mail.channel], mail)
        except Exception as trouble:  # a fault of ours: this mail waits, the others go on
            log.exception("channel failed", delivery=mail.id, channel=mail.channel)
            return Deferred("4.3.0", f"{type(trouble).__name__}: {trouble}"[:300])

    async def _hand_over(self, channel: Channel, mail: Mail) -> Outcome:
        """Deliver; a mail that is too large is written once more with links instead of files."""
        outcome = await channel.deliver(mail)
        for largest in (channel.largest, 0):  # as large as the next hop said meanwhile, then without any file
            if not (isinstance(outcome, Failed) and outcome.too_large):
                break
            lighter = await asyncio.to_thread(self._lighter, mail, largest)
            if lighter is not None:
                mail, outcome = lighter, await channel.deliver(lighter)
        return outcome

    def _lighter(self, mail: Mail, largest: int) -> Mail | None:
        """The same mail with at most so many octets; None where nothing can be left out. Raises StoreUnavailable."""
        if largest >= mail.size:
            return None
        now = self.clock()
        with self._database.read() as session:
            page = load(session, [Claim(mail.id, mail.lease)], now)
        for row in page.deliveries:
            lighter = self._mail(row, page, {}, now, largest=largest)
            return lighter if lighter.size < mail.size else None
        return None

    def end(self, mail: Any, outcome: Outcome, now: datetime, *, wait_until: datetime | None = None) -> Ended:
        """What is written about an attempt. wait_until: when an unreachable next hop is tried again."""
        address = getattr(mail, "recipient", "")
        match outcome:
            case Sent(status, detail, header_id):
                result = self._result(mail, "sent", now, status=status, detail=detail, sent_at=now)
                return Ended(result, address, mail.message_id, header_id)
            case Failed(status, detail, about_recipient):
                result = self._result(mail, "failed", now, status=status, detail=detail)
                return Ended(result, address, hard=about_recipient and enhanced.is_hard(status))
            case Deferred(status, detail):
                due = retry.next_attempt(
                    mail.attempts + 1, created_at=mail.created_at, now=now, jitter=self._jitter()
                )
                if due is None:
                    given_up = f"given up after five days: {detail}"[:300]
                    return Ended(self._result(mail, "failed", now, status=status, detail=given_up), address)
                return Ended(
                    self._result(mail, "deferred", wait_until or due, status=status, detail=detail), address
                )

    def postpone(self, mail: Mail, due_at: datetime) -> Ended:
        """A mail that was not tried, because the next hop cannot be reached."""
        return Ended(
            Result(
                mail.id,
                self.owner,
                mail.lease,
                "deferred",
                due_at,
                "4.4.1",
                "the next hop cannot be reached",
                tried=False,
            )
        )

    def give_back(self, delivery_id: int, lease: int, due_at: datetime) -> Ended:
        """The lease of a delivery that was not tried; its state stays."""
        return Ended(Result(delivery_id, self.owner, lease, "", due_at, tried=False))

    def _result(
        self, mail: Any, state: str, due_at: datetime, *, status: str = "", detail: str = "",
        sent_at: datetime | None = None,
    ) -> Result:  # fmt: skip
        tried = state not in ("skipped", "suppressed")
        return Result(mail.id, self.owner, mail.lease, state, due_at, status, detail, sent_at, tried)
