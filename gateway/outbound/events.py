"""Send events to webhooks: claim -> show -> call -> record; beside the dispatcher of mail, with the same leases.

An event that is not taken is tried again with the back-off of mail, for five days; then it is failed and stays
to be looked at and tried again by a person. A slow target delays others by at most one page of calls.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog

from gateway.chatter.events import body_of
from gateway.outbound.channels import Deferred, Failed, Outcome, Sent
from gateway.outbound.channels.webhook import WebhookChannel
from gateway.rules import retry
from store.bell import Bell
from store.queries import event as store
from store.queries.delivery import LeaseLost, Result
from store.session import Database, StoreUnavailable

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
_PAGE = 64
_LONGEST_SLEEP = 30.0
_TROUBLE_PAUSE = 2.0


class Call(NamedTuple):
    """One event that we hold. body: None = what it tells of is gone."""

    row: Any
    lease: int
    body: bytes | None


class EventDispatcher:
    """Sends what is due. owner: names this process in the leases. width: calls at the same time."""

    def __init__(
        self, *, database: Database, channel: WebhookChannel, owner: str, clock: Callable[[], datetime],
        bell: Bell | None = None, jitter: Callable[[], float] = random.random, width: int = 16,
    ) -> None:  # fmt: skip
        self._database = database
        self._channel = channel
        self._owner = owner
        self._clock = clock
        self._bell = bell or database.bell
        self._jitter = jitter
        self._width = asyncio.Semaphore(width)
        self._wake, self._stopping = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._forget: Callable[[], None] = lambda: None

    async def start(self, *, free_leases: bool = False) -> None:
        """Begin to send. free_leases: take what a dead process left, when no other process runs."""
        if free_leases:
            await asyncio.to_thread(self._free_leases)
        loop = asyncio.get_running_loop()

        def ring() -> None:
            loop.call_soon_threadsafe(self._wake.set)

        self._forget = self._bell.listen("events", ring)
        self._task = asyncio.create_task(self._send_forever(), name="webhooks")

    async def stop(self) -> None:
        """Finish the calls under way, then end."""
        self._forget()
        self._stopping.set()
        self._wake.set()
        if self._task is not None:
            await self._task
        await self._channel.close()

    async def drain(self) -> int:
        """Send everything that is due now; answers how many calls there were."""
        sent = 0
        while count := await self._send_page():
            sent += count
        return sent

    async def _send_forever(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                if not await self._send_page():
                    await self._sleep(await asyncio.to_thread(self._seconds_to_next))
            except StoreUnavailable as trouble:
                log.warning("store unavailable", trouble=str(trouble))
                await self._sleep(_TROUBLE_PAUSE)
            except Exception:  # a fault of ours must not end the sending for good
                log.exception("webhooks stumbled")
                await self._sleep(_TROUBLE_PAUSE)

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)

    async def _send_page(self) -> int:
        calls = await asyncio.to_thread(self._claim)
        results = await asyncio.gather(*(self._call(call) for call in calls))
        if results:
            await asyncio.to_thread(self._record, results)
        return len(calls)

    def _claim(self) -> list[Call]:
        now = self._clock()
        with self._database.read() as session:
            due = store.next_due(session)
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

    def _record(self, results: list[Result]) -> None:
        try:
            with self._database.write() as session:
                store.record(session, results)
        except LeaseLost:  # one of them: each is judged alone
            for result in results:
                with contextlib.suppress(LeaseLost), self._database.write() as session:
                    store.record(session, [result])

    def _seconds_to_next(self) -> float:
        with self._database.read() as session:
            due = store.next_due(session)
        if due is None:
            return _LONGEST_SLEEP
        return min(max((due - self._clock()).total_seconds(), 0.01), _LONGEST_SLEEP)

    def _free_leases(self) -> None:
        with self._database.write() as session:
            store.free_leases(session, self._clock())
