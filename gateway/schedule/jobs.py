"""THE TIMETABLE. APScheduler is only the alarm clock: memory store, fixed triggers (its database stores ran
20 jobs 22 times when three processes shared one). Each tick looks in our tables for what is due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from apscheduler.schedulers.background import BackgroundScheduler

from gateway.schedule.housekeeping import purge
from store.session import Database

TICKS: dict[str, tuple[float, Callable[[Database, datetime], int]]] = {
    # name: (every so many seconds, what it does at a time)
    "purge": (3600.0, purge),
}


class Timetable:
    """Runs the ticks of this process in a thread of their own."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        )
        for name, (every, tick) in TICKS.items():
            self._scheduler.add_job(
                lambda tick=tick: tick(database, now()), "interval", seconds=every, id=name, name=name
            )

    def start(self) -> None:
        """Begin to tick."""
        self._scheduler.start()

    def stop(self) -> None:
        """Let a running tick end, then stop."""
        self._scheduler.shutdown(wait=True)
