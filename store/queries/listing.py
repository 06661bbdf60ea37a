"""What lists show beside their rows, for many rows at once: a page costs a constant number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from store.models import Address, Follower, Partner, TokenGeneration
from store.session import Session

_follower = Follower.table()
_generation = TokenGeneration.table()
_address = Address.table()
_partner = Partner.table()

Collision = IntegrityError
"""Two transactions entered the same thing at once; the loser finds it at its next try."""


_hold = text("SELECT pg_advisory_xact_lock(412, hashtext(:name))")


def hold_name(session: Session, name: str) -> None:
    """Let nobody else who asks for this name go on before this transaction ends; SQLite has one writer anyway."""
    if session.dialect.name == "postgresql":
        session.execute(_hold, {"name": name})


def follower_counts(session: Session, thread_ids: Sequence[int]) -> dict[int, int]:
    """How many partners follow each thread; a thread that nobody follows is left out."""
    statement = (
        select(_follower.c.thread_id, func.count())
        .where(_follower.c.thread_id.in_(thread_ids))
        .group_by(_follower.c.thread_id)
    )
    return {row[0]: row[1] for row in session.execute(statement)} if thread_ids else {}


def generations(session: Session, thread_ids: Sequence[int]) -> dict[int, int]:
    """The generation of each thread's own reply address; generation 0 is left out."""
    statement = select(_generation.c.thread_id, _generation.c.generation).where(
        _generation.c.thread_id.in_(thread_ids), _generation.c.partner_id == 0
    )
    return {row[0]: row[1] for row in session.execute(statement)} if thread_ids else {}


def addresses(session: Session, partner_ids: Sequence[int]) -> dict[int, list[str]]:
    """All addresses of each partner, sorted."""
    grouped: dict[int, list[str]] = defaultdict(list)
    if partner_ids:
        statement = (
            select(_address).where(_address.c.partner_id.in_(partner_ids)).order_by(_address.c.address)
        )
        for row in session.execute(statement):
            grouped[row.partner_id].append(row.address)
    return grouped


def phones(session: Session, partner_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """The phone number and the signature of each partner, "" if none."""
    statement = select(_partner.c.id, _partner.c.phone, _partner.c.signature).where(
        _partner.c.id.in_(partner_ids)
    )
    return {row[0]: (row[1], row[2]) for row in session.execute(statement)} if partner_ids else {}


def answers(session: Session) -> bool:
    """The database does its work."""
    return session.execute(text("SELECT 1")).scalar() == 1
