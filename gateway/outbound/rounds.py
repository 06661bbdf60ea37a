"""Work that waits in a table: taken round by round while some is due, else asleep until the bell or the next is due."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

import structlog

from store.bell import Bell
from store.queries.delivery import LeaseLost
from store.session import Database, Session, StoreUnavailable

log = structlog.get_logger()

_LONGEST_SLEEP = 30.0
_TROUBLE_PAUSE = 2.0


class Waiting(Protocol):
    """The queries of a table in which work waits."""

    def record(self, session: Session, results: Sequence[Any], /) -> None:
        """Write what became of some attempts. Raises LeaseLost."""

    def next_due(self, session: Session, /) -> datetime | None:
        """When the next of it may be taken, None = nothing waits."""

    def free_leases(self, session: Session, now: datetime, /) -> int:
        """Make due what a dead process held."""


class Rounds(ABC):
    """Works until it is stopped; what a round does say its heirs.

    store: the queries of its table. bell_name: what rings when there is more to do. owner: names this process in
    the leases.
    """

    bell_name: str

    def __init__(
        self, store: Waiting, *, database: Database, owner: str, clock: Callable[[], datetime],
        bell: Bell | None = None,
    ) -> None:  # fmt: skip
        self._store = store
        self._database = database
        self._owner = owner
        self._clock = clock
        self._bell = bell or database.bell
        self._wake, self._stopping = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._forget: Callable[[], None] = lambda: None

    async def start(self, *, free_leases: bool = False) -> None:
        """Begin to work. free_leases: take what a dead process left, when no other process runs."""
        if free_leases:
            await asyncio.to_thread(self._free_leases)
        loop = asyncio.get_running_loop()

        def ring() -> None:
            loop.call_soon_threadsafe(self._wake.set)

        self._forget = self._bell.listen(self.bell_name, ring)
        self._task = asyncio.create_task(self._work_forever(), name=self.bell_name)

    async def stop(self) -> None:
        """Finish the round under way, then end."""
        self._forget()
        self._stopping.set()
        self._wake.set()
        if self._task is not None:
            await self._task
        await self._close()

    async def drain(self) -> int:
        """Do everything that is due now; answers how much it was."""
        done = 0
        while count := await self._round():
            done += count
        return done

    @abstractmethod
    async def _round(self) -> int:
        """Take a page of what is due and do it; answers how much it was."""

    @abstractmethod
    async def _close(self) -> None:
        """Let go of connections."""

    def _record(self, results: Sequence[Any]) -> None:
        """Write what became of a round. A lease that was lost costs no other its result."""
        try:
            with self._database.write() as session:
                self._store.record(session, results)
        except LeaseLost:  # one of them: each is judged alone
            for result in results:
                with contextlib.suppress(LeaseLost), self._database.write() as session:
                    self._store.record(session, [result])

    def _next_due(self) -> datetime | None:
        with self._database.read() as session:
            return self._store.next_due(session)

    def _free_leases(self) -> None:
        with self._database.write() as session:
            self._store.free_leases(session, self._clock())

    async def _work_forever(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                if not await self._round():
                    await self._sleep(await asyncio.to_thread(self._seconds_to_next))
            except StoreUnavailable as trouble:
                log.warning("store unavailable", trouble=str(trouble))
                await self._sleep(_TROUBLE_PAUSE)
            except Exception:  # a fault of ours must not end the work for good
                log.exception("a round stumbled", work=self.bell_name)
                await self._sleep(_TROUBLE_PAUSE)

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)

    def _seconds_to_next(self) -> float:
        due = self._next_due()
        if due is None:
            return _LONGEST_SLEEP
        return min(max((due - self._clock()).total_seconds(), 0.01), _LONGEST_SLEEP)
