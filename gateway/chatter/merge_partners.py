"""Two partners turn out to be one person: addresses, subscriptions, authorship and notices move."""

from __future__ import annotations

from datetime import datetime

from gateway.chatter.partners import known
from gateway.errors import Conflict, FieldError, NotFound
from gateway.mail.address import normalise
from store.models.views import PartnerView
from store.queries import merge as store
from store.queries import partner as partners
from store.session import Session


def merge(session: Session, email: str, into: str, now: datetime) -> PartnerView:
    """Make the partner of ``email`` a part of the partner of ``into``; answers the latter.

    Reply addresses minted for the first keep working and stand for the second. Raises NotFound for email,
    BadValue for into, Conflict when both are one already, or a colleague would become an outsider, or one
    who is active would be deactivated by it.
    """
    gone = partners.by_address(session, normalise(email))
    if gone is None:
        raise NotFound(f"{email} is not a known partner")
    survivor = known(session, into, "into")
    if gone.id == survivor.id:
        raise _conflict(f"{email} and {into} are one partner already")
    if gone.internal and not survivor.internal:
        raise _conflict(f"{gone.email} is a colleague and {survivor.email} is not: merge the other way round")
    if gone.active and not survivor.active:
        raise _conflict(f"{survivor.email} is deactivated and {gone.email} is not: merge the other way round")
    store.merge(session, gone.id, survivor.id, now)
    if not survivor.name and gone.name:
        partners.change(session, survivor.id, {"name": gone.name})
    found = partners.by_id(session, survivor.id)
    assert found is not None
    return found


def _conflict(detail: str) -> Conflict:
    return Conflict(detail, [FieldError("#/into", detail)])
