"""Generations of reply addresses: which of those minted so far are revoked."""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from store.models import ThreadRedirect, TokenGeneration
from store.session import Session

_generation = TokenGeneration.table()
_redirect = ThreadRedirect.table()


def generation(session: Session, thread_id: int, partner_id: int) -> int:
    """The generation that new reply tokens of (thread, partner) are minted with."""
    statement = select(_generation.c.generation).where(
        _generation.c.thread_id == thread_id, _generation.c.partner_id == partner_id
    )
    return int(session.execute(statement).scalar() or 0)


def revoke(session: Session, thread_id: int, partner_id: int) -> int:
    """Make every reply address minted so far for (thread, partner) unknown; answers the new generation.

    Those of threads that were merged into this one lead here, so they are revoked with it.
    """
    merged = session.execute(select(_redirect.c.old_id).where(_redirect.c.thread_id == thread_id)).scalars()
    for old_id in list(merged):
        _raise_generation(session, old_id, partner_id)
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
