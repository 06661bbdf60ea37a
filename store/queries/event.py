"""Webhooks and what they are told: claim due events, record what became of them, as the outbox does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, text, update

from store.bell import ring
from store.models import Event, Webhook
from store.queries.delivery import Claim, LeaseLost, Result
from store.queries.lease import Leases
from store.queries.part import part
from store.session import Session

_event = Event.table()
_webhook = Webhook.table()
_open = text("event.state IN ('queued', 'deferred')")  # literally, so that the partial index answers


def webhooks(session: Session, *, active_only: bool = False) -> list[Any]:
    """Every webhook, by id."""
    statement = select(_webhook).order_by(_webhook.c.id)
    return list(session.execute(statement.where(_webhook.c.active) if active_only else statement))


def webhook(session: Session, webhook_id: str) -> Any | None:
    """One webhook, None if there is none."""
    return session.execute(select(_webhook).where(_webhook.c.id == webhook_id)).one_or_none()


def put_webhook(session: Session, webhook_id: str, values: dict[str, Any], now: datetime) -> bool:
    """Write columns of a webhook, of an old one those given; answers True when it is new. Rings ``types``."""
    ring(session, "types")
    if not values:
        return webhook(session, webhook_id) is None
    if session.execute(update(_webhook).where(_webhook.c.id == webhook_id).values(values)).rowcount:
        return False
    session.execute(insert(_webhook).values(id=webhook_id, created_at=now, **values))
    return True


def delete_webhook(session: Session, webhook_id: str) -> bool:
    """Delete a webhook and what waits for it; False when there was none. Rings ``types``."""
    ring(session, "types")
    return session.execute(delete(_webhook).where(_webhook.c.id == webhook_id)).rowcount > 0


_add = insert(_event)


def add(session: Session, rows: Sequence[tuple[str, str, dict[str, Any]]], now: datetime) -> None:
    """Queue events (webhook id, kind, payload). Rings ``events``."""
    values = [
        {"webhook_id": webhook_id, "kind": kind, "payload": payload, "created_at": now, "due_at": now}
        for webhook_id, kind, payload in rows
    ]
    session.execute(_add, values)
    ring(session, "events")


_leases = Leases(_event, _open, (_event.c.id, _event.c.lease))


def claim(session: Session, *, owner: str, now: datetime, until: datetime, at_most: int) -> list[Claim]:
    """Take the leases of at most so many due events, in the order of their ids."""
    return [Claim(*row) for row in _leases.claim(session, owner=owner, now=now, until=until, at_most=at_most)]


_finish = (
    update(_event)
    .where(
        _event.c.id == bindparam("event_id"), _event.c.owner == bindparam("claimer"),
        _event.c.lease == bindparam("held_lease"), _open,
    )
    .values(
        state=bindparam("new_state"), status=bindparam("new_status"), detail=bindparam("new_detail"),
        due_at=bindparam("due"), attempts=_event.c.attempts + bindparam("tried"), owner="",
    )
)  # fmt: skip


def record(session: Session, results: Sequence[Result]) -> None:
    """Write what became of some attempts. Raises LeaseLost when one of them is not this owner's any more."""
    rows = [
        {"event_id": one.id, "claimer": one.owner, "held_lease": one.lease, "new_state": one.state,
         "new_status": one.status, "new_detail": one.detail, "due": one.due_at, "tried": int(one.tried)}
        for one in results
    ]  # fmt: skip
    if rows and session.execute(_finish, rows).rowcount != len(rows):
        raise LeaseLost(f"events {[one.id for one in results]}")


next_due, free_leases = _leases.next_due, _leases.free


def load(session: Session, ids: Sequence[int]) -> list[Any]:
    """These events with url, secret and state of their webhook, by id."""
    statement = (
        select(_event, _webhook.c.url, _webhook.c.secret, _webhook.c.active)
        .join(_webhook, _webhook.c.id == _event.c.webhook_id)
        .where(_event.c.id.in_(ids))
        .order_by(_event.c.id)
    )
    return list(session.execute(statement)) if ids else []


def listed(
    session: Session, webhook_id: str, *, state: str | None = None, before: int | None = None,
    after: int | None = None, limit: int = 30,
) -> list[Any]:  # fmt: skip
    """Events of a webhook, newest first."""
    told = select(_event).where(_event.c.webhook_id == webhook_id)
    if state:
        told = told.where(_event.c.state == state)
    return part(session, told, _event.c.id, before=before, after=after, limit=limit)


def retry(session: Session, webhook_id: str, event_id: int, now: datetime) -> bool:
    """Make an event due at once that waits or was given up; False when it was told or is not there."""
    again = update(_event).where(
        _event.c.id == event_id,
        _event.c.webhook_id == webhook_id,
        _event.c.owner == "",
        _event.c.state != "sent",
    )
    fresh = {"state": "queued", "status": "", "detail": "", "attempts": 0, "due_at": now, "created_at": now}
    changed = session.execute(again.values(fresh)).rowcount
    ring(session, "events")
    return changed == 1


def purge_told(session: Session, before: datetime) -> int:
    """Delete events that were told, or needed no telling, before then; what failed stays."""
    told = _event.c.state.in_(["sent", "skipped"]) & (_event.c.due_at < before)
    return session.execute(delete(_event).where(told)).rowcount
