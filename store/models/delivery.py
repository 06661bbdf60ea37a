"""Who is told (Notice), the outbox (Delivery), and events for host applications (Event).

A notice is the decision, a delivery the attempt. The state of a mailed notice is its delivery's:

queued      waiting for its turn
deferred    the next hop said "later" (4xx); tried again with back-off for five days
sent        the next hop took responsibility
failed      the next hop refused for good (5xx), or five days passed
bounced     it came back after it was sent
complained  the reader called it spam
suppressed  not tried: the address is dead or asked for no mail
skipped     not tried: the reader left, or the message was withdrawn since
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import NEVER_AGAIN, Base


class Notice(Base):
    """Tell this partner about this message, for this reason; or do not, for this reason.

    state: queued where a delivery carries it, else inbox, digest, skipped or suppressed.
    reason: follower, mention, recipient, assigned, ... or why not. read_at: None = unread in the inbox.
    """

    __tablename__ = "notice"

    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str]
    read_at: Mapped[datetime | None]


class Delivery(Base):
    """One mail to one partner, with its attempts.

    kind: message, or the name of the template it is rendered from (invite, assigned, confirm, ...).
    reason: the notice's reason (chooses the template and the footer). confirmed: an outsider who was named in a
    note on purpose, which no other outsider gets. payload: what a kind without a
    message needs. header_id: the Message-ID that it carries. due_at, owner, lease: as in the ledger.
    status: RFC 3463 code of the last answer, "" if none; detail: its words. author_id: who wrote the message
    that it carries, None = nobody of ours.
    """

    __tablename__ = "delivery"
    __table_args__ = NEVER_AGAIN

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    channel: Mapped[str]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    thread_id: Mapped[int | None] = mapped_column(ForeignKey("thread.id", ondelete="CASCADE"))
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id", ondelete="CASCADE"))
    address: Mapped[str]
    reason: Mapped[str]
    confirmed: Mapped[bool] = mapped_column(default=False)
    payload: Mapped[dict[str, Any] | None]
    header_id: Mapped[str]
    state: Mapped[str] = mapped_column(default="queued")
    status: Mapped[str] = mapped_column(default="")
    detail: Mapped[str] = mapped_column(default="")
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    owner: Mapped[str] = mapped_column(default="")
    lease: Mapped[int] = mapped_column(default=0)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"))


class Webhook(Base):
    """An address of a host application that wants to hear of events. record_types: empty = all.

    secret: signs what is sent there (Standard Webhooks), so it is kept as it is.
    """

    __tablename__ = "webhook"

    id: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str]
    events: Mapped[frozenset[str]]
    record_types: Mapped[frozenset[str]]
    secret: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class Event(Base):
    """Something that one webhook is told; states as those of a delivery. payload: names what happened to what.

    status: HTTP status of the last answer, "" if none; detail: its words. failed = dead-lettered.
    """

    __tablename__ = "event"
    __table_args__ = NEVER_AGAIN

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"))
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="queued")
    status: Mapped[str] = mapped_column(default="")
    detail: Mapped[str] = mapped_column(default="")
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    owner: Mapped[str] = mapped_column(default="")
    lease: Mapped[int] = mapped_column(default=0)


_open = text("state IN ('queued', 'deferred')")
Index("ix_delivery_due", Delivery.due_at, sqlite_where=_open, postgresql_where=_open)
Index("ix_delivery_message", Delivery.message_id, Delivery.partner_id)
Index("ix_delivery_thread", Delivery.thread_id, Delivery.id)
Index("ix_delivery_state", Delivery.state, Delivery.id)
_failed = text("state IN ('failed', 'bounced', 'complained', 'suppressed')")
Index("ix_delivery_failure", Delivery.author_id, Delivery.id, sqlite_where=_failed, postgresql_where=_failed)
Index("ix_notice_partner", Notice.partner_id, Notice.message_id)
_unread = text("state = 'inbox' AND read_at IS NULL")
Index(
    "ix_notice_unread", Notice.partner_id, Notice.message_id, sqlite_where=_unread, postgresql_where=_unread
)
Index("ix_event_webhook", Event.webhook_id, Event.id)
Index("ix_event_due", Event.due_at, sqlite_where=_open, postgresql_where=_open)
