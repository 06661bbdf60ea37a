"""Generations of reply addresses: which of those minted so far are revoked."""

from __future__ import annotations

from itertools import product

from sqlalchemy import delete, insert, select

from store.models import Partner, ThreadRedirect, TokenGeneration
from store.session import Session

_generation = TokenGeneration.table()
_redirect = ThreadRedirect.table()
_partner = Partner.table()


def generation(session: Session, thread_id: int, partner_id: int) -> int:
    """The generation that new reply tokens of (thread, partner) are minted with."""
    statement = select(_generation.c.generation).where(
        _generation.c.thread_id == thread_id, _generation.c.partner_id == partner_id
    )
    return int(session.execute(statement).scalar() or 0)


def revoke(session: Session, thread_id: int, partner_id: int) -> int:
    """Make every reply address minted so far for (thread, partner) unknown; answers the new generation.

    Those of threads that were merged into this one lead here, and those of partners who were merged into this
    one stand for him, so they are revoked with it.
    """
    threads = session.execute(select(_redirect.c.old_id).where(_redirect.c.thread_id == thread_id)).scalars()
    people = session.execute(select(_partner.c.id).where(_partner.c.merged_into == partner_id)).scalars()
    for old_thread, old_partner in product([thread_id, *threads], [partner_id, *people]):
        if (old_thread, old_partner) != (thread_id, partner_id):
            _raise_generation(session, old_thread, old_partner)
    return _raise_generation(session, thread_id, partner_id)


def _raise_generation(session: Session, thread_id: int, partner_id: int) -> int:
    new = generation(session, thread_id, partner_id) + 1
    session.execute(
        delete(_generation).where(
            _generation.c.thread_id == thread_id, _generation.c.partner_id == partner_id
        )
    )
    session.execute(insert(_generation).values(thread_id=thread_id, partner_id=partner_id, generation=new))
    return new
