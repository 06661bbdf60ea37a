"""Threads (records), followers, invitations and revoked reply addresses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, exists, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from store.models import Address, Follower, Invitation, Partner, Suppression, Thread, TokenGeneration
from store.models.views import AudienceView, ParticipantView, ThreadView
from store.session import Session

_thread = Thread.table()
_follower = Follower.table()
_invitation = Invitation.table()
_generation = TokenGeneration.table()
_partner = Partner.table()
_address = Address.table()
_suppression = Suppression.table()

_columns = (
    _thread.c.id, _thread.c.record_type, _thread.c.key, _thread.c.title, _thread.c.url, _thread.c.fields,
    _thread.c.assignee_id, _thread.c.creator_id, _thread.c.domain, _thread.c.subject, _thread.c.active,
    _thread.c.members,
)  # fmt: skip
_by_id = select(*_columns).where(_thread.c.id == bindparam("id"))
_by_key = select(*_columns).where(_thread.c.record_type == bindparam("type"), _thread.c.key == bindparam("key"))


def by_id(session: Session, thread_id: int) -> ThreadView | None:
    """One thread, None if it is gone."""
    row = session.execute(_by_id, {"id": thread_id}).one_or_none()
    return None if row is None else ThreadView._make(row)


def by_key(session: Session, record_type: str, key: str) -> ThreadView | None:
    """The thread of a record, None if there is none."""
    row = session.execute(_by_key, {"type": record_type, "key": key}).one_or_none()
    return None if row is None else ThreadView._make(row)


_add = insert(_thread)


def add(
    session: Session, *, record_type: str, key: str, title: str, url: str | None, fields: dict[str, Any],
    assignee_id: int | None, creator_id: int | None, domain: str, now: datetime, members: list[int] | None = None,
    subject: str | None = None,
) -> ThreadView:  # fmt: skip
    """Enter a record; it has no messages and no followers yet. subject: of all its mail, None = not known yet."""
    values = {
        "record_type": record_type, "key": key, "title": title, "url": url, "fields": fields,
        "assignee_id": assignee_id, "creator_id": creator_id, "domain": domain, "subject": subject, "active": True,
        "members": members, "created_at": now, "updated_at": now,
    }  # fmt: skip
    primary_key = session.execute(_add, values).inserted_primary_key
    assert primary_key is not None
    return ThreadView(
        int(primary_key[0]), record_type, key, title, url, fields, assignee_id, creator_id, domain, subject, True, members
    )


def change(session: Session, thread_id: int, values: dict[str, Any], now: datetime) -> None:
    """Write columns of a thread."""
    session.execute(update(_thread).where(_thread.c.id == thread_id).values(**values, updated_at=now))


_freeze = (
    update(_thread)
    .where(_thread.c.id == bindparam("thread"), _thread.c.subject.is_(None))
    .values(subject=bindparam("frozen"))
)


def freeze_subject(session: Session, thread_id: int, subject: str) -> None:
    """Give the thread its subject for all its mail, unless it has one."""
    session.execute(_freeze, {"thread": thread_id, "frozen": subject})


def remove(session: Session, thread_id: int) -> None:
    """Delete a thread with all that hangs on it."""
    session.execute(delete(_thread).where(_thread.c.id == thread_id))


def search(
    session: Session, *, record_type: str | None, query: str, before: int | None, limit: int,
    types: Collection[str] | None = None,
) -> list[ThreadView]:  # fmt: skip
    """Threads, newest first. types: only these record types, None = all."""
    statement = select(*_columns).order_by(_thread.c.id.desc()).limit(limit)
    if record_type:
        statement = statement.where(_thread.c.record_type == record_type)
    if types is not None:
        statement = statement.where(_thread.c.record_type.in_(types))
    if query:
        like = f"%{query.lower()}%"
        statement = statement.where(or_(func.lower(_thread.c.title).like(like), func.lower(_thread.c.key).like(like)))
    if before is not None:
        statement = statement.where(_thread.c.id < before)
    return [ThreadView._make(row) for row in session.execute(statement)]


def follower_count(session: Session, thread_id: int) -> int:
    """How many partners follow a thread."""
    statement = select(func.count()).select_from(_follower).where(_follower.c.thread_id == thread_id)
    return int(session.execute(statement).scalar_one())


_add_follower_values: dict[str, Any] = {
    name: bindparam(name) for name in ("thread_id", "partner_id", "subtypes", "reason", "created_at")
}
_add_follower = {
    name: make(_follower).values(_add_follower_values).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    for name, make in (("sqlite", insert_sqlite), ("postgresql", insert_postgresql))
}


def follow(
    session: Session, thread_id: int, wishes: Sequence[tuple[int, frozenset[str]]], *, reason: str, now: datetime
) -> int:
    """Make partners followers with their subtypes; who follows already keeps his. Answers how many are new."""
    if not wishes:
        return 0
    rows = [
        {"thread_id": thread_id, "partner_id": partner_id, "subtypes": subtypes, "reason": reason, "created_at": now}
        for partner_id, subtypes in sorted(wishes, key=lambda wish: wish[0])
    ]
    return session.execute(_add_follower[session.dialect.name], rows if len(rows) > 1 else rows[0]).rowcount


def set_subtypes(session: Session, thread_id: int, partner_id: int, subtypes: frozenset[str]) -> bool:
    """Replace a subscription; False when the partner does not follow."""
    statement = update(_follower).where(_follower.c.thread_id == thread_id, _follower.c.partner_id == partner_id)
    return session.execute(statement.values(subtypes=subtypes)).rowcount > 0


def unfollow(session: Session, thread_id: int, partner_id: int) -> bool:
    """End a subscription; False when the partner did not follow."""
    statement = delete(_follower).where(_follower.c.thread_id == thread_id, _follower.c.partner_id == partner_id)
    return session.execute(statement).rowcount > 0


def followers(session: Session, thread_id: int, *, after: int = 0, limit: int = 30) -> list[Any]:
    """Followers with their partner and subtypes, by partner id."""
    statement = (
        select(_follower.c.partner_id, _partner.c.email, _partner.c.name, _partner.c.internal, _follower.c.subtypes,
               _follower.c.reason)
        .join(_partner, _partner.c.id == _follower.c.partner_id)
        .where(_follower.c.thread_id == thread_id, _follower.c.partner_id > after)
        .order_by(_follower.c.partner_id)
        .limit(limit)
    )  # fmt: skip
    return list(session.execute(statement))


def follower(session: Session, thread_id: int, partner_id: int) -> Any | None:
    """One follower with his partner and subtypes, None if he does not follow."""
    found = followers(session, thread_id, after=partner_id - 1, limit=1)
    return found[0] if found and found[0].partner_id == partner_id else None


_suppressed = (
    (_suppression.c.address == _partner.c.email)
    & or_(_suppression.c.until.is_(None), _suppression.c.until > bindparam("now"))
)  # fmt: skip
_audience_columns = (
    _partner.c.id, _partner.c.email, _partner.c.name, _partner.c.internal, _partner.c.active, _partner.c.language,
    _partner.c.notify, _follower.c.subtypes, _suppression.c.reason,
)  # fmt: skip
_audience = (
    select(*_audience_columns)
    .select_from(
        _follower.join(_partner, _partner.c.id == _follower.c.partner_id).outerjoin(_suppression, _suppressed)
    )
    .where(_follower.c.thread_id == bindparam("thread"))
)
_others = (
    select(*_audience_columns)
    .select_from(
        _partner.outerjoin(
            _follower, (_follower.c.partner_id == _partner.c.id) & (_follower.c.thread_id == bindparam("thread"))
        ).outerjoin(_suppression, _suppressed)
    )
    .where(_partner.c.id.in_(bindparam("others", expanding=True)))
)


def audience(session: Session, thread_id: int, others: Collection[int], now: datetime) -> list[AudienceView]:
    """Everybody to be considered for a message: all followers, and these others; each once."""
    found = [AudienceView(*row) for row in session.execute(_audience, {"thread": thread_id, "now": now})]
    missing = set(others) - {view.partner_id for view in found}
    if missing:
        rows = session.execute(_others, {"thread": thread_id, "others": sorted(missing), "now": now})
        found += [AudienceView(*row) for row in rows]
    return found


_participant = (
    select(
        _partner.c.id, _partner.c.name, _partner.c.email, _partner.c.internal, _partner.c.active,
        _follower.c.id.is_not(None), _invitation.c.partner_id.is_not(None),
    )
    .select_from(
        _address.join(_partner, _partner.c.id == _address.c.partner_id)
        .outerjoin(_follower, (_follower.c.partner_id == _partner.c.id) & (_follower.c.thread_id == bindparam("thread")))
        .outerjoin(
            _invitation, (_invitation.c.partner_id == _partner.c.id) & (_invitation.c.thread_id == bindparam("thread"))
        )
    )
    .where(_address.c.address == bindparam("address"))
)  # fmt: skip


def participant(session: Session, thread_id: int, address: str) -> ParticipantView | None:
    """The partner of a normalised address, as this thread knows him; None when nobody has the address.

    thread_id 0: no thread; then he neither follows nor is invited.
    """
    row = session.execute(_participant, {"thread": thread_id, "address": address}).one_or_none()
    return None if row is None else ParticipantView._make((*row[:5], bool(row[5]), bool(row[6])))


def invite(session: Session, thread_id: int, partner_ids: Collection[int], now: datetime) -> None:
    """Note that a verified colleague addressed these partners on the thread."""
    if not partner_ids:
        return
    make = insert_postgresql if session.dialect.name == "postgresql" else insert_sqlite
    rows = [{"thread_id": thread_id, "partner_id": i, "created_at": now} for i in sorted(partner_ids)]
    session.execute(make(_invitation).values(rows).on_conflict_do_nothing())


def generation(session: Session, thread_id: int, partner_id: int) -> int:
    """The generation that new reply tokens of (thread, partner) are minted with."""
    statement = select(_generation.c.generation).where(
        _generation.c.thread_id == thread_id, _generation.c.partner_id == partner_id
    )
    return int(session.execute(statement).scalar() or 0)


def revoke(session: Session, thread_id: int, partner_id: int) -> int:
    """Make every reply address minted so far for (thread, partner) unknown; answers the new generation."""
    new = generation(session, thread_id, partner_id) + 1
    session.execute(
        delete(_generation).where(_generation.c.thread_id == thread_id, _generation.c.partner_id == partner_id)
    )
    session.execute(insert(_generation).values(thread_id=thread_id, partner_id=partner_id, generation=new))
    return new


_touch = update(_thread).where(_thread.c.id == bindparam("thread")).values(last_notified_at=bindparam("at"))


def touch_notified(session: Session, thread_id: int, now: datetime) -> None:
    """Note when mail about the thread was last queued (soft expiry of reply addresses)."""
    session.execute(_touch, {"thread": thread_id, "at": now})


def is_follower(session: Session, thread_id: int, partner_id: int) -> bool:
    """The partner follows the thread."""
    statement = select(exists().where(_follower.c.thread_id == thread_id, _follower.c.partner_id == partner_id))
    return bool(session.execute(statement).scalar())
