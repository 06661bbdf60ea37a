"""What happens to whole threads: moved into another, split, deleted; and where their old addresses lead."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, delete, exists, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from store.bell import ring
from store.models import (
    Arrival,
    Attachment,
    Base,
    Delivery,
    Follower,
    InboundTarget,
    Invitation,
    Message,
    Notice,
    Partner,
    SilentChange,
    Thread,
    ThreadRedirect,
    TokenGeneration,
)
from store.models.views import ThreadView
from store.queries import thread as threads
from store.session import Session

_thread = Thread.table()
_message = Message.table()
_attachment = Attachment.table()
_delivery = Delivery.table()
_follower = Follower.table()
_invitation = Invitation.table()
_notice = Notice.table()
_partner = Partner.table()
_arrival = Arrival.table()
_target = InboundTarget.table()
_redirect = ThreadRedirect.table()
_generation = TokenGeneration.table()
_silent = SilentChange.table()
_WITH_RULES_OF_THEIR_OWN = frozenset({_follower, _invitation, _redirect, _silent})
_CHUNK = 500

_survivor = select(_redirect.c.thread_id).where(_redirect.c.old_id == bindparam("old"))


def survivor(session: Session, thread_id: int) -> int | None:
    """The thread that this one was merged into, None if it was not."""
    found: int | None = session.execute(_survivor, {"old": thread_id}).scalar()
    return found


def living(session: Session, thread_id: int) -> ThreadView | None:
    """The thread, or the one that it was merged into; None when it is gone."""
    found = threads.by_id(session, thread_id)
    if found is not None:
        return found
    into = survivor(session, thread_id)
    return None if into is None else threads.by_id(session, into)


def merged_generation(session: Session, thread_id: int, partner_id: int) -> tuple[int, int] | None:
    """The survivor of a merged thread, and the lowest generation of its old reply tokens that is not revoked."""
    statement = (
        select(_redirect.c.thread_id, func.coalesce(_generation.c.generation, 0))
        .outerjoin(
            _generation,
            (_generation.c.thread_id == _redirect.c.old_id) & (_generation.c.partner_id == partner_id),
        )
        .where(_redirect.c.old_id == thread_id)
    )
    row = session.execute(statement).one_or_none()
    return None if row is None else (row[0], row[1])


_up = (
    select(_thread.c.id, _thread.c.parent_id)
    .where(_thread.c.id.in_(bindparam("ids", expanding=True)))
    .cte("up", recursive=True)
)
_above = _up.union(
    select(_thread.c.id, _thread.c.parent_id).join(_up, _thread.c.id == _up.c.parent_id)
)  # not all: a loop ends it
_ancestry = select(_above.c.id, _above.c.parent_id)


def ancestry(session: Session, thread_ids: Collection[int]) -> dict[int, int | None]:
    """These threads and all that are above them: thread id -> id of its parent, None at the top."""
    if not thread_ids:
        return {}
    rows = session.execute(_ancestry, {"ids": sorted(thread_ids)})
    return {row.id: row.parent_id for row in rows}


def merged_into(session: Session, thread_id: int) -> list[int]:
    """The threads that were merged into this one."""
    return list(
        session.execute(select(_redirect.c.old_id).where(_redirect.c.thread_id == thread_id)).scalars()
    )


def _moved() -> list[Table]:
    """The tables whose rows hang on a thread and move with it as they are."""
    return [
        table
        for table in Base.metadata.sorted_tables
        if table not in _WITH_RULES_OF_THEIR_OWN
        and "thread_id" in table.c
        and any(key.column is _thread.c.id for key in table.c.thread_id.foreign_keys)
    ]


def move_all(session: Session, old: int, new: int, now: datetime) -> None:
    """Move everything but followers from one thread to another, and delete the empty one. Rings ``types``.

    Its addresses lead to the new one, as do those of threads that were merged into it before; mails that
    arrived there count as arrived here.
    """
    mails = select(_message.c.inbound_id).where(
        _message.c.thread_id == old, _message.c.inbound_id.is_not(None)
    )
    session.execute(
        update(_target).where(_target.c.mail_id.in_(mails), _target.c.thread_id == old).values(thread_id=new)
    )
    for table in _moved():
        session.execute(update(table).where(table.c.thread_id == old).values(thread_id=new))
    _move_arrivals(session, old, new)
    _move_invitations(session, old, new)
    above = ancestry(session, [new])
    if old in above:  # the survivor was below: it takes the place of the other, or the family were a circle
        session.execute(update(_thread).where(_thread.c.id == new).values(parent_id=above[old]))
    session.execute(
        update(_thread).where(_thread.c.parent_id == old, _thread.c.id != new).values(parent_id=new)
    )
    session.execute(update(_redirect).where(_redirect.c.thread_id == old).values(thread_id=new))
    names = session.execute(select(_thread.c.record_type, _thread.c.key).where(_thread.c.id == old)).one()
    session.execute(delete(_thread).where(_thread.c.id == old))
    session.execute(insert(_redirect).values(old_id=old, thread_id=new, created_at=now, **names._mapping))
    for name in ("types", "threads"):
        ring(session, name)


def _move_arrivals(session: Session, old: int, new: int) -> None:
    make = insert_postgresql if session.dialect.name == "postgresql" else insert_sqlite
    there = select(
        literal(f"thread:{new}"), _arrival.c.fingerprint, _arrival.c.inbound_id, _arrival.c.created_at,
        _arrival.c.author,
    )  # fmt: skip
    rows = there.where(_arrival.c.target == f"thread:{old}")
    names = ["target", "fingerprint", "inbound_id", "created_at", "author"]
    session.execute(make(_arrival).from_select(names, rows).on_conflict_do_nothing())
    session.execute(delete(_arrival).where(_arrival.c.target == f"thread:{old}"))


def _move_invitations(session: Session, old: int, new: int) -> None:
    make = insert_postgresql if session.dialect.name == "postgresql" else insert_sqlite
    rows = select(literal(new), _invitation.c.partner_id, _invitation.c.created_at).where(
        _invitation.c.thread_id == old
    )
    names = ["thread_id", "partner_id", "created_at"]
    session.execute(make(_invitation).from_select(names, rows).on_conflict_do_nothing())


def remove(session: Session, thread_id: int) -> None:
    """Delete a thread with all that hangs on it; its addresses, and those that led to it, are unknown. Rings ``types``."""
    gone = [thread_id, *merged_into(session, thread_id)]
    session.execute(delete(_thread).where(_thread.c.id == thread_id))
    session.execute(delete(_generation).where(_generation.c.thread_id.in_(gone)))
    for name in ("types", "threads"):
        ring(session, name)


def authors_of(session: Session, thread_id: int, message_ids: Collection[int]) -> dict[int, int | None]:
    """Those of the messages that are on the thread, each with its author's partner id."""
    found: dict[int, int | None] = {}
    ids = sorted(message_ids)
    for start in range(0, len(ids), _CHUNK):
        part = ids[start : start + _CHUNK]
        statement = select(_message.c.id, _message.c.author_id).where(
            _message.c.id.in_(part), _message.c.thread_id == thread_id
        )
        found |= {row.id: row.author_id for row in session.execute(statement)}
    return found


_waits = exists().where(
    _delivery.c.message_id == _notice.c.message_id, _delivery.c.partner_id == _notice.c.partner_id,
    _delivery.c.state.in_(["queued", "deferred"]),
)  # fmt: skip
_party = (
    select(_notice.c.partner_id)
    .join(_partner, _partner.c.id == _notice.c.partner_id)
    .where(_notice.c.message_id.in_(bindparam("messages", expanding=True)))
    .where(
        (_notice.c.state.not_in(["skipped", "suppressed"]) & _partner.c.internal.is_(False))
        | _notice.c.reason.in_(["mention", "recipient"])
        | _waits
    )
    .distinct()
)


def party_of(session: Session, message_ids: Collection[int]) -> set[int]:
    """With whom these messages are a conversation, beside their authors: outsiders who were told of one, who was named
    in one, and whose mail about one still waits."""
    found: set[int] = set()
    ids = sorted(message_ids)
    for start in range(0, len(ids), _CHUNK):
        found |= set(session.execute(_party, {"messages": ids[start : start + _CHUNK]}).scalars())
    return found


def move_messages(session: Session, message_ids: Collection[int], old: int, new: int) -> None:
    """Move messages to another thread, with their files and mails; answers across the cut lose their parent."""
    ids = sorted(message_ids)
    for start in range(0, len(ids), _CHUNK):
        part = ids[start : start + _CHUNK]
        session.execute(update(_message).where(_message.c.id.in_(part)).values(thread_id=new))
        for table in (_attachment, _delivery):
            session.execute(update(table).where(table.c.message_id.in_(part)).values(thread_id=new))
        mails = select(_message.c.inbound_id).where(
            _message.c.id.in_(part), _message.c.inbound_id.is_not(None)
        )
        session.execute(
            update(_target)
            .where(_target.c.mail_id.in_(mails), _target.c.message_id.in_(part))
            .values(thread_id=new)
        )
    for here, there in ((old, new), (new, old)):
        others = select(_message.c.id).where(_message.c.thread_id == there)
        session.execute(
            update(_message)
            .where(_message.c.thread_id == here, _message.c.parent_id.in_(others))
            .values(parent_id=None)
        )
    ring(session, "threads")


def change_subtypes(session: Session, thread_id: int, known: Sequence[str]) -> None:
    """Give messages of a thread whose subtype its new type does not have the generic one of their kind."""
    for kind, generic in (("message", "discussions"), ("note", "note"), ("log", "note")):
        session.execute(
            update(_message)
            .where(
                _message.c.thread_id == thread_id, _message.c.kind == kind, _message.c.subtype.not_in(known)
            )
            .values(subtype=generic)
        )


def tracked(session: Session, thread_id: int) -> list[Any]:
    """The log entries of a thread with changed fields (id, date, tracking), oldest first."""
    statement = (
        select(_message.c.id, _message.c.date, _message.c.tracking)
        .where(_message.c.thread_id == thread_id, _message.c.kind == "log")
        .order_by(_message.c.date, _message.c.id)
    )
    return [row for row in session.execute(statement) if row.tracking]


_add_silent = insert(_silent)


def add_silent_changes(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Note changes that the log does not tell (columns of SilentChange without id)."""
    if rows:
        session.execute(_add_silent, list(rows))


def silent_changes(session: Session, thread_id: int, field: str) -> list[Any]:
    """The changes of a field that the log does not tell (created_at, old_value, new_value), oldest first."""
    statement = (
        select(_silent.c.created_at, _silent.c.old_value, _silent.c.new_value)
        .where(_silent.c.thread_id == thread_id, _silent.c.field == field)
        .order_by(_silent.c.created_at, _silent.c.id)
    )
    return list(session.execute(statement))


_set_tracking = (
    update(_message).where(_message.c.id == bindparam("which")).values(tracking=bindparam("lines"))
)


def set_tracking(session: Session, lines: dict[int, list[Any]]) -> None:
    """Replace the changed fields of log entries."""
    if lines:
        session.execute(_set_tracking, [{"which": one, "lines": lines[one]} for one in sorted(lines)])


def follower_sets(session: Session, thread_id: int) -> dict[int, tuple[frozenset[str], str]]:
    """The followers of a thread: partner id -> (subtypes, reason)."""
    statement = select(_follower.c.partner_id, _follower.c.subtypes, _follower.c.reason).where(
        _follower.c.thread_id == thread_id
    )
    return {row.partner_id: (row.subtypes, row.reason) for row in session.execute(statement)}


_set_subtypes = (
    update(_follower)
    .where(_follower.c.thread_id == bindparam("which"), _follower.c.partner_id == bindparam("who"))
    .values(subtypes=bindparam("wanted"))
)


def set_subtypes(session: Session, thread_id: int, wanted: dict[int, frozenset[str]]) -> None:
    """Replace the subscriptions of followers."""
    if wanted:
        rows = [{"which": thread_id, "who": who, "wanted": wanted[who]} for who in sorted(wanted)]
        session.execute(_set_subtypes, rows)


def creation_date(session: Session, thread_id: int) -> datetime:
    """When a record was entered."""
    when: datetime = session.execute(
        select(_thread.c.created_at).where(_thread.c.id == thread_id)
    ).scalar_one()
    return when
