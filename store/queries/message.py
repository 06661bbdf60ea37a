"""Messages, their Message-IDs, files and notices, and the keys of arrivals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, delete, exists, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from store.bell import ring
from store.models import Arrival, Attachment, Delivery, Message, MessageRef, Notice, Partner, Thread
from store.queries.access_filter import EVERYTHING, THREAD_OF, Reader, readable_messages
from store.queries.numbered import Numbered
from store.queries.part import part
from store.session import Session

_message = Message.table()
_ref = MessageRef.table()
_attachment = Attachment.table()
_arrival = Arrival.table()
_notice = Notice.table()
_delivery = Delivery.table()
_partner = Partner.table()
_thread = Thread.table()

_arrival_values: dict[str, Any] = {
    name: bindparam(name) for name in ("target", "fingerprint", "inbound_id", "created_at", "author")
}
_arrive = {
    name: make(_arrival)
    .values(_arrival_values)
    .on_conflict_do_nothing()
    .execution_options(preserve_rowcount=True)
    for name, make in (("sqlite", insert_sqlite), ("postgresql", insert_postgresql))
}
_arrived = select(_arrival.c.inbound_id).where(
    _arrival.c.target == bindparam("target"), _arrival.c.fingerprint == bindparam("fingerprint")
)


def arrive(
    session: Session, target: str, fingerprint: str, inbound_id: int, now: datetime, *, author: str = ""
) -> int | None:
    """Take the key of a mail for a target; None when it was free, else the ledger id that has it.

    author: under which his mails are counted (rules/limits), "" = under nobody's.
    """
    values = {
        "target": target, "fingerprint": fingerprint, "inbound_id": inbound_id, "created_at": now, "author": author,
    }  # fmt: skip
    if session.execute(_arrive[session.dialect.name], values).rowcount == 1:
        return None
    return arrived(session, target, fingerprint)


def arrived(session: Session, target: str, fingerprint: str) -> int | None:
    """The ledger id that has the key of a mail for a target, None while it is free."""
    found: int | None = session.execute(_arrived, {"target": target, "fingerprint": fingerprint}).scalar()
    return found


_add = insert(_message)


def add(session: Session, values: dict[str, Any]) -> int:
    """Enter a message; values: every column that has no default of null. Rings ``threads``."""
    key = session.execute(_add, values).inserted_primary_key
    assert key is not None
    ring(session, "threads")
    return int(key[0])


_numbered = Numbered(_message)


def add_all(session: Session, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Enter messages (rows as for ``add``); answers their ids in order. Rings ``threads``."""
    if rows:
        ring(session, "threads")
    return _numbered.add(session, rows)


_add_refs = insert(_ref)


def add_refs(session: Session, message_id: int, header_ids: Sequence[tuple[str, bool]]) -> None:
    """Note Message-IDs that lead to a message; each with whether it is one of ours."""
    rows = [
        {"header_id": header_id, "message_id": message_id, "ours": ours} for header_id, ours in header_ids
    ]
    if rows:
        session.execute(_add_refs, rows)


def add_own_refs(session: Session, refs: Sequence[tuple[str, int]]) -> None:
    """Note our own Message-IDs of many messages: (header id, message id)."""
    rows = [
        {"header_id": header_id, "message_id": message_id, "ours": True} for header_id, message_id in refs
    ]
    if rows:
        session.execute(_add_refs, rows)


_referenced = (
    select(_ref.c.header_id, _ref.c.ours, _message.c.id, _message.c.thread_id, _message.c.internal)
    .join(_message, _message.c.id == _ref.c.message_id)
    .where(_ref.c.header_id.in_(bindparam("header_ids", expanding=True)))
)


def referenced(session: Session, header_ids: Sequence[str]) -> list[Any]:
    """The messages that these Message-IDs lead to, in the order of the given ids, each with its thread."""
    if not header_ids:
        return []
    order = {header_id: position for position, header_id in enumerate(header_ids)}
    rows = session.execute(_referenced, {"header_ids": list(order)}).all()
    return sorted(rows, key=lambda row: (order[row.header_id], -row.id))


_claimed = (
    select(_message.c.author_id)
    .join(_partner, _partner.c.id == _message.c.author_id)
    .where(
        _message.c.thread_id == bindparam("thread"), _message.c.author_id.in_(bindparam("named", expanding=True)),
        _message.c.confidence == "claimed", _partner.c.internal.is_(False),
    )
    .distinct()
)  # fmt: skip


def claimed_authors(session: Session, thread_id: int, partner_ids: Collection[int]) -> list[int]:
    """Those of the partners, outsiders, who wrote on the thread while nothing proved that it was them."""
    rows = session.execute(_claimed, {"thread": thread_id, "named": sorted(partner_ids)})
    return sorted(rows.scalars())


_add_attachment = insert(_attachment)


def add_attachments(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Enter files (columns of Attachment without id)."""
    if rows:
        session.execute(_add_attachment, list(rows))


def add_attachment(session: Session, row: dict[str, Any]) -> int:
    """Enter one file; answers its id."""
    key = session.execute(_add_attachment, row).inserted_primary_key
    assert key is not None
    return int(key[0])


def attachment(session: Session, attachment_id: int) -> Any | None:
    """One file, None if there is none."""
    return session.execute(select(_attachment).where(_attachment.c.id == attachment_id)).one_or_none()


def bind_attachments(session: Session, message_id: int, ids: Sequence[int]) -> None:
    """Make files part of a message."""
    session.execute(update(_attachment).where(_attachment.c.id.in_(ids)).values(message_id=message_id))


def show_inside(session: Session, content_ids: Mapping[int, str]) -> None:
    """Make files images inside the body of their message, under these Content-IDs."""
    for attachment_id, content_id in content_ids.items():
        session.execute(
            update(_attachment)
            .where(_attachment.c.id == attachment_id)
            .values(content_id=content_id, inline=True)
        )


_older = _attachment.alias("older")
_is_repeated = (
    _attachment.c.inline.is_(True)
    & _attachment.c.content_type.like("image/%")
    & exists().where(
        _older.c.thread_id == _attachment.c.thread_id,
        _older.c.blob == _attachment.c.blob,
        _older.c.message_id < _attachment.c.message_id,
    )
)
_OF_MESSAGES: BindParameter[Any] = bindparam("messages", expanding=True)
_files = (
    select(_attachment, _is_repeated.label("repeated"))
    .where(_attachment.c.message_id.in_(_OF_MESSAGES))
    .order_by(_attachment.c.id)
)


def attachments_of(session: Session, message_ids: Sequence[int]) -> dict[int, list[Any]]:
    """The files of each message, by id; ``repeated`` says that an older message has the same inline image."""
    grouped: dict[int, list[Any]] = defaultdict(list)
    if message_ids:
        for row in session.execute(_files, {"messages": message_ids}):
            grouped[row.message_id].append(row)
    return grouped


_add_notices = insert(_notice)
_add_deliveries = insert(_delivery)


def add_notices(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Enter the decisions about a message (columns of Notice)."""
    if rows:
        session.execute(_add_notices, list(rows))


def add_deliveries(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Queue mail (columns of Delivery without id). Rings ``deliveries``."""
    if rows:
        session.execute(_add_deliveries, list(rows))
        ring(session, "deliveries")


_columns = (
    _message.c.id, _message.c.thread_id, _message.c.kind, _message.c.subtype, _message.c.internal,
    _message.c.author_id, _message.c.author_name, _message.c.author_email, _message.c.confidence, _message.c.date,
    _message.c.subject, _message.c.body_html, _message.c.body_text, _message.c.quoted_html, _message.c.message_id,
    _message.c.parent_id, _message.c.tracking, _message.c.addressees, _message.c.folded, _message.c.edited_at, _message.c.deleted_at,
    _partner.c.name.label("partner_name"), _partner.c.email.label("partner_email"),
    _partner.c.internal.label("partner_internal"), _thread.c.record_type, _thread.c.key,
)  # fmt: skip
JOINED = _message.join(_thread, THREAD_OF).outerjoin(_partner, _partner.c.id == _message.c.author_id)
LISTED: Select[Any] = select(*_columns).select_from(JOINED)
"""Messages with author and record."""
_by_ids = LISTED.where(_message.c.id.in_(_OF_MESSAGES))


def one(session: Session, message_id: int, reader: Reader = EVERYTHING) -> Any | None:
    """One message with author and record, None if there is none that the reader may read."""
    found = by_ids(session, [message_id], reader)
    return found[0] if found else None


def by_ids(session: Session, ids: Sequence[int], reader: Reader = EVERYTHING) -> list[Any]:
    """Those of the messages that the reader may read, with author and record, in the order of the ids."""
    if not ids:
        return []
    conditions = readable_messages(session, reader)
    rows = session.execute(_by_ids.where(*conditions) if conditions else _by_ids, {"messages": ids})
    found = {row.id: row for row in rows}
    return [found[message_id] for message_id in ids if message_id in found]


def change(session: Session, message_id: int, values: dict[str, Any]) -> None:
    """Write columns of a message. Rings ``threads``."""
    session.execute(update(_message).where(_message.c.id == message_id).values(values))
    ring(session, "threads")


_notices = (
    select(
        _notice.c.message_id, _notice.c.partner_id, _notice.c.channel, _notice.c.state, _notice.c.reason,
        _notice.c.read_at, _partner.c.email, _partner.c.name, _partner.c.internal,
        _delivery.c.id.label("delivery_id"), _delivery.c.state.label("delivery_state"), _delivery.c.status,
        _delivery.c.detail,
    )
    .join(_partner, _partner.c.id == _notice.c.partner_id)
    .outerjoin(
        _delivery,
        (_delivery.c.message_id == _notice.c.message_id)
        & (_delivery.c.partner_id == _notice.c.partner_id)
        & _delivery.c.kind.in_(["message", "assigned", "invite"]),
    )
    .where(_notice.c.message_id.in_(_OF_MESSAGES))
    .order_by(_notice.c.partner_id, _delivery.c.id)
)  # fmt: skip


def notices_of(session: Session, message_ids: Sequence[int]) -> dict[int, list[Any]]:
    """The notices of each message with their partner and, where one carries them, their delivery's state."""
    grouped: dict[int, list[Any]] = defaultdict(list)
    if message_ids:
        for row in session.execute(_notices, {"messages": message_ids}):
            grouped[row.message_id].append(row)
    return grouped


def unread(
    session: Session, reader: Reader, *, before: int | None, after: int | None = None, limit: int
) -> list[Any]:
    """The unread inbox notices of a partner about what he may still read, newest first. reader: a person."""
    waiting = (
        select(
            _notice.c.message_id,
            _notice.c.reason,
            _message.c.thread_id,
            _thread.c.record_type,
            _thread.c.key,
            _thread.c.title,
        )
        .join(_message, _message.c.id == _notice.c.message_id)
        .join(_thread, _thread.c.id == _message.c.thread_id)
        .where(
            _notice.c.partner_id == reader.partner_id,
            _notice.c.state == "inbox",
            _notice.c.read_at.is_(None),
            _message.c.deleted_at.is_(None),
            *readable_messages(session, reader),
        )
    )
    return part(session, waiting, _notice.c.message_id, before=before, after=after, limit=limit)


def mark_read(
    session: Session, partner_id: int, message_ids: Sequence[int] | None, now: datetime,
    types: Collection[str] | None = None,
) -> int:  # fmt: skip
    """Mark inbox notices read; None = all of the partner's. types: about records of these, None = all.

    Answers how many changed.
    """
    statement = update(_notice).where(_notice.c.partner_id == partner_id, _notice.c.read_at.is_(None))
    if message_ids is not None:
        statement = statement.where(_notice.c.message_id.in_(message_ids))
    if types is not None:
        about = select(_message.c.id).join(_thread, _thread.c.id == _message.c.thread_id)
        covered = about.where(_thread.c.record_type.in_(sorted(types)))
        statement = statement.where(_notice.c.message_id.in_(covered))
    return session.execute(statement.values(read_at=now)).rowcount


def remove_attachments(session: Session, message_id: int) -> None:
    """Take the files off a message that was deleted; the blobs stay until housekeeping."""
    session.execute(delete(_attachment).where(_attachment.c.message_id == message_id))
