"""Who asks: an application by its token, a person for whom it asks, a colleague who is logged in."""

from __future__ import annotations

from gateway.chatter.access import Caller
from gateway.chatter.partners import known
from gateway.chatter.types import Types
from gateway.errors import NotFound
from gateway.rules.visibility import FOLLOWERS, MEMBERS
from store.models.views import PartnerView, ThreadView
from store.queries import message as messages
from store.queries import thread as threads
from store.queries.access_filter import EVERYTHING, Reader
from store.session import Session

__all__ = ["EVERYTHING", "Reader", "open_thread", "reader_of", "shown_thread"]


def reader_of(
    session: Session, types: Types, *, caller: Caller | None = None, actor: str | None = None,
    partner: PartnerView | None = None,
) -> Reader:  # fmt: skip
    """What the asker may read.

    caller: limits to its record types. actor: e-mail of the person for whom the application asks, then
    only what he may read. partner: who is logged in. Raises BadValue when nobody has the address.
    """
    limited = caller.record_types or None if caller else None
    who = known(session, actor, "actor") if actor else partner
    if who is None:
        return Reader(types=limited)
    rules = types.all(session).values()
    return Reader(
        limited, who.id, who.internal, who.active,
        frozenset(rule.name for rule in rules if rule.access == MEMBERS),
        frozenset(rule.name for rule in rules if rule.access == FOLLOWERS),
    )  # fmt: skip


def open_thread(session: Session, reader: Reader, thread: ThreadView) -> ThreadView:
    """The thread, for one who may work on it. Raises NotFound, which tells others nothing."""
    if not _may_open(session, reader, thread):
        raise NotFound(f"there is no {thread.record_type} {thread.key}")
    return thread


def shown_thread(session: Session, reader: Reader, thread: ThreadView) -> ThreadView:
    """The thread, for one who may work on it or read a message of it. Raises NotFound."""
    if _may_open(session, reader, thread) or messages.page(session, thread.id, limit=1, reader=reader):
        return thread
    raise NotFound(f"there is no {thread.record_type} {thread.key}")


def _may_open(session: Session, reader: Reader, thread: ThreadView) -> bool:
    return reader == EVERYTHING or bool(threads.readable(session, reader, [thread.id]))
