"""What is thrown away in time: answers kept for repeated requests, spent and expired secrets, told events, files,
and when an address was answered last.

A file goes in two steps: its row when somebody deletes it, its octets here, when no row names them any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from gateway import clock
from store.blobs import BlobStore
from store.queries import access, event, files, limits
from store.queries import blobs as store
from store.session import Database

ANSWERS_LIVE = timedelta(days=1)
EVENTS_LIVE = timedelta(days=30)
UPLOADS_WAIT = timedelta(days=7)
BLOBS_STAY = timedelta(days=1)
_STEP = 500
COURTESIES_LIVE = timedelta(days=2)  # longer than the day within which an address is not answered again


def purge(database: Database, blobs: BlobStore, now: datetime) -> int:
    """Delete what nobody needs any more; answers how many rows and files went."""
    with database.write() as session:
        rows = (
            access.purge_answers(session, now - ANSWERS_LIVE)
            + access.purge_expired(session, now)
            + event.purge_told(session, now - EVENTS_LIVE)
            + files.forget_pending(session, now - UPLOADS_WAIT)
            + limits.purge_courtesies(session, now - COURTESIES_LIVE)
        )
    return rows + purge_blobs(database, blobs, now)


def purge_blobs(database: Database, blobs: BlobStore, now: datetime) -> int:
    """Delete blobs that nothing names and nobody stored for a day, in small steps; answers how many.

    The day is one of the real clock, also in a rehearsal of a time to come: a running server stores a blob
    before it names it. What waits to be posted is looked up first, because it becomes a file of a message.
    """
    before = min(now, clock.now()) - BLOBS_STAY
    with database.read() as session:
        waiting = store.of_scheduled(session)
    gone = blobs.remove_spooled(before)
    for some in _steps(blobs.old(before)):
        with database.read() as session:
            needed = waiting | store.named(session, some)
        gone += sum(blobs.remove(digest, before) for digest in some if digest not in needed)
    return gone


def _steps(digests: Iterator[str]) -> Iterator[list[str]]:
    while some := list(islice(digests, _STEP)):
        yield some
