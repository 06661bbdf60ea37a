"""Who asks: an application by its token, a person for whom it asks, a colleague who is logged in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from gateway.chatter.access import Caller
from gateway.chatter.partners import known
from gateway.chatter.types import Types
from gateway.errors import BadValue, NotFound
from gateway.rules.visibility import FOLLOWERS, MEMBERS, may_access
from store.models.views import PartnerView, ThreadView
from store.queries import conversation
from store.queries import follower as followers
from store.queries import thread as threads
from store.queries.access_filter import EVERYTHING, Reader
from store.session import Session

__all__ = [
    "EVERYTHING",
    "Reader",
    "check_writer",
    "closed_items",
    "open_thread",
    "reader_of",
    "shown_thread",
]


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
    if not may_open(session, reader, thread):
        raise NotFound(f"there is no {thread.record_type} {thread.key}")
    return thread


def shown_thread(session: Session, reader: Reader, thread: ThreadView) -> ThreadView:
    """The thread, for one who may work on it or read a message of it. Raises NotFound."""
    if may_open(session, reader, thread) or conversation.reads_any(session, thread.id, reader):
        return thread
    raise NotFound(f"there is no {thread.record_type} {thread.key}")


def closed_items(
    session: Session,
    types: Types,
    wanted: Sequence[tuple[str, str, str | None]],
    *,
    caller: Caller | None = None,
) -> dict[int, str]:
    """Which of these changes are of records that their actors may not work on: index -> what he is told.

    wanted: (record type, key, actor). Records that do not exist yet are free, and who is nobody is refused elsewhere.
    One statement for each actor.
    """
    found = threads.by_keys(session, {(record_type, key) for record_type, key, actor in wanted if actor})
    by_actor: dict[str, list[int]] = defaultdict(list)
    for index, (record_type, key, actor) in enumerate(wanted):
        if actor and (record_type, key) in found:
            by_actor[actor].append(index)
    closed: list[int] = []
    for actor, indices in by_actor.items():
        try:
            reader = reader_of(session, types, caller=caller, actor=actor)
        except BadValue:
            continue
        ids = {index: found[wanted[index][:2]].id for index in indices}
        open_ids = threads.readable_all(session, reader, list(ids.values()))
        closed += [index for index in indices if ids[index] not in open_ids]
    return {index: f"there is no {wanted[index][0]} {wanted[index][1]}" for index in sorted(closed)}


def check_writer(
    session: Session,
    types: Types,
    thread: ThreadView,
    *,
    author: str,
    actor: str | None,
    caller: Caller | None = None,
) -> PartnerView | None:
    """Whoever writes must be one who may write here (T233). Answers the author, None where he was not asked for.

    actor: the person for whom the application writes; then he counts, and an outsider writes only in his own
    name and only where he takes part. Without one the author counts if he is a colleague; for an outsider the
    application vouches. Raises NotFound for an actor who may not know of the record, BadValue for an author.
    """
    if actor:
        reader = reader_of(session, types, caller=caller, actor=actor)
        if reader.internal:
            open_thread(session, reader, thread)
            return None
        if known(session, author, "author").id != reader.partner_id:
            raise BadValue.of("author", "an outsider writes in his own name only")
        if not followers.is_follower(session, thread.id, reader.partner_id or 0):
            shown_thread(session, reader, thread)
        return None
    who = known(session, author, "author")
    access = types.get(thread.record_type, session).access
    follows = access == FOLLOWERS and followers.is_follower(session, thread.id, who.id)
    may_write = may_access(
        internal=True, active=True, partner_id=who.id, members=thread.members, access=access, follows=follows
    )
    if who.internal and who.active and not may_write:
        raise BadValue.of("author", f"{who.email} may not work on this record")
    return who


def may_open(session: Session, reader: Reader, thread: ThreadView) -> bool:
    """Whether somebody may work on the record."""
    return reader == EVERYTHING or bool(threads.readable(session, reader, [thread.id]))
