"""Mail that did not arrive, as its author is shown it, tries it again or lets it be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, select, text, update

from store.bell import ring
from store.models import Delivery, Message, Partner, Thread
from store.queries.access_filter import Reader, readable_threads
from store.queries.delivery import told_again
from store.queries.part import part
from store.session import Session

_delivery = Delivery.table()
_message = Message.table()
_thread = Thread.table()
_partner = Partner.table()

# literally, so that the partial index answers: an author's failures, whatever else the store holds
_failed = text("delivery.state IN ('failed', 'bounced', 'complained', 'suppressed')")


def _of_author(
    session: Session, reader: Reader, author_id: int, record_type: str | None, ids: Sequence[int] | None
) -> list[Any]:
    conditions: list[Any] = [
        _delivery.c.author_id == author_id,
        _failed,
        _message.c.deleted_at.is_(None),
        *readable_threads(session, reader),
    ]
    if record_type is not None:
        conditions.append(_thread.c.record_type == record_type)
    if ids is not None:
        conditions.append(_delivery.c.id.in_(ids))
    return conditions


_joined = _delivery.join(_message, _message.c.id == _delivery.c.message_id).join(
    _thread, _thread.c.id == _message.c.thread_id
)


def page(
    session: Session,
    reader: Reader,
    author_id: int,
    *,
    record_type: str | None,
    before: int | None,
    after: int | None = None,
    limit: int,
) -> list[Any]:
    """Failed mail about an author's messages, on records that the reader may open; newest first.

    The rows are those of ``delivery.queue``.
    """
    of_author = (
        select(
            _delivery, _thread.c.record_type, _thread.c.key, _partner.c.name.label("partner_name"),
            _partner.c.email.label("partner_email"), _partner.c.internal.label("partner_internal"),
        )
        .select_from(_joined.outerjoin(_partner, _partner.c.id == _delivery.c.partner_id))
        .where(*_of_author(session, reader, author_id, record_type, None))
    )  # fmt: skip
    return part(session, of_author, _delivery.c.id, before=before, after=after, limit=limit)


def counts(session: Session, reader: Reader, author_id: int) -> dict[str, int]:
    """How much failed, by record type."""
    statement = (
        select(_thread.c.record_type, func.count())
        .select_from(_joined)
        .where(*_of_author(session, reader, author_id, None, None))
        .group_by(_thread.c.record_type)
        .order_by(_thread.c.record_type)
    )
    return {record_type: int(count) for record_type, count in session.execute(statement)}


def retry(
    session: Session,
    reader: Reader,
    author_id: int,
    *,
    record_type: str | None,
    ids: Sequence[int] | None,
    now: datetime,
) -> int:
    """Queue them again; answers how many. record_type, ids: only these, None = all. Rings ``deliveries``."""
    values = {"state": "queued", "status": "", "detail": "", "due_at": now, "created_at": now, "attempts": 0}
    ring(session, "deliveries")
    conditions = _of_author(session, reader, author_id, record_type, ids)
    told_again(session, select(_delivery.c.id).select_from(_joined).where(*conditions))
    return _change(session, conditions, values)


def cancel(
    session: Session,
    reader: Reader,
    author_id: int,
    *,
    record_type: str | None,
    ids: Sequence[int] | None,
    by: str,
) -> int:
    """Let them be: they are shown as failures no more; answers how many. What the next hop said is kept."""
    detail = func.substr(literal(f"cancelled by {by}: ") + _delivery.c.detail, 1, 300)
    return _change(
        session,
        _of_author(session, reader, author_id, record_type, ids),
        {"state": "skipped", "detail": detail},
    )


def _change(session: Session, conditions: Sequence[Any], values: dict[str, Any]) -> int:
    wanted = select(_delivery.c.id).select_from(_joined).where(*conditions)
    return session.execute(update(_delivery).where(_delivery.c.id.in_(wanted)).values(values)).rowcount
