"""When is a delivery tried again, and when is it given up? Pure.

Source: DESIGN section 4, "Bounces" and the back-off of up to five days (RFC 5321 section 4.5.4.1 asks
for at least four to five).
"""

from __future__ import annotations

from datetime import datetime, timedelta

GIVE_UP_AFTER = timedelta(days=5)
_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 120, 240, 480))
_JITTER = 0.2
_BREAKER_LEAST = 20  # deliveries to one next hop
_BREAKER_SHARE = 0.2


def next_attempt(attempts: int, *, created_at: datetime, now: datetime, jitter: float) -> datetime | None:
    """When to try again after so many attempts (1 = the first failed), None = give up.

    jitter: 0 to 1, spreads the times over a fifth of the delay. The last attempt comes at the end of
    the five days, not after it.
    """
    end = created_at + GIVE_UP_AFTER
    if now >= end:
        return None
    delay = _DELAYS[min(max(attempts, 1), len(_DELAYS)) - 1]
    return min(now + delay * (1 + _JITTER * jitter), end)


def pause(failures: int) -> timedelta:
    """How long to leave a next hop alone that could not be reached so many times in a row."""
    return timedelta(seconds=min(2 ** min(max(failures, 1), 6), 60))


def may_suppress(finished: int, hard: int) -> bool:
    """Whether hard failures still speak of addresses, not of a next hop that refuses everybody.

    finished: deliveries that ended at this next hop in the last 10 minutes; hard: those that said the
    address is dead.
    """
    return finished < _BREAKER_LEAST or hard <= finished * _BREAKER_SHARE
