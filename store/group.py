"""Group commit: many callers' small writes in one transaction, each told when it is durable.

A thread takes whatever has gathered, writes it in one transaction and answers everybody after the
commit. Under load each sync of the disk carries many mails; idle, a write waits for nobody. Coroutines
cost one hand-over a turn of their loop and one wake-up a commit, however many there are.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from store.session import Database, Session, StoreUnavailable

Item = TypeVar("Item")
Result = TypeVar("Result")


class GroupCommit(Generic[Item, Result]):
    """Write items with ``write_all(session, items) -> results`` (same order, same length).

    A batch that fails is written item by item, so that one bad item fails alone.
    """

    def __init__(
        self,
        database: Database,
        write_all: Callable[[Session, Sequence[Item]], Sequence[Result]],
        *,
        name: str,
        at_most: int = 64,
    ) -> None:
        self._database = database
        self._write_all = write_all
        self._at_most = at_most
        self._is_closed = False
        self._queue: queue.SimpleQueue[list[tuple[Item, _Answer[Result]]] | None] = queue.SimpleQueue()
        self._held: dict[asyncio.AbstractEventLoop, list[tuple[Item, _Answer[Result]]]] = {}
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, item: Item) -> Future[Result]:
        """Queue one item; the future is done when it is durable, or carries the trouble."""
        self._refuse_when_closed()
        future: Future[Result] = Future()
        self._queue.put([(item, future)])
        return future

    async def write(self, item: Item) -> Result:
        """The same for a coroutine: returns when the item is durable. Raises StoreUnavailable."""
        self._refuse_when_closed()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        held = self._held.get(loop)
        if held is None:
            held = self._held[loop] = []
            loop.call_soon(self._hand_over, loop)
        held.append((item, future))
        return await future

    def close(self) -> None:
        """Write what is queued, then stop."""
        self._is_closed = True
        for loop in list(self._held):
            self._hand_over(loop)
        self._queue.put(None)
        self._thread.join(timeout=30)

    def _refuse_when_closed(self) -> None:
        if self._is_closed:
            raise StoreUnavailable("closing")

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give the thread all that the coroutines of one turn of the loop have written."""
        held = self._held.pop(loop, None)
        if held:
            self._queue.put(held)

    def _run(self) -> None:
        while True:
            gathered, last = self._gather()
            for start in range(0, len(gathered), self._at_most):
                self._commit(gathered[start : start + self._at_most])
            if last:
                return

    def _gather(self) -> tuple[list[tuple[Item, _Answer[Result]]], bool]:
        """All that is queued, at least one entry; whether it is the last."""
        gathered: list[tuple[Item, _Answer[Result]]] = []
        entries = self._queue.get()
        while entries is not None:
            gathered += [entry for entry in entries if _is_wanted(entry[1])]
            if len(gathered) >= self._at_most:
                return gathered, False
            try:
                entries = self._queue.get_nowait()
            except queue.Empty:
                return gathered, False
        return gathered, True

    def _commit(self, batch: list[tuple[Item, _Answer[Result]]]) -> None:
        try:
            with self._database.write() as session:
                results = self._write_all(session, [item for item, _ in batch])
        except Exception as trouble:  # noqa: BLE001 - the trouble is handed to the callers
            if len(batch) == 1:
                told: list[tuple[_Answer[Result], Result | Exception]] = [(batch[0][1], trouble)]
                _tell(told)
            else:
                for entry in batch:
                    self._commit([entry])
            return
        _tell([(answer, result) for (_, answer), result in zip(batch, results, strict=True)])


_Answer = Future[Result] | asyncio.Future[Result]


def _is_wanted(answer: _Answer[Result]) -> bool:
    """False when the caller of ``submit`` has cancelled; from here on it cannot."""
    return not isinstance(answer, Future) or answer.set_running_or_notify_cancel()


def _tell(answers: list[tuple[_Answer[Result], Result | Exception]]) -> None:
    """Hand results and trouble to those who wait, with one wake-up for each loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Answer[Result], Result | Exception]]] = defaultdict(
        list
    )
    for answer, outcome in answers:
        if isinstance(answer, Future):
            _settle([(answer, outcome)])
        else:
            by_loop[answer.get_loop()].append((answer, outcome))
    for loop, those in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, those)


def _settle(answers: Sequence[tuple[_Answer[Result], Result | Exception]]) -> None:
    for answer, outcome in answers:
        if answer.done():  # cancelled meanwhile
            continue
        if isinstance(outcome, Exception):
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome)
