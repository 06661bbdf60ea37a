"""Send events to webhooks: claim -> show -> call -> record; beside the dispatcher of mail, with the same leases.

An event that is not taken is tried again with the back-off of mail, for five days; then it is failed and stays
to be looked at and tried again by a person. A slow target delays others by at most one page of calls.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog

from gateway.chatter.events import body_of
from gateway.outbound.channels import Deferred, Failed, Outcome, Sent
from gateway.outbound.channels.webhook import WebhookChannel
from gateway.outbound.rounds import Rounds
from gateway.rules import retry
from store.bell import Bell
from store.queries import event as store
from store.queries.delivery import Result
from store.session import Database

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
_PAGE = 64


class Call(NamedTuple):
    """One event that we hold. body: None = what it tells of is gone."""

    row: Any
    lease: int
    body: bytes | None


class EventDispatcher(Rounds):
    """Sends what is due. width: calls at the same time."""

    bell_name = "events"

    def __init__(
        self, *, database: Database, channel: WebhookChannel, owner: str, clock: Callable[[], datetime],
        bell: Bell | None = None, jitter: Callable[[], float] = random.random, width: int = 16,
    ) -> None:  # fmt: skip
        super().__init__(store, database=database, owner=owner, clock=clock, bell=bell)
        self._channel = channel
        self._jitter = jitter
        self._width = asyncio.Semaphore(width)

    async def _round(self) -> int:
        calls = await asyncio.to_thread(self._claim)
        results = await asyncio.gather(*(self._call(call) for call in calls))
        if results:
            await asyncio.to_thread(self._record, results)
        return len(calls)

    def _claim(self) -> list[Call]:
        now = self._clock()
        due = self._next_due()
        if due is None or due > now:
            return []
        with self._database.write() as session:
            claims = store.claim(session, owner=self._owner, now=now, until=now + LEASE, at_most=_PAGE)
        leases = {claim.id: claim.lease for claim in claims}
        with self._database.read() as session:
            return [
                Call(row, leases[row.id], body_of(session, row)) for row in store.load(session, list(leases))
            ]

    async def _call(self, call: Call) -> Result:
        row, now = call.row, self._clock()
        if call.body is None or not row.active:
            why = "withdrawn since" if call.body is None else "the webhook is switched off"
            return Result(row.id, self._owner, call.lease, "skipped", now, detail=why, tried=False)
        async with self._width:
            outcome = await self._channel.call(
                row.url, secret=row.secret, event_id=f"evt_{row.id}", at=self._clock(), body=call.body
            )
        result = self._result(call, outcome, self._clock())
        log.info("event " + result.state, webhook=row.webhook_id, kind=row.kind, status=result.status)
        return result

    def _result(self, call: Call, outcome: Outcome, now: datetime) -> Result:
        row = call.row
        match outcome:
            case Sent(status, detail, _):
                return Result(row.id, self._owner, call.lease, "sent", now, status, detail)
            case Failed(status, detail, _):
                return Result(row.id, self._owner, call.lease, "failed", now, status, detail)
            case Deferred(status, detail):
                due = retry.next_attempt(
                    row.attempts + 1, created_at=row.created_at, now=now, jitter=self._jitter()
                )
                state = "deferred" if due else "failed"
                return Result(row.id, self._owner, call.lease, state, due or now, status, detail)

    async def _close(self) -> None:
        await self._channel.close()
