"""What the links of a message lead to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import NEVER_AGAIN, Base


class LinkPreview(Base):
    """A link of a message, and what the page behind it says of itself; texts are "" where it says nothing.

    position: among the links of its message. url: as it was written, without its fragment. domain: under which
    it is counted (rules/preview). state: waiting, done, failed, or hidden by somebody. kind: page or image, "" until it
    is done. detail: why it failed, "" if it did not. due_at, owner, lease: as in the ledger, while it waits. asked_at:
    when it was asked for last. Ids are never used again: a dispatcher may still hold one.
    """

    __tablename__ = "link_preview"
    __table_args__ = NEVER_AGAIN

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    position: Mapped[int]
    url: Mapped[str]
    domain: Mapped[str]
    state: Mapped[str] = mapped_column(default="waiting")
    kind: Mapped[str] = mapped_column(default="")
    title: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    site_name: Mapped[str] = mapped_column(default="")
    image_url: Mapped[str] = mapped_column(default="")
    detail: Mapped[str] = mapped_column(default="")
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    owner: Mapped[str] = mapped_column(default="")
    lease: Mapped[int] = mapped_column(default=0)


_waiting = text("state = 'waiting'")
Index("ix_link_preview_message", LinkPreview.message_id, LinkPreview.position)
Index("ix_link_preview_due", LinkPreview.due_at, sqlite_where=_waiting, postgresql_where=_waiting)
Index("ix_link_preview_asked", LinkPreview.domain, LinkPreview.asked_at)
