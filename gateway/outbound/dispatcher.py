"""The loop around the pipeline: one feeder claims and renders pages, a few senders deliver and record.

Woken by the bell and by the clock. Memory is bounded: the feeder waits when the senders are behind.
A next hop that cannot be reached is left alone for a growing pause, then probed with one mail.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import structlog

from gateway.chatter.deliveries import Ended, record_all
from gateway.outbound.channels import Deferred, Mail, Outcome
from gateway.outbound.pipeline import Chunk, Pipeline
from gateway.rules import retry
from store.bell import Bell
from store.group import GroupCommit
from store.queries import delivery as deliveries
from store.queries.delivery import LeaseLost
from store.queries.delivery_page import Page
from store.session import Database, StoreUnavailable

log = structlog.get_logger()
Value = TypeVar("Value")

_LONGEST_SLEEP = 30.0
_STORE_PAUSE = 1.0
_FAULT_PAUSE = 5.0


class Hold(NamedTuple):
    """A lease that we have. until: time of the loop after which it may be another's."""

    lease: int
    until: float


class Dispatcher:
    """Sends what is due. page: rows claimed at once; chunk: rows rendered and signed in one thread hop."""

    def __init__(
        self, *, pipeline: Pipeline, database: Database, bell: Bell | None = None, page: int = 500, chunk: int = 50,
        threads: int = 2, renew_every: float = 20.0,
    ) -> None:  # fmt: skip
        self.counts: Counter[str] = Counter()
        self._pipeline = pipeline
        self._database = database
        self._bell = bell or database.bell
        self._page, self._chunk, self._renew_every = page, chunk, renew_every
        self._lease_seconds = pipeline.lease.total_seconds()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="outbound")
        self._recorder = GroupCommit(database, record_all, name="outbound record")
        self._held: dict[int, Hold] = {}
        self._mails: asyncio.Queue[Mail] = asyncio.Queue(maxsize=2 * chunk)
        self._wake, self._idle, self._stopping = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._feeder: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._busy: set[asyncio.Task[Any] | None] = set()
        self._forget: Callable[[], None] = lambda: None
        self._failures = 0
        self._pause_until: datetime | None = None

    async def start(self, *, free_leases: bool = False) -> None:
        """Begin to send. free_leases: take what a dead process left, when no other process runs."""
        if free_leases:
            await self._in_thread(self._free_leases)
        loop = asyncio.get_running_loop()

        def ring() -> None:
            loop.call_soon_threadsafe(self._wake.set)

        self._forget = self._bell.listen("deliveries", ring)
        self._open()
        self._feeder = asyncio.create_task(self._feed_forever(), name="outbound feeder")

    async def stop(self, grace: float = 10.0) -> None:
        """Finish the mails at the sockets, give back the rest, close. grace: seconds for the finishing."""
        self._forget()
        self._stopping.set()
        self._wake.set()
        while self._feeder is not None and not self._feeder.done():
            self._empty_queue()  # a feeder that waits for room comes back and sees that we stop
            await asyncio.wait([self._feeder], timeout=0.02)
        self._empty_queue()
        busy = [task for task in self._tasks if task in self._busy]
        if busy:
            await asyncio.wait(busy, timeout=grace)
        await _cancel(self._tasks)
        await self._give_back()
        for channel in self._pipeline.channels.values():
            await channel.close()
        await asyncio.to_thread(self._recorder.close)
        self._threads.shutdown(wait=False)

    async def drain(self) -> int:
        """Send everything that is due now; answers how many attempts ended (for ``tick``)."""
        self._open()
        before = self.counts.total()
        while self._pause() <= 0 and await self._feed_page():
            pass
        while self._held:
            self._idle.clear()
            await self._idle.wait()
        return self.counts.total() - before

    def _open(self) -> None:
        if self._tasks:
            return
        width = max((channel.width for channel in self._pipeline.channels.values()), default=1)
        self._tasks = [
            asyncio.create_task(self._send_forever(), name=f"outbound sender {n}") for n in range(width)
        ]
        self._tasks.append(asyncio.create_task(self._renew_forever(), name="outbound leases"))

    async def _feed_forever(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                if (pause := self._pause()) > 0:
                    await _wait(self._stopping, pause)
                elif not await self._feed_page():
                    await _wait(self._wake, await self._seconds_to_next())
            except StoreUnavailable as trouble:
                log.warning("store unavailable", trouble=str(trouble))
                await _wait(self._stopping, _STORE_PAUSE)
            except Exception:  # a fault of ours must not end the feeding for good
                log.exception("feeding failed")
                await _wait(self._stopping, _FAULT_PAUSE)

    async def _feed_page(self) -> bool:
        """Claim a page, prepare it chunk by chunk, and queue its mails; False when nothing was due."""
        at_most = 1 if self._failures else self._page  # after trouble one mail goes ahead as a probe
        until = self._loop_time() + self._lease_seconds
        page = await self._in_thread(lambda: self._pipeline.load(at_most))
        self._held.update((row.id, Hold(row.lease, until)) for row in page.deliveries)
        if at_most == 1 and page.deliveries:
            await self._feed([self._prepare(page, page.deliveries)])
            while self._held and not self._stopping.is_set():
                self._idle.clear()
                await _wait(self._idle, 1.0)
            return True
        rows = page.deliveries
        pieces = [rows[start : start + self._chunk] for start in range(0, len(rows), self._chunk)]
        for first in range(0, len(pieces), 2):  # two threads at work, their mails in order
            if self._stopping.is_set():
                break
            await self._feed([self._prepare(page, piece) for piece in pieces[first : first + 2]])
        return bool(rows)

    def _prepare(self, page: Page, rows: list[Any]) -> asyncio.Future[Chunk]:
        return asyncio.get_running_loop().run_in_executor(self._threads, self._pipeline.prepare, page, rows)

    async def _feed(self, chunks: list[asyncio.Future[Chunk]]) -> None:
        for coming in chunks:
            chunk = await coming
            if chunk.ended:
                await asyncio.gather(*(self._record(ended) for ended in chunk.ended))
            for mail in chunk.ready:
                if not self._stopping.is_set():
                    await self._mails.put(mail)

    async def _send_forever(self) -> None:
        me = asyncio.current_task()
        while not self._stopping.is_set():
            mail = await self._mails.get()
            self._busy.add(me)
            try:
                await self._send(mail)
            except Exception:  # a fault of ours must not end a sender; the lease runs out by itself
                log.exception("sending failed", delivery=mail.id)
                self._release(mail.id)
            finally:
                self._busy.discard(me)

    async def _send(self, mail: Mail) -> None:
        hold = self._held.get(mail.id)
        if hold is None or hold.until <= self._loop_time():
            log.warning("lease lost before sending", delivery=mail.id)
            self._release(mail.id)
            return
        if self._pause() > 0 and self._pause_until is not None:
            await self._record(self._pipeline.postpone(mail, self._pause_until))
            return
        outcome = await self._pipeline.deliver(mail)
        self._judge_next_hop(outcome)
        await self._record(
            self._pipeline.end(mail, outcome, self._pipeline.clock(), wait_until=self._pause_until)
        )

    def _judge_next_hop(self, outcome: Outcome) -> None:
        """Begin, lengthen or end the pause of the next hop."""
        if not (isinstance(outcome, Deferred) and outcome.unreachable):
            self._failures, self._pause_until = 0, None
        elif self._pause() <= 0:
            self._failures += 1
            self._pause_until = self._pipeline.clock() + retry.pause(self._failures)
            log.warning("next hop unreachable", detail=outcome.detail, until=self._pause_until.isoformat())

    def _pause(self) -> float:
        """Seconds for which the next hop is still left alone, 0 or less = none."""
        return (self._pause_until - self._pipeline.clock()).total_seconds() if self._pause_until else 0.0

    async def _record(self, ended: Ended) -> None:
        """Make the end of an attempt durable, however long the store is away."""
        result = ended.result
        while True:
            try:
                await asyncio.wrap_future(self._recorder.submit(ended))
                self.counts[result.state or "given back"] += 1
                break
            except LeaseLost:
                log.warning("result refused: the lease is another's", delivery=result.id, state=result.state)
                break
            except StoreUnavailable as trouble:
                log.warning("store unavailable", trouble=str(trouble), delivery=result.id)
                await asyncio.sleep(_STORE_PAUSE)
        self._release(result.id)

    async def _renew_forever(self) -> None:
        while True:
            await asyncio.sleep(self._renew_every)
            if not self._held:
                continue
            ids, until = list(self._held), self._loop_time() + self._lease_seconds
            try:
                await self._in_thread(lambda ids=ids: self._renew(ids))  # type: ignore[misc]
            except StoreUnavailable as trouble:
                log.warning("leases not renewed", trouble=str(trouble))
                continue
            self._held.update((i, Hold(self._held[i].lease, until)) for i in ids if i in self._held)

    def _renew(self, ids: list[int]) -> None:
        with self._database.write() as session:
            until = self._pipeline.clock() + self._pipeline.lease
            deliveries.renew(session, owner=self._pipeline.owner, ids=ids, until=until)

    def _free_leases(self) -> None:
        with self._database.write() as session:
            deliveries.free_leases(session, self._pipeline.clock())

    async def _give_back(self) -> None:
        """Let another process begin at once with what we hold and have not tried."""
        now = self._pipeline.clock()
        futures = [
            asyncio.wrap_future(self._recorder.submit(self._pipeline.give_back(delivery_id, hold.lease, now)))
            for delivery_id, hold in self._held.items()
        ]
        for outcome in await asyncio.gather(*futures, return_exceptions=True):
            if isinstance(outcome, BaseException):
                log.warning("lease not given back", trouble=str(outcome))
        self._held.clear()

    async def _seconds_to_next(self) -> float:
        def next_due() -> datetime | None:
            with self._database.read() as session:
                return deliveries.next_due(session)

        due = await self._in_thread(next_due)
        if due is None:
            return _LONGEST_SLEEP
        return min(max((due - self._pipeline.clock()).total_seconds(), 0.01), _LONGEST_SLEEP)

    def _release(self, delivery_id: int) -> None:
        self._held.pop(delivery_id, None)
        if not self._held:
            self._idle.set()

    def _empty_queue(self) -> None:
        with contextlib.suppress(asyncio.QueueEmpty):
            while True:
                self._mails.get_nowait()

    async def _in_thread(self, work: Callable[[], Value]) -> Value:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    @staticmethod
    def _loop_time() -> float:
        return asyncio.get_running_loop().time()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


async def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
