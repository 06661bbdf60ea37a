"""What is thrown away in time: answers kept for repeated requests, spent and expired secrets, told events."""

from __future__ import annotations

from datetime import datetime, timedelta

from store.queries import access, event
from store.session import Database

ANSWERS_LIVE = timedelta(days=1)
EVENTS_LIVE = timedelta(days=30)


def purge(database: Database, now: datetime) -> int:
    """Delete what nobody needs any more; answers how many rows went."""
    with database.write() as session:
        return (
            access.purge_answers(session, now - ANSWERS_LIVE)
            + access.purge_expired(session, now)
            + event.purge_told(session, now - EVENTS_LIVE)
        )
