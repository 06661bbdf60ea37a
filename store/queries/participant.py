"""Who an author is to a thread, and whether he is blocked: one question, because every mail asks it."""

from __future__ import annotations

from sqlalchemy import bindparam, exists, literal, select

from store.models import Address, Block, Follower, Invitation, Partner
from store.models.views import ParticipantView
from store.session import Session

_address = Address.table()
_block = Block.table()
_follower = Follower.table()
_invitation = Invitation.table()
_partner = Partner.table()

_one_row = select(literal(1).label("one")).subquery()
_is_blocked = exists().where(_block.c.pattern.in_([bindparam("address"), bindparam("domain")]))
_author = select(
    _partner.c.id, _partner.c.name, _partner.c.email, _partner.c.internal, _partner.c.active,
    _follower.c.id.is_not(None), _invitation.c.partner_id.is_not(None), _is_blocked,
).select_from(
    _one_row.outerjoin(_address, _address.c.address == bindparam("address"))
    .outerjoin(_partner, _partner.c.id == _address.c.partner_id)
    .outerjoin(_follower, (_follower.c.partner_id == _partner.c.id) & (_follower.c.thread_id == bindparam("thread")))
    .outerjoin(
        _invitation, (_invitation.c.partner_id == _partner.c.id) & (_invitation.c.thread_id == bindparam("thread"))
    )
)  # fmt: skip


def author(session: Session, thread_id: int, address: str) -> tuple[ParticipantView | None, bool]:
    """The partner of a normalised address as a thread knows him, None when nobody has it; True when it is blocked.

    thread_id 0: no thread; then he neither follows nor is invited. Blocked is the address or its domain.
    """
    parameters = {"thread": thread_id, "address": address, "domain": "@" + address.rpartition("@")[2]}
    row = session.execute(_author, parameters).one()
    blocked = bool(row[7])
    if row[0] is None:
        return None, blocked
    return ParticipantView._make((*row[:5], bool(row[5]), bool(row[6]))), blocked
