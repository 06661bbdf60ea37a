"""What suggestions of recipients are made of: the last conversation on a thread, and where it came from."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from store.models import InboundMail, Message, Notice, Partner
from store.session import Session

_message = Message.table()
_mail = InboundMail.table()
_notice = Notice.table()
_partner = Partner.table()


def last_message(session: Session, thread_id: int) -> Any | None:
    """The last message of a thread that goes outside, with the mail that it came in; None if there is none."""
    statement = (
        select(
            _message.c.id, _message.c.author_id, _message.c.author_name, _message.c.author_email,
            _message.c.confidence, _mail.c.raw, _mail.c.blob,
        )
        .outerjoin(_mail, _mail.c.id == _message.c.inbound_id)
        .where(
            _message.c.thread_id == thread_id, _message.c.kind == "message", _message.c.internal.is_(False),
            _message.c.deleted_at.is_(None),
        )
        .order_by(_message.c.id.desc())
        .limit(1)
    )  # fmt: skip
    return session.execute(statement).first()


def first_author(session: Session, thread_id: int) -> Any | None:
    """Who wrote the mail that the thread began with, None where it did not begin with a mail."""
    statement = (
        select(_message.c.author_id, _message.c.author_name, _message.c.author_email, _message.c.confidence)
        .where(
            _message.c.thread_id == thread_id,
            _message.c.inbound_id.is_not(None),
            _message.c.kind == "message",
        )
        .order_by(_message.c.id)
        .limit(1)
    )
    return session.execute(statement).first()


def named_in(session: Session, message_id: int) -> list[Any]:
    """The partners who were addressed on purpose in a message: recipients and mentioned."""
    statement = (
        select(_partner.c.id, _partner.c.name, _partner.c.email)
        .join(_notice, _notice.c.partner_id == _partner.c.id)
        .where(
            _notice.c.message_id == message_id,
            _notice.c.reason.in_(["recipient", "mention", "addressed directly"]),
        )
        .order_by(_partner.c.id)
    )
    return list(session.execute(statement))
