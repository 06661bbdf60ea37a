"""Addresses that get no mail, and those from which none is taken."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Suppression(Struct, frozen=True):
    """An address that gets no mail. status: an enhanced status, "" = none. until: None = for good."""

    address: str
    reason: str
    status: str
    since: datetime
    until: datetime | None
    source: str


class Block(Struct, frozen=True):
    """Mail from this address, or from every address of ``@domain``, is refused at the door."""

    pattern: str
    reason: str
    created_at: datetime
