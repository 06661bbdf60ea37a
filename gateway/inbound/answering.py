"""Whom an answer to a note concerns, whatever he subscribed to: who wrote what is answered.

An outsider on a note is heard by a colleague at least, else he would speak to nobody (row C05).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from gateway.chatter.post import Author
from gateway.rules.recipients import ANSWER, CHARGE, reachable
from gateway.rules.visibility import ALL
from store.models.views import ThreadView
from store.queries import answered
from store.queries import audience as considered
from store.queries import message as messages
from store.queries import partner as partners
from store.session import Session


class Concerned(NamedTuple):
    """Partners who are told of an answer, and for which reason."""

    partner_ids: frozenset[int] = frozenset()
    reason: str = ""


def concerned(
    session: Session, thread: ThreadView, writer: Author, parent_id: int | None, now: datetime, *, access: str = ALL
) -> Concerned:  # fmt: skip
    """Whom a note that came by mail concerns. parent_id: what it answers, None if nothing. access: of the type.

    A colleague's: the author of what he answers. An outsider's: the nearest colleague up the chain of answers who
    can be told; failing that the assignee, the creator, who wrote on the record last, one of its members, or an admin.
    """
    if writer.internal:
        return _author_of(session, parent_id, writer)
    above = answered.colleagues_above(session, parent_id) if parent_id is not None else []
    found = _first_of(session, thread, above, now, access)
    if found:
        return Concerned(found, ANSWER)
    close = [one for one in (thread.assignee_id, thread.creator_id) if one is not None]
    close += [*answered.colleagues_of(session, thread.id), *(thread.members or ())]
    found = _first_of(session, thread, close, now, access) or _first_of(
        session, thread, [one.id for one in partners.admins(session)], now, access
    )
    return Concerned(found, CHARGE)


def _author_of(session: Session, parent_id: int | None, writer: Author) -> Concerned:
    asked = messages.one(session, parent_id) if parent_id is not None else None
    if asked is None or asked.author_id is None or asked.author_id == writer.partner_id:
        return Concerned()
    return Concerned(frozenset({asked.author_id}), ANSWER)


def _first_of(
    session: Session, thread: ThreadView, ids: Sequence[int], now: datetime, access: str
) -> frozenset[int]:
    """The first of these partners who can be told, as a set."""
    if not ids:
        return frozenset()
    people = considered.people(session, ids, now)
    found = reachable([people[one] for one in ids if one in people], members=thread.members, access=access)
    return frozenset() if found is None else frozenset({found.partner_id})
