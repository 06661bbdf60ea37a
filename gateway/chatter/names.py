"""How partners and records are named in everything that is shown."""

from __future__ import annotations

import msgspec

from store.models.views import PartnerView


class Person(msgspec.Struct, frozen=True):
    """A partner in a few words. id: null for the system, and for somebody who is no partner."""

    id: int | None
    name: str
    email: str
    internal: bool


class RecordName(msgspec.Struct, frozen=True):
    """The two names of a record."""

    type: str
    key: str


def person(partner: PartnerView) -> Person:
    """A partner in a few words."""
    return Person(partner.id, partner.name, partner.email, partner.internal)
