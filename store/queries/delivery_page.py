"""Read what the mails of some claimed deliveries need: one statement for each noun, not for each mail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func, or_, select

from store.models import (
    Attachment,
    Delivery,
    Follower,
    Message,
    MessageRef,
    Notice,
    Partner,
    Suppression,
    Thread,
    TokenGeneration,
)
from store.queries.delivery import Claim
from store.session import Session

_delivery = Delivery.table()
_notice = Notice.table()
_message = Message.table()
_ref = MessageRef.table()
_thread = Thread.table()
_partner = Partner.table()
_follower = Follower.table()
_suppression = Suppression.table()
_generation = TokenGeneration.table()
_attachment = Attachment.table()

HISTORY = 10  # References: the root and the last ten (DESIGN section 4)


class Page(NamedTuple):
    """What the mails of some claimed deliveries need, each thing once.

    deliveries: rows of delivery with the reader's state. messages: by id, with thread and author.
    files: by message id. ids: message id -> [(message id, internal, parent, header id, our own)] of what
    was said before, oldest first, the sender's own id before ours.
    """

    deliveries: list[Any]
    messages: dict[int, Any]
    threads: dict[int, Any]
    files: dict[int, list[Any]]
    ids: dict[int, list[Any]]


_suppressed = and_(
    _suppression.c.address == _delivery.c.address,
    or_(_suppression.c.until.is_(None), _suppression.c.until > bindparam("now")),
)
_load = (
    select(
        _delivery.c.id, _delivery.c.kind, _delivery.c.channel, _delivery.c.message_id, _delivery.c.thread_id,
        _delivery.c.partner_id, _delivery.c.address, _delivery.c.reason, _delivery.c.payload, _delivery.c.header_id,
        _delivery.c.confirmed, _delivery.c.attempts, _delivery.c.created_at, _delivery.c.lease,
        _partner.c.name, _partner.c.internal, _partner.c.active, _partner.c.language,
        _follower.c.id.label("follower_id"), _notice.c.read_at, _suppression.c.reason.label("suppressed"),
        func.coalesce(_generation.c.generation, 0).label("generation"),
    )
    .outerjoin(_partner, _partner.c.id == _delivery.c.partner_id)
    .outerjoin(
        _notice,
        (_notice.c.message_id == _delivery.c.message_id) & (_notice.c.partner_id == _delivery.c.partner_id),
    )
    .outerjoin(
        _follower,
        (_follower.c.thread_id == _delivery.c.thread_id) & (_follower.c.partner_id == _delivery.c.partner_id),
    )
    .outerjoin(
        _generation,
        (_generation.c.thread_id == _delivery.c.thread_id) & (_generation.c.partner_id == _delivery.c.partner_id),
    )
    .outerjoin(_suppression, _suppressed)
    .where(_delivery.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_delivery.c.id)
)  # fmt: skip
_load_messages = (
    select(_message, _partner.c.name.label("partner_name"), _partner.c.internal.label("partner_internal"))
    .outerjoin(_partner, _partner.c.id == _message.c.author_id)
    .where(_message.c.id.in_(bindparam("ids", expanding=True)))
)
_load_threads = select(_thread).where(_thread.c.id.in_(bindparam("ids", expanding=True)))
_load_files = (
    select(_attachment)
    .where(_attachment.c.message_id.in_(bindparam("ids", expanding=True)))
    .order_by(_attachment.c.id)
)


def load(session: Session, claims: Sequence[Claim], now: datetime) -> Page:
    """Read what the mails of these claims need: five statements for the whole page."""
    leases = dict(claims)
    rows = session.execute(_load, {"ids": list(leases), "now": now}).all()
    held = [row for row in rows if row.lease == leases[row.id]]
    message_ids = sorted({row.message_id for row in held if row.message_id is not None})
    thread_ids = sorted({row.thread_id for row in held if row.thread_id is not None})
    files: dict[int, list[Any]] = defaultdict(list)
    if message_ids:
        for row in session.execute(_load_files, {"ids": message_ids}):
            files[row.message_id].append(row)
    return Page(
        held,
        _by_id(session, _load_messages, message_ids),
        _by_id(session, _load_threads, thread_ids),
        files,
        _history(session, message_ids),
    )


def _by_id(session: Session, statement: Any, ids: Sequence[int]) -> dict[int, Any]:
    return {row.id: row for row in session.execute(statement, {"ids": ids})} if ids else {}


_said = _message.alias("said")
_ranked = (
    select(
        _message.c.id.label("for_id"),
        _said.c.id,
        _said.c.internal,
        _said.c.message_id.label("header_id"),
        func.row_number()
        .over(partition_by=(_message.c.id, _said.c.internal), order_by=_said.c.id)
        .label("first"),
        func.row_number()
        .over(partition_by=(_message.c.id, _said.c.internal), order_by=_said.c.id.desc())
        .label("last"),
    )
    .join(_said, (_said.c.thread_id == _message.c.thread_id) & (_said.c.id <= _message.c.id))
    .where(_message.c.id.in_(bindparam("ids", expanding=True)))
    .subquery("ranked")
)
_kept = (
    select(_ranked.c.for_id, _ranked.c.id, _ranked.c.internal, _ranked.c.header_id)
    .where(or_(_ranked.c.first == 1, _ranked.c.last <= HISTORY + 1))
    .subquery("kept")
)
_load_history = (
    select(
        _kept.c.for_id, _kept.c.id, _kept.c.internal, _kept.c.header_id, _ref.c.header_id.label("foreign_id")
    )
    .outerjoin(_ref, (_ref.c.message_id == _kept.c.id) & _ref.c.ours.is_(False))
    .order_by(_kept.c.for_id, _kept.c.id, _ref.c.id)
)


def _history(session: Session, message_ids: Sequence[int]) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = defaultdict(list)
    if message_ids:
        for row in session.execute(_load_history, {"ids": message_ids}):
            grouped[row.for_id].append(row)
    return grouped
