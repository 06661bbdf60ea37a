"""Who an author is to a thread, whether he is blocked, how much he wrote: one question, as every mail asks it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import bindparam, exists, func, literal, select

from store.models import Address, Arrival, Block, Follower, Invitation, Partner
from store.models.views import ParticipantView
from store.session import Session

_address = Address.table()
_arrival = Arrival.table()
_block = Block.table()
_follower = Follower.table()
_invitation = Invitation.table()
_partner = Partner.table()

_one_row = select(literal(1).label("one")).subquery()
_is_blocked = exists().where(_block.c.pattern.in_([bindparam("address"), bindparam("domain")]))
_arrived = (
    select(_arrival.c.inbound_id)
    .where(
        _arrival.c.target == bindparam("target"), _arrival.c.author == bindparam("counted_as"),
        _arrival.c.created_at > bindparam("since", type_=_arrival.c.created_at.type),
    )
    .limit(bindparam("at_most"))
    .subquery("arrived")
)  # fmt: skip
_count = select(func.count()).select_from(_arrived).scalar_subquery()
_author = select(
    _partner.c.id, _partner.c.name, _partner.c.email, _partner.c.internal, _partner.c.active,
    _follower.c.id.is_not(None), _invitation.c.partner_id.is_not(None), _is_blocked,
    _count,
).select_from(
    _one_row.outerjoin(_address, _address.c.address == bindparam("address"))
    .outerjoin(_partner, _partner.c.id == _address.c.partner_id)
    .outerjoin(_follower, (_follower.c.partner_id == _partner.c.id) & (_follower.c.thread_id == bindparam("thread")))
    .outerjoin(
        _invitation, (_invitation.c.partner_id == _partner.c.id) & (_invitation.c.thread_id == bindparam("thread"))
    )
)  # fmt: skip


class Asked(NamedTuple):
    """What is counted of an author. counted_as: his key (rules/limits); since: from when; at_most: where it ends."""

    counted_as: str
    since: datetime
    at_most: int


_NOTHING = Asked("", datetime.max.replace(tzinfo=UTC), 0)


def author(session: Session, thread_id: int, address: str) -> tuple[ParticipantView | None, bool]:
    """The partner of a normalised address as a thread knows him, None when nobody has it; True when it is blocked.

    thread_id 0: no thread; then he neither follows nor is invited. Blocked is the address or its domain.
    """
    found, blocked, _ = author_counted(session, thread_id, address, _NOTHING)
    return found, blocked


def author_counted(
    session: Session, thread_id: int, address: str, asked: Asked
) -> tuple[ParticipantView | None, bool, int]:
    """``author``, and how many of his mails were posted on the thread lately."""
    parameters = {
        "thread": thread_id, "address": address, "domain": "@" + address.rpartition("@")[2],
        "target": f"thread:{thread_id}", **asked._asdict(),
    }  # fmt: skip
    row = session.execute(_author, parameters).one()
    blocked, posted = bool(row[7]), int(row[8])
    if row[0] is None:
        return None, blocked, posted
    return ParticipantView._make((*row[:5], bool(row[5]), bool(row[6]))), blocked, posted
