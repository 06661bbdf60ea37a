"""Messages, their files, their Message-IDs and the keys that keep a mail from posting twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import NEVER_AGAIN, Base


class Message(Base):
    """One entry of a thread. kind: message (goes outside), note (internal only), log (system).

    internal: readable by staff only (every note, and log entries of internal subtypes). author_id None
    = the system partner is not recorded as a person. author_name / author_email: as they were when it
    was posted. confidence: verified, token, claimed or "" for what did not come by mail.
    message_id: the Message-ID that our copies carry, minted before anything is sent.
    tracking: [{field, label, old, new}]. folded: automatic mail, shown closed.
    addressees: whom the author named beside the followers, [{partner_id, name, email, how}] as they were then
    and in his order, how = to or cc; None = nobody.
    search_text, search_internal: its words as they are searched, by everybody who may read it and by staff alone.
    """

    __tablename__ = "message"
    __table_args__ = NEVER_AGAIN

    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id", ondelete="CASCADE"))
    kind: Mapped[str]
    subtype: Mapped[str]
    internal: Mapped[bool] = mapped_column(default=False)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"))
    author_name: Mapped[str] = mapped_column(default="")
    author_email: Mapped[str] = mapped_column(default="")
    confidence: Mapped[str] = mapped_column(default="")
    date: Mapped[datetime]
    subject: Mapped[str | None]
    body_html: Mapped[str] = mapped_column(default="")
    body_text: Mapped[str] = mapped_column(default="")
    quoted_html: Mapped[str | None]
    message_id: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    tracking: Mapped[list[Any] | None]
    addressees: Mapped[list[Any] | None]
    folded: Mapped[bool] = mapped_column(default=False)
    generated: Mapped[bool] = mapped_column(default=False)
    inbound_id: Mapped[int | None]
    search_text: Mapped[str] = mapped_column(default="")
    search_internal: Mapped[str] = mapped_column(default="")
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class MessageRef(Base):
    """A Message-ID that leads to a message: our own, the sender's, and what relays made of ours."""

    __tablename__ = "message_ref"

    id: Mapped[int] = mapped_column(primary_key=True)
    header_id: Mapped[str] = mapped_column(index=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), index=True)
    ours: Mapped[bool] = mapped_column(default=False)


class Attachment(Base):
    """A file of a record or of a message. blob: SHA-256 of its content, in the blob store.

    message_id None = on the record, or uploaded and not yet part of a message. preview: a few lines of
    plain text about it, null where there is nothing to say. uploaded_by: the token or session that sent it,
    which alone may put it into a message; "" = it came by mail. uploader_id: the partner for whom, if known.
    pending: for a message that is being written, its uploader's alone until it is sent. scheduled_id: the
    scheduled message that it is kept for. Ids are never used again: signed links in mailboxes hold them.
    """

    __tablename__ = "attachment"
    __table_args__ = NEVER_AGAIN

    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int]
    blob: Mapped[str] = mapped_column(index=True)
    content_id: Mapped[str | None]
    inline: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    preview: Mapped[str | None]
    uploaded_by: Mapped[str] = mapped_column(default="")
    uploader_id: Mapped[int | None]
    pending: Mapped[bool] = mapped_column(default=False, server_default=false())
    scheduled_id: Mapped[int | None] = mapped_column(ForeignKey("scheduled_message.id", ondelete="SET NULL"))


class Arrival(Base):
    """The key that a mail takes when it posts: (target, fingerprint). Outlives the raw mail.

    target: ``thread:ID``, or ``alias:ID`` for a new record. author: under which his mails are counted
    (rules/limits), "" for mail from before they were.
    """

    __tablename__ = "arrival"

    target: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(primary_key=True)
    inbound_id: Mapped[int]
    created_at: Mapped[datetime]
    author: Mapped[str] = mapped_column(default="", server_default="")


_answers = text("parent_id IS NOT NULL")
Index("ix_arrival_author", Arrival.target, Arrival.author, Arrival.created_at)
Index("ix_message_thread", Message.thread_id, Message.id)
Index("ix_message_kind", Message.thread_id, Message.kind, Message.id)
Index("ix_message_author", Message.author_id, Message.id)
Index("ix_message_parent", Message.parent_id, sqlite_where=_answers, postgresql_where=_answers)
_kept = text("scheduled_id IS NOT NULL")
_loose = text("pending AND message_id IS NULL")
Index("ix_attachment_scheduled", Attachment.scheduled_id, sqlite_where=_kept, postgresql_where=_kept)
Index("ix_attachment_pending", Attachment.created_at, sqlite_where=_loose, postgresql_where=_loose)
