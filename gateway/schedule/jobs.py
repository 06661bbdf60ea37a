"""THE TIMETABLE. APScheduler is only the alarm clock: memory store, fixed triggers (its database stores ran
20 jobs 22 times when three processes shared one). Each tick looks in our tables for what is due."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from gateway import clock
from gateway.chatter.post import Posting
from gateway.chatter.scheduled import post_due
from gateway.chatter.types import Types
from gateway.schedule.housekeeping import purge
from store.blobs import BlobStore
from store.queries import tick as store
from store.session import Database, StoreUnavailable

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Means:
    """What the ticks work with."""

    database: Database
    posting: Posting
    types: Types
    blobs: BlobStore


class Done(NamedTuple):
    """What a tick did. deliveries: ids of those that it queued or made due."""

    things: int
    deliveries: Sequence[int] = ()


def _purge(means: Means, now: datetime) -> Done:
    return Done(purge(means.database, means.blobs, now))


def _scheduled(means: Means, now: datetime) -> Done:
    messages = post_due(means.database, posting=means.posting, types=means.types, now=now)
    with means.database.read() as session:
        return Done(len(messages), store.of_messages(session, messages))


def _retries(means: Means, now: datetime) -> Done:
    """What was put off and is due again."""
    return _taken_up(means, "deferred", now)


def _holds(means: Means, now: datetime) -> Done:
    """What was held back until a time: a mail for later, or beyond the mails of a record in an hour."""
    return _taken_up(means, "queued", now)


def _taken_up(means: Means, state: str, now: datetime) -> Done:
    with means.database.write() as session:
        ids = store.take_up(session, state, now, clock.now())
    return Done(len(ids), ids)


BY_HAND = 0.0  # the dispatcher looks by itself for what is due
LATER = ("digests", "reminders")  # ticks of what is not built yet
TICKS: dict[str, tuple[float, Callable[[Means, datetime], Done]]] = {
    # name: (every so many seconds, what it does as at a time)
    "holds": (BY_HAND, _holds),
    "purge": (3600.0, _purge),
    "retries": (BY_HAND, _retries),
    "scheduled": (5.0, _scheduled),
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
            if every != BY_HAND:
                self._scheduler.add_job(
                    self._ring, "interval", seconds=every, args=[name], id=name, name=name
                )

    def run(self, name: str, now: datetime) -> Done:
        """Do one tick as at this time. Raises KeyError, StoreUnavailable."""
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
