"""THE TIMETABLE. APScheduler is only the alarm clock: memory store, fixed triggers (its database stores ran
20 jobs 22 times when three processes shared one). Each tick looks in our tables for what is due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from gateway.chatter.post import Posting
from gateway.chatter.scheduled import post_due
from gateway.chatter.types import Types
from gateway.schedule.housekeeping import purge
from store.blobs import BlobStore
from store.session import Database, StoreUnavailable

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Means:
    """What the ticks work with."""

    database: Database
    posting: Posting
    types: Types
    blobs: BlobStore


Tick = Callable[[Means, datetime], int]
TICKS: dict[str, tuple[float, Tick]] = {
    # name: (every so many seconds, what it does at a time; answers how many things it did)
    "purge": (3600.0, lambda means, now: purge(means.database, means.blobs, now)),
    "scheduled": (
        5.0,
        lambda means, now: post_due(means.database, posting=means.posting, types=means.types, now=now),
    ),
}


class Timetable:
    """Runs the ticks: of this process in a thread of their own, or one of them by hand."""

    def __init__(self, means: Means, now: Callable[[], datetime]) -> None:
        self._means = means
        self._now = now
        self._scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        )
        for name, (every, _) in TICKS.items():
            self._scheduler.add_job(self._ring, "interval", seconds=every, args=[name], id=name, name=name)

    def run(self, name: str, now: datetime) -> int:
        """Do one tick as at this time; answers how many things it did. Raises KeyError, StoreUnavailable."""
        return TICKS[name][1](self._means, now)

    def start(self) -> None:
        """Begin to tick."""
        self._scheduler.start()

    def stop(self) -> None:
        """Let a running tick end, then stop."""
        self._scheduler.shutdown(wait=True)

    def _ring(self, name: str) -> None:
        try:
            self.run(name, self._now())
        except StoreUnavailable as trouble:
            log.warning("tick put off: the store is unavailable", tick=name, trouble=str(trouble))
