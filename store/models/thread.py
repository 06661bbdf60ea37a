"""Record types, threads, aliases and followers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import NEVER_AGAIN, Base


class RecordType(Base):
    """A kind of record and its rules. ``config`` holds fields, subtypes, activity types and policy."""

    __tablename__ = "record_type"

    name: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str]
    config: Mapped[dict[str, Any]] = mapped_column(default=dict)
    updated_at: Mapped[datetime]


class Thread(Base):
    """One record of the host application and its conversation: named by (record_type, key).

    subject: frozen at the first mail about the thread, None until then. domain: which of our domains
    its mail is sent from, "" = the first. active: False = archived; mail to it is held.
    members: None = every internal partner may access it; else only these partner ids (access rule);
    triggers keep them in ``thread_member`` too, so that somebody's records are found.
    parent_id: the record that it is part of, such as the project of a task; its followers may inherit.
    """

    __tablename__ = "thread"
    __table_args__ = (UniqueConstraint("record_type", "key"), NEVER_AGAIN)

    id: Mapped[int] = mapped_column(primary_key=True)
    record_type: Mapped[str] = mapped_column(ForeignKey("record_type.name"))
    key: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    url: Mapped[str | None]
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"))
    creator_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"))
    domain: Mapped[str] = mapped_column(default="")
    subject: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    members: Mapped[list[Any] | None]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("thread.id", ondelete="SET NULL"), index=True)
    last_notified_at: Mapped[datetime | None]
    search_text: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Alias(Base):
    """An address that opens new records of a type. defaults: fields of the new record."""

    __tablename__ = "alias"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(unique=True)
    record_type: Mapped[str] = mapped_column(ForeignKey("record_type.name"), index=True)
    defaults: Mapped[dict[str, Any]] = mapped_column(default=dict)
    policy: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]


class Follower(Base):
    """A partner following a thread, with the names of the subtypes he wants."""

    __tablename__ = "follower"
    __table_args__ = (UniqueConstraint("thread_id", "partner_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id", ondelete="CASCADE"))
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id", ondelete="CASCADE"))
    subtypes: Mapped[frozenset[str]]
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]


class Invitation(Base):
    """A partner whom a verified internal author addressed on a thread: his answer is welcome."""

    __tablename__ = "invitation"

    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id", ondelete="CASCADE"), primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[datetime]


class SilentChange(Base):
    """A change of a field that the log does not tell; how long each value lasted is known all the same.

    old_value, new_value: what tells one value from another (rules/values), "" = empty.
    """

    __tablename__ = "silent_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id", ondelete="CASCADE"), index=True)
    field: Mapped[str]
    old_value: Mapped[str]
    new_value: Mapped[str]
    created_at: Mapped[datetime]


class ThreadRedirect(Base):
    """A thread that was merged into another: its reply addresses lead to the survivor.

    record_type, key: of its record, None where it was merged before these were kept.
    """

    __tablename__ = "thread_redirect"
    __table_args__ = (Index("ix_thread_redirect_name", "record_type", "key"),)

    old_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    record_type: Mapped[str | None]
    key: Mapped[str | None]


class TokenGeneration(Base):
    """Reply addresses below this generation are revoked for (thread, partner); no row = generation 0.

    thread_id: also of a thread that was merged away, whose addresses live on.
    """

    __tablename__ = "token_generation"

    thread_id: Mapped[int] = mapped_column(primary_key=True)
    partner_id: Mapped[int] = mapped_column(primary_key=True)
    generation: Mapped[int]


UNNAMED = {
    "sqlite": "members IS NULL OR members = 'null'",
    "postgresql": "members IS NULL OR members::text = 'null'",
}
"""The record names no members, in the words of each database; literally, so that the partial index answers."""

Index("ix_thread_updated", Thread.record_type, Thread.id)
Index(
    "ix_thread_open",
    Thread.record_type,
    Thread.id,
    sqlite_where=text(UNNAMED["sqlite"]),
    postgresql_where=text(UNNAMED["postgresql"]),
)
Index("ix_follower_partner", Follower.partner_id, Follower.thread_id)
