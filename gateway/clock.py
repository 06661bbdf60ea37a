"""What time it is: aware, in UTC, and replaceable where a test or ``tick --now`` says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Answers the present time, aware UTC."""


def now() -> datetime:
    """The present time, aware UTC."""
    return datetime.now(UTC)


class SetClock:
    """A clock that stands at a time until it is moved; for tests and rehearsals."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("a clock needs an aware time")
        self.at = at.astimezone(UTC)

    def __call__(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        """Move the clock; a negative duration puts it back."""
        self.at += by
