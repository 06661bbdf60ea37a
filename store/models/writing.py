"""What is written beside the messages: their earlier versions, templates, what is to be posted later."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import NEVER_AGAIN, Base


class MessageVersion(Base):
    """How a message stood before an edit. written_at: when this text was written; replaced_at: until when.

    editor_id None = an application without a person, or a partner who is gone; editor_name and
    editor_email: as they were. files: [{name, size, content_type}] that it had, null where none. The texts
    and files of a message that was deleted are emptied here too.
    """

    __tablename__ = "message_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), index=True)
    editor_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id", ondelete="SET NULL"))
    editor_name: Mapped[str] = mapped_column(default="")
    editor_email: Mapped[str] = mapped_column(default="")
    written_at: Mapped[datetime]
    replaced_at: Mapped[datetime]
    body_html: Mapped[str] = mapped_column(default="")
    body_text: Mapped[str] = mapped_column(default="")
    deleted: Mapped[bool] = mapped_column(default=False)
    files: Mapped[list[Any] | None]


class Template(Base):
    """A text with placeholders that the host gave us. record_type None = for records of every type.

    variants: language tag -> {subject, body_html, body_text}; recipients: e-mails, or placeholders that
    give one. body_text counts where body_html is "". send_at: when what is made from it is sent, as
    ``gateway.rules.send_at`` reads it once it is filled in, "" = at once. owner_id: the colleague who saved it
    from his composer, None = the host application's or an admin's.
    """

    __tablename__ = "template"

    name: Mapped[str] = mapped_column(primary_key=True)
    record_type: Mapped[str | None]
    subject: Mapped[str] = mapped_column(default="")
    body_html: Mapped[str] = mapped_column(default="")
    body_text: Mapped[str] = mapped_column(default="")
    variants: Mapped[dict[str, Any]] = mapped_column(default=dict)
    recipients: Mapped[list[Any]] = mapped_column(default=list)
    send_at: Mapped[str] = mapped_column(default="")
    updated_at: Mapped[datetime]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id", ondelete="SET NULL"))


class TemplateFile(Base):
    """A file that goes with every message made from a template; all of them share its octets."""

    __tablename__ = "template_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    template: Mapped[str] = mapped_column(ForeignKey("template.name", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int]
    blob: Mapped[str] = mapped_column(index=True)


class ScheduledMessage(Base):
    """A message that is to be posted later, hidden until then. Deleted in the transaction that posts it.

    writing: what the call said, as ``gateway.chatter.write.Writing`` takes it. creator_id: for whom the
    application acted when it was entered, None = nobody was named. state: waiting, or failed with trouble.
    """

    __tablename__ = "scheduled_message"
    __table_args__ = NEVER_AGAIN

    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("partner.id", ondelete="CASCADE"))
    creator_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id", ondelete="SET NULL"))
    writing: Mapped[dict[str, Any]]
    send_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="waiting")
    trouble: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]


_waiting = text("state = 'waiting'")
Index("ix_scheduled_message_due", ScheduledMessage.send_at, sqlite_where=_waiting, postgresql_where=_waiting)
