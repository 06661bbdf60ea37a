"""Who follows a thread, who was invited to it, and who has to be considered for a message."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import bindparam, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from store.models import Delivery, Follower, Invitation, Message, Partner
from store.queries.part import part
from store.session import Session

_follower = Follower.table()
_invitation = Invitation.table()
_partner = Partner.table()
_message = Message.table()
_delivery = Delivery.table()
_CHUNK = 500

ASSIGNED = "assigned"
"""Why somebody follows whom an assignment made a follower, and nothing else since."""


def follower_count(session: Session, thread_id: int) -> int:
    """How many partners follow a thread."""
    statement = select(func.count()).select_from(_follower).where(_follower.c.thread_id == thread_id)
    return int(session.execute(statement).scalar_one())


_add_follower_values: dict[str, Any] = {
    name: bindparam(name) for name in ("thread_id", "partner_id", "subtypes", "reason", "created_at")
}
_add_follower = {
    name: make(_follower)
    .values(_add_follower_values)
    .on_conflict_do_nothing()
    .execution_options(preserve_rowcount=True)
    for name, make in (("sqlite", insert_sqlite), ("postgresql", insert_postgresql))
}


def row(
    thread_id: int, partner_id: int, subtypes: frozenset[str], *, reason: str, now: datetime
) -> dict[str, Any]:
    """A follower as ``follow_all`` enters him."""
    return {
        "thread_id": thread_id, "partner_id": partner_id, "subtypes": subtypes, "reason": reason, "created_at": now,
    }  # fmt: skip


def follow(
    session: Session,
    thread_id: int,
    wishes: Sequence[tuple[int, frozenset[str]]],
    *,
    reason: str,
    now: datetime,
) -> int:
    """Make partners followers with their subtypes; who follows already keeps his. Answers how many are new."""
    if not wishes:
        return 0
    rows = [
        row(thread_id, partner_id, subtypes, reason=reason, now=now)
        for partner_id, subtypes in sorted(wishes, key=lambda wish: wish[0])
    ]
    return session.execute(_add_follower[session.dialect.name], rows if len(rows) > 1 else rows[0]).rowcount


def follow_all(session: Session, rows: Sequence[dict[str, Any]]) -> int:
    """Enter followers of many threads, as ``row`` makes them; who follows keeps his set.

    Who followed because he was assigned follows for the reason that is given from now on. Answers how many are new.
    """
    ordered = sorted(rows, key=itemgetter("thread_id", "partner_id"))
    new = session.execute(_add_follower[session.dialect.name], ordered).rowcount if rows else 0
    if new < len(ordered):
        stay(session, ordered)
    return new


_stay = (
    update(_follower)
    .where(
        _follower.c.thread_id == bindparam("thread"),
        _follower.c.partner_id == bindparam("partner"),
        _follower.c.reason == ASSIGNED,
    )
    .values(reason=bindparam("instead"))
)


def stay(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Let those who follow because they were assigned do so for another reason (thread_id, partner_id, reason)."""
    names = {"thread": "thread_id", "partner": "partner_id", "instead": "reason"}
    better = [row for row in rows if row["reason"] != ASSIGNED]
    if better:
        session.execute(_stay, [{bound: row[name] for bound, name in names.items()} for row in better])


_drop_idle = delete(_follower).where(
    _follower.c.thread_id == bindparam("thread"),
    _follower.c.partner_id == bindparam("former"),
    _follower.c.reason == ASSIGNED,
    ~exists().where(_message.c.thread_id == bindparam("thread"), _message.c.author_id == bindparam("former")),
)


def drop_idle_assignees(session: Session, pairs: Sequence[tuple[int, int]]) -> None:
    """End what an assignment began: (thread id, former assignee), unless he acted on the thread or chose to stay."""
    if pairs:
        session.execute(
            _drop_idle, [{"thread": thread_id, "former": former} for thread_id, former in sorted(pairs)]
        )


def set_subtypes(session: Session, thread_id: int, partner_id: int, subtypes: frozenset[str]) -> bool:
    """Replace a subscription; False when the partner does not follow."""
    statement = update(_follower).where(
        _follower.c.thread_id == thread_id, _follower.c.partner_id == partner_id
    )
    return session.execute(statement.values(subtypes=subtypes, reason="chosen")).rowcount > 0


def unfollow(session: Session, thread_id: int, partner_id: int) -> bool:
    """End a subscription; False when the partner did not follow."""
    statement = delete(_follower).where(
        _follower.c.thread_id == thread_id, _follower.c.partner_id == partner_id
    )
    return session.execute(statement).rowcount > 0


_set_subtypes = (
    update(_follower)
    .where(_follower.c.thread_id == bindparam("thread"), _follower.c.partner_id == bindparam("partner"))
    .values(subtypes=bindparam("wanted"), reason="chosen")
)


def set_subtypes_of_all(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Replace many subscriptions (thread_id, partner_id, subtypes)."""
    names = {"thread": "thread_id", "partner": "partner_id", "wanted": "subtypes"}
    session.execute(_set_subtypes, [{bound: row[name] for bound, name in names.items()} for row in rows])


def unfollow_all(
    session: Session, thread_ids: Sequence[int], partner_ids: Sequence[int]
) -> list[tuple[int, int]]:
    """End all subscriptions of these partners to these threads; answers those that there were."""
    ended: list[tuple[int, int]] = []
    for start in range(0, len(thread_ids), _CHUNK):
        those = (
            _follower.c.thread_id.in_(thread_ids[start : start + _CHUNK]),
            _follower.c.partner_id.in_(partner_ids),
        )
        gone = session.execute(
            delete(_follower).where(*those).returning(_follower.c.thread_id, _follower.c.partner_id)
        )
        ended += [(row.thread_id, row.partner_id) for row in gone]
    return ended


def followers(
    session: Session, thread_id: int, *, before: int | None = None, after: int | None = None, limit: int = 30
) -> list[Any]:
    """Followers with their partner and subtypes, by partner id."""
    of_thread = (
        select(_follower.c.partner_id, _partner.c.email, _partner.c.name, _partner.c.internal, _follower.c.subtypes,
               _follower.c.reason)
        .join(_partner, _partner.c.id == _follower.c.partner_id)
        .where(_follower.c.thread_id == thread_id)
    )  # fmt: skip
    return part(
        session, of_thread, _follower.c.partner_id, before=before, after=after, limit=limit, rising=True
    )


def follower(session: Session, thread_id: int, partner_id: int) -> Any | None:
    """One follower with his partner and subtypes, None if he does not follow."""
    found = followers(session, thread_id, after=partner_id - 1, limit=1)
    return found[0] if found and found[0].partner_id == partner_id else None


_invite_values: dict[str, Any] = {name: bindparam(name) for name in ("thread_id", "partner_id", "created_at")}
_invite = {
    name: make(_invitation).values(_invite_values).on_conflict_do_nothing()
    for name, make in (("sqlite", insert_sqlite), ("postgresql", insert_postgresql))
}


def invite(session: Session, thread_id: int, partner_ids: Collection[int], now: datetime) -> None:
    """Note that a verified colleague addressed these partners on the thread."""
    invite_all(session, [(thread_id, partner_id) for partner_id in partner_ids], now)


def invite_all(session: Session, pairs: Collection[tuple[int, int]], now: datetime) -> None:
    """Note that verified colleagues addressed partners on threads: (thread id, partner id)."""
    rows = [
        {"thread_id": thread_id, "partner_id": partner_id, "created_at": now}
        for thread_id, partner_id in sorted(pairs)
    ]
    if rows:
        session.execute(_invite[session.dialect.name], rows)


def subscribed(
    session: Session, thread_ids: Sequence[int], partner_ids: Collection[int]
) -> set[tuple[int, int]]:
    """Which of these partners follow which of these threads: (thread id, partner id)."""
    found: set[tuple[int, int]] = set()
    for start in range(0, len(thread_ids), _CHUNK):
        those = _follower.c.thread_id.in_(thread_ids[start : start + _CHUNK])
        rows = session.execute(
            select(_follower.c.thread_id, _follower.c.partner_id).where(
                those, _follower.c.partner_id.in_(sorted(partner_ids))
            )
        )
        found |= {(row.thread_id, row.partner_id) for row in rows}
    return found


def waiting_invitations(session: Session, thread_ids: Sequence[int]) -> set[tuple[int, int]]:
    """To whom an invitation mail to one of these threads is still to be sent: (thread id, partner id)."""
    found: set[tuple[int, int]] = set()
    for start in range(0, len(thread_ids), _CHUNK):
        rows = session.execute(
            select(_delivery.c.thread_id, _delivery.c.partner_id).where(
                _delivery.c.thread_id.in_(thread_ids[start : start + _CHUNK]),
                _delivery.c.kind == "invite",
                _delivery.c.state.in_(["queued", "deferred"]),
            )
        )
        found |= {(row.thread_id, row.partner_id) for row in rows}
    return found


def is_follower(session: Session, thread_id: int, partner_id: int) -> bool:
    """The partner follows the thread."""
    statement = select(
        exists().where(_follower.c.thread_id == thread_id, _follower.c.partner_id == partner_id)
    )
    return bool(session.execute(statement).scalar())
