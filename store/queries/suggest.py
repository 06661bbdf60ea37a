"""What suggestions of recipients are made of: the last conversation on a thread, and where it came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from store.models import Alias, Follower, InboundMail, Message, Notice, Partner
from store.session import Session

_message = Message.table()
_mail = InboundMail.table()
_notice = Notice.table()
_partner = Partner.table()
_follower = Follower.table()
_alias = Alias.table()


def last_message(session: Session, thread_id: int) -> Any | None:
    """The last message of a thread that goes outside and that a person wrote, with the mail that it came in.

    None if there is none.
    """
    statement = (
        select(
            _message.c.id, _message.c.author_name, _message.c.author_email, _message.c.confidence,
            _message.c.addressees, _mail.c.raw, _mail.c.blob,
        )
        .outerjoin(_mail, _mail.c.id == _message.c.inbound_id)
        .where(
            _message.c.thread_id == thread_id, _message.c.kind == "message", _message.c.internal.is_(False),
            _message.c.generated.is_(False), _message.c.deleted_at.is_(None),
        )
        .order_by(_message.c.id.desc())
        .limit(1)
    )  # fmt: skip
    return session.execute(statement).first()


def first_author(session: Session, thread_id: int) -> Any | None:
    """Who wrote the mail that the thread began with, None where it did not begin with a mail."""
    statement = (
        select(_message.c.author_name, _message.c.author_email, _message.c.confidence)
        .where(
            _message.c.thread_id == thread_id,
            _message.c.inbound_id.is_not(None),
            _message.c.kind == "message",
        )
        .order_by(_message.c.id)
        .limit(1)
    )
    return session.execute(statement).first()


def named_in(session: Session, message_id: int, at_most: int) -> list[Any]:
    """The partners who were addressed on purpose in a message: recipients and mentioned."""
    statement = (
        select(_partner.c.id, _partner.c.name, _partner.c.email)
        .join(_notice, _notice.c.partner_id == _partner.c.id)
        .where(
            _notice.c.message_id == message_id,
            _notice.c.reason.in_(["recipient", "mention", "addressed directly"]),
        )
        .order_by(_partner.c.id)
        .limit(at_most)
    )
    return list(session.execute(statement))


def following(session: Session, thread_id: int, partner_ids: Sequence[int]) -> frozenset[int]:
    """Those of the partners who follow a thread."""
    statement = select(_follower.c.partner_id).where(
        _follower.c.thread_id == thread_id, _follower.c.partner_id.in_(partner_ids)
    )
    return frozenset(session.execute(statement).scalars()) if partner_ids else frozenset()


def aliases_among(session: Session, addresses: Sequence[str]) -> frozenset[str]:
    """Those of the normalised addresses that are aliases."""
    statement = select(_alias.c.address).where(_alias.c.address.in_(addresses))
    return frozenset(session.execute(statement).scalars()) if addresses else frozenset()
