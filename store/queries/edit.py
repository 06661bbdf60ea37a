"""Edit and delete messages: their earlier versions, and the mail about them that waits or has left."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, null, or_, select, update

from store.models import Attachment, Delivery, Message, MessageVersion, Notice, Partner
from store.queries.part import part
from store.session import Session

_message = Message.table()
_version = MessageVersion.table()
_delivery = Delivery.table()
_notice = Notice.table()
_attachment = Attachment.table()
_partner = Partner.table()

_lock = select(_message).with_for_update()


def hold(session: Session, message_id: int) -> Any | None:
    """The message, nobody else's to change until this transaction ends; None if there is none."""
    return session.execute(_lock.where(_message.c.id == message_id)).one_or_none()


def add_version(session: Session, values: dict[str, Any]) -> None:
    """Keep how a message stood (columns of MessageVersion without id)."""
    session.execute(insert(_version).values(values))


_versions = select(
    _version, _partner.c.name, _partner.c.email, _partner.c.internal
).outerjoin(_partner, _partner.c.id == _version.c.editor_id)  # fmt: skip


def versions(
    session: Session, message_id: int, *, before: int | None, after: int | None = None, limit: int
) -> list[Any]:
    """Earlier versions of a message with who replaced them, newest first."""
    of_message = _versions.where(_version.c.message_id == message_id)
    return part(session, of_message, _version.c.id, before=before, after=after, limit=limit)


def empty_versions(session: Session, message_id: int) -> None:
    """Take the texts and the names of files out of all earlier versions of a message."""
    emptied = {"body_html": "", "body_text": "", "files": None}
    session.execute(update(_version).where(_version.c.message_id == message_id).values(emptied))


def files_of(session: Session, message_id: int) -> list[Any]:
    """The files of a message, by id."""
    statement = select(_attachment).where(_attachment.c.message_id == message_id)
    return list(session.execute(statement.order_by(_attachment.c.id)))


_open = _delivery.c.state.in_(["queued", "deferred"])


def withdraw(session: Session, message_id: int, why: str, now: datetime) -> int:
    """Skip the mail about a message that still waits; what is at a socket now, its owner judges. Answers how many."""
    statement = update(_delivery).where(_delivery.c.message_id == message_id, _open, _delivery.c.owner == "")
    return session.execute(statement.values(state="skipped", detail=why, due_at=now)).rowcount


def forget_payloads(session: Session, message_id: int) -> None:
    """Mail that still waits shows the message as it now stands, whatever it was to say; a correction says who made it."""
    statement = update(_delivery).where(
        _delivery.c.message_id == message_id,
        _open,
        _delivery.c.payload.is_not(None),
        _delivery.c.kind != "correction",
    )
    session.execute(statement.values(payload=null()))


def empty_payloads(session: Session, message_id: int) -> None:
    """Take the texts for single readers off all mail about a message, sent or not."""
    statement = update(_delivery).where(_delivery.c.message_id == message_id, _delivery.c.kind == "message")
    session.execute(statement.values(payload=null()))


def mailed(session: Session, message_id: int) -> list[Any]:
    """Who may have the message in his mailbox, each partner once: (partner, address, reason, confirmed)."""
    statement = (
        select(_delivery.c.partner_id, _delivery.c.address, _delivery.c.reason, _delivery.c.confirmed)
        .where(
            _delivery.c.message_id == message_id,
            _delivery.c.kind == "message",
            or_(_delivery.c.state == "sent", _delivery.c.owner != ""),
        )
        .order_by(_delivery.c.partner_id, _delivery.c.id)
    )
    return list({row.partner_id: row for row in session.execute(statement)}.values())


def unread_again(session: Session, message_id: int) -> None:
    """Make the notices of a message unread."""
    session.execute(update(_notice).where(_notice.c.message_id == message_id).values(read_at=None))


def told(session: Session, message_id: int) -> set[int]:
    """The partners who were told about a message, by mail or in the inbox."""
    statement = select(_notice.c.partner_id).where(
        _notice.c.message_id == message_id, _notice.c.state.in_(["queued", "inbox", "digest"])
    )
    return set(session.execute(statement).scalars())


def forget_notices(session: Session, message_id: int, partner_ids: Collection[int]) -> None:
    """Take back decisions that are about to be made anew."""
    statement = delete(_notice).where(
        _notice.c.message_id == message_id, _notice.c.partner_id.in_(partner_ids)
    )
    session.execute(statement)


def remove_files(session: Session, ids: Sequence[int]) -> None:
    """Take files away; the blobs stay until housekeeping."""
    session.execute(delete(_attachment).where(_attachment.c.id.in_(ids)))
