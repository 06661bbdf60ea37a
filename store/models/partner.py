"""People and mailboxes: Partner, Address, Suppression."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import NEVER_AGAIN, Base


class Partner(Base):
    """A person or mailbox. ``internal`` is staff; ``role`` is admin, member or "" (external).

    email: the address that mail to him goes to, normalised; also a row of Address. language: a BCP 47
    tag, "" = the house's default. notify: his timing preferences, {} = the defaults. signature: lines of
    text for the end of what he writes, "" = none. merged_into: who he
    turned out to be; then nothing else names him, but reply addresses in mailboxes do.
    """

    __tablename__ = "partner"
    __table_args__ = NEVER_AGAIN

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    internal: Mapped[bool] = mapped_column(default=False)
    role: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str] = mapped_column(default="")
    timezone: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    signature: Mapped[str] = mapped_column(default="")
    notify: Mapped[dict[str, Any]] = mapped_column(default=dict)
    search_text: Mapped[str] = mapped_column(default="")
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("partner.id"), index=True)
    created_at: Mapped[datetime]


class Address(Base):
    """One address of a partner, normalised (lower-case ASCII local part, A-label domain)."""

    __tablename__ = "address"

    address: Mapped[str] = mapped_column(primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id", ondelete="CASCADE"), index=True)


class Suppression(Base):
    """An address that mail no longer goes to. status: RFC 3463, "" if none. until: None = for good.

    source: bounce, complaint or the e-mail of the person who entered it.
    """

    __tablename__ = "suppression"

    address: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    status: Mapped[str] = mapped_column(default="")
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    source: Mapped[str] = mapped_column(default="")


class Block(Base):
    """A reverse-path or author address, or @domain, that the doors and the pipeline refuse."""

    __tablename__ = "block"

    pattern: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]


Index("ix_partner_name", Partner.name)
Index(
    "ix_partner_internal", Partner.internal, sqlite_where=text("internal"), postgresql_where=text("internal")
)
