"""The ledger: every mail that was accepted, and what became of it.

received -> processing -> posted | absorbed | held | refused | failed

received    durable, not yet looked at (or waiting for another try)
processing  a worker holds the lease
posted      it is a message of a thread
absorbed    it needed no message: a duplicate, a bounce, our own loop
held        a person must look at it; the reason says why
refused     policy refuses it
failed      it made us fail three times; set aside, can be replayed
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base


class InboundMail(Base):
    """One accepted transaction. raw: the octets up to 64 KiB; larger mail lies in ``blob``.

    state: the worst of its targets. client: what the door knows of the peer. fingerprint and author:
    None until it was read.
    """

    __tablename__ = "inbound_mail"

    id: Mapped[int] = mapped_column(primary_key=True)
    door: Mapped[str]
    state: Mapped[str] = mapped_column(default="received")
    reason: Mapped[str] = mapped_column(default="")
    reverse_path: Mapped[str]
    client: Mapped[dict[str, Any]] = mapped_column(default=dict)
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)
    blob: Mapped[str | None]
    size: Mapped[int]
    message_id: Mapped[str | None] = mapped_column(index=True)
    subject: Mapped[str] = mapped_column(default="")
    author: Mapped[str] = mapped_column(default="")
    fingerprint: Mapped[str | None] = mapped_column(index=True)
    search_text: Mapped[str] = mapped_column(default="")
    received_at: Mapped[datetime]


class InboundTarget(Base):
    """One forward-path of a mail, what it meant when it was accepted, and what became of it.

    kind and target: the typed Target of rules/routing as the door resolved it. due_at: when it may be
    claimed; a claim moves it to the end of the lease, so a dead worker only delays. lease: counts
    claims; who finishes names owner and lease and must change one row.
    """

    __tablename__ = "inbound_target"

    id: Mapped[int] = mapped_column(primary_key=True)
    mail_id: Mapped[int] = mapped_column(ForeignKey("inbound_mail.id", ondelete="CASCADE"), index=True)
    forward_path: Mapped[str]
    kind: Mapped[str]
    target: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(default="received")
    reason: Mapped[str] = mapped_column(default="")
    thread_id: Mapped[int | None]
    message_id: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    owner: Mapped[str] = mapped_column(default="")
    lease: Mapped[int] = mapped_column(default=0)
    trace: Mapped[list[Any]] = mapped_column(default=list)


class Courtesy(Base):
    """When an address last got a mail that only answers one of its own. kind: refusal or acknowledgement."""

    __tablename__ = "courtesy"

    kind: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    sent_at: Mapped[datetime]


_open = text("state IN ('received', 'processing')")
Index("ix_inbound_target_due", InboundTarget.due_at, sqlite_where=_open, postgresql_where=_open)
Index("ix_inbound_mail_state", InboundMail.state, InboundMail.id)
_large = text("blob IS NOT NULL")
Index("ix_inbound_mail_blob", InboundMail.blob, sqlite_where=_large, postgresql_where=_large)
