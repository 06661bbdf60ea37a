"""Wake who waits for work, after the commit that made it.

``ring(session, "deliveries")`` notes the name on the transaction; when it commits, the callbacks of this
process run, and other processes hear of it: by NOTIFY on PostgreSQL, by ``PRAGMA data_version`` on
SQLite. A lost ring only delays: everybody who listens also looks at the clock now and then.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

from sqlalchemy import text

if TYPE_CHECKING:
    from store.session import Database, Session

Value = TypeVar("Value")
CHANNEL = "threadpost"
NAMES = ("inbound", "deliveries", "events", "types", "threads", "previews")
_RINGS = "threadpost.rings"


def ring(session: Session, name: str) -> None:
    """Ring the bell of this name when the transaction commits; never when it rolls back."""
    session.info.setdefault(_RINGS, set()).add(name)


def take_rings(session: Session) -> frozenset[str]:
    """The names noted on this transaction; they are forgotten."""
    return frozenset(session.info.pop(_RINGS, ()))


def notify_others(session: Session) -> None:
    """Tell other processes of the rings noted so far, as part of this transaction (PostgreSQL only)."""
    if session.dialect.name != "postgresql":
        return
    for name in session.info.get(_RINGS, ()):
        session.execute(_notify, {"channel": CHANNEL, "name": name})


_notify = text("SELECT pg_notify(:channel, :name)")


class Bell:
    """The callbacks of this process, and the thread that hears other processes."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Callable[[], None]]] = defaultdict(list)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def listen(self, name: str, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back, from whichever thread commits, at each ring of this name; returns the way to stop."""
        self._listeners[name].append(callback)

        def forget() -> None:
            with contextlib.suppress(ValueError):
                self._listeners[name].remove(callback)

        return forget

    def rang(self, names: frozenset[str]) -> None:
        """Run the callbacks of these names now."""
        for name in names:
            for callback in list(self._listeners[name]):
                callback()

    def hear_others(self, database: Database, *, every: float = 0.25) -> None:
        """Listen for commits of other processes until ``stop``."""
        wait = self._hear_postgresql if database.is_postgresql else self._hear_sqlite
        self._thread = threading.Thread(target=wait, args=(database, every), name="bell", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread of ``hear_others``."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _hear_sqlite(self, database: Database, every: float) -> None:
        with database.plain_connection() as connection:
            cursor = connection.cursor()
            version = None
            while not self._stop.wait(every):
                seen = cursor.execute("PRAGMA data_version").fetchone()[0]
                if version is not None and seen != version:
                    self.rang(frozenset(NAMES))
                version = seen

    def _hear_postgresql(self, database: Database, every: float) -> None:
        while not self._stop.is_set():
            try:
                for name in self._notifications(database, every):
                    self.rang(frozenset([name]))
            except database.driver_errors:
                self._stop.wait(1.0)  # the database is away; the listeners' own clocks go on

    def _notifications(self, database: Database, every: float) -> Iterator[str]:
        with database.plain_connection() as connection:
            connection.autocommit = True
            connection.execute(f"LISTEN {CHANNEL}")
            while not self._stop.is_set():
                for notification in connection.notifies(timeout=every):
                    yield notification.payload


class Remembered(Generic[Value]):
    """Something of the store that is kept until the bell of its name rings. bell: None = nobody rings.

    seconds: how long it is kept though no bell rings, None = for ever. What was read before a ring is not kept after
    it, however the two met; nor is what a transaction reads of its own changes, which may yet be rolled back. Who has a
    value in hand goes on with it: it is replaced as a whole, never changed.
    """

    def __init__(self, bell: Bell | None, name: str, *, seconds: float | None = None) -> None:
        self._name = name
        self._seconds = math.inf if seconds is None else seconds
        self._lock = threading.Lock()
        self._value: tuple[Value, float] | None = None
        self._rings = 0
        if bell is not None:
            bell.listen(name, self.forget)

    @property
    def kept(self) -> Value | None:
        """What is kept, None when it must be read."""
        found = self._value
        return found[0] if found is not None and time.monotonic() < found[1] else None

    def forget(self) -> None:
        """Read it again at the next question."""
        with self._lock:
            self._rings += 1
            self._value = None

    def get(self, read: Callable[[], Value], session: Session | None = None) -> Value:
        """What is kept, or what ``read`` answers now. session: of the transaction that reads."""
        kept, rings = self.kept, self._rings
        if kept is not None:
            return kept
        value = read()
        changed_here = session is not None and self._name in session.info.get(_RINGS, ())
        with self._lock:
            if rings == self._rings and not changed_here:
                self._value = value, time.monotonic() + self._seconds
        return value
