"""When a reply address has grown too old to speak for its owner (DESIGN section 5, "soft expiry"). Pure."""

from __future__ import annotations

from datetime import datetime

from gateway.rules.token import week_of

_WEEKS = 0x7FF  # an issue week has 11 bits (rules/token)


def is_stale(issue_week: int, last_notified_at: datetime | None, *, weeks: int) -> bool:
    """Whether a reply address was minted more than so many weeks before the last notice of its thread.

    Then its owner has newer ones, and who uses the old one may have found it anywhere: it still leads to the
    thread, but gives no confidence ``token``. On a thread that has been silent since, the last mail that its
    readers have stays good however old it is. weeks 0: never. last_notified_at None: nobody was told yet.
    """
    if not weeks or last_notified_at is None:
        return False
    age = (week_of(last_notified_at) - issue_week) & _WEEKS
    return weeks < age <= _WEEKS // 2  # beyond: the address is newer than the notice
