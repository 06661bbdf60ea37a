"""Make one partner of two: whatever names the one names the other afterwards."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import PrimaryKeyConstraint, Table, UniqueConstraint, delete, select, tuple_, update

from store.bell import ring
from store.models import Address, Base, Delivery, Follower, Notice, Partner, Secret, Thread, WebSession
from store.queries.follower import ASSIGNED
from store.queries.partner import keep_words
from store.session import Session

_partner = Partner.table()
_address = Address.table()
_follower = Follower.table()
_notice = Notice.table()
_delivery = Delivery.table()
_thread = Thread.table()
_OPEN = ("queued", "deferred")


def merge(session: Session, gone: int, into: int, now: datetime) -> None:
    """Move addresses, subscriptions, authorship, notices, mail on its way and assignments to ``into``.

    Where both have a subscription it becomes the union; of two notices about a message the survivor's stays,
    and the other's mail is not sent. ``gone`` remains as a name that leads on, logged out everywhere.
    Rings ``types``: doors remember who leads where.
    """
    _unite_subscriptions(session, gone, into)
    _drop_double_mail(session, gone, into, now)
    for table, column in _naming_partners():
        _move(session, table, column, gone, into)
    _move_memberships(session, gone, into)
    for model in (Secret.table(), WebSession.table()):
        session.execute(delete(model).where(model.c.partner_id == gone))
    session.execute(update(_address).where(_address.c.partner_id == gone).values(partner_id=into))
    keep_words(session, into)
    led = _partner.c.id == gone
    free = f"{gone}@merged.invalid"  # his address is the survivor's, who may give it away
    session.execute(
        update(_partner).where(led)
        .values(email=free, active=False, role="", internal=False, merged_into=into)
    )  # fmt: skip
    ring(session, "types")


def survivors(session: Session) -> dict[int, int]:
    """Every partner who was merged -> who he is now."""
    merged = select(_partner.c.id, _partner.c.merged_into).where(_partner.c.merged_into.is_not(None))
    return {row.id: row.merged_into for row in session.execute(merged)}


def _naming_partners() -> list[tuple[Table, str]]:
    """Every column that refers to a partner, addresses aside: a new table is found by itself."""
    return [
        (table, column.name)
        for table in Base.metadata.sorted_tables
        if table is not _address
        for column in table.columns
        if any(key.column is _partner.c.id for key in column.foreign_keys)
    ]


def _move(session: Session, table: Table, column: str, gone: int, into: int) -> None:
    """Write ``into`` where ``gone`` stood; where a key would then be double, the row of ``gone`` goes."""
    for key in _keys_with(table, column):
        others = [table.c[name] for name in key if name != column]
        if not others:
            continue
        taken = select(*others).where(table.c[column] == into)
        session.execute(delete(table).where(table.c[column] == gone, tuple_(*others).in_(taken)))
    session.execute(update(table).where(table.c[column] == gone).values({column: into}))


def _keys_with(table: Table, column: str) -> list[list[str]]:
    """The primary and unique keys that the column is part of."""
    kinds = (PrimaryKeyConstraint, UniqueConstraint)
    keys = [[c.name for c in key.columns] for key in table.constraints if isinstance(key, kinds)]
    return [key for key in keys if column in key]


def _unite_subscriptions(session: Session, gone: int, into: int) -> None:
    other = _follower.alias()
    both = (
        select(
            _follower.c.id, _follower.c.subtypes, _follower.c.reason,
            other.c.subtypes.label("more"), other.c.reason.label("other_reason"),
        )
        .join(other, other.c.thread_id == _follower.c.thread_id)
        .where(_follower.c.partner_id == into, other.c.partner_id == gone)
    )  # fmt: skip
    for row in session.execute(both).all():
        reason = row.other_reason if row.reason == ASSIGNED else row.reason
        united = update(_follower).where(_follower.c.id == row.id)
        session.execute(united.values(subtypes=row.subtypes | row.more, reason=reason))


def _drop_double_mail(session: Session, gone: int, into: int, now: datetime) -> None:
    """The survivor has a notice about the message already: the other's mail is not sent."""
    told = select(_notice.c.message_id).where(_notice.c.partner_id == into)
    open_mail = update(_delivery).where(
        _delivery.c.partner_id == gone, _delivery.c.message_id.in_(told), _delivery.c.state.in_(_OPEN)
    )
    lost = {
        "state": "skipped",
        "detail": "merged with another partner",
        "owner": "",
        "lease": _delivery.c.lease + 1,
    }
    session.execute(open_mail.values(**lost, due_at=now))


def _move_memberships(session: Session, gone: int, into: int) -> None:
    """Members of records are listed in the record itself."""
    for row in session.execute(
        select(_thread.c.id, _thread.c.members).where(_thread.c.members.is_not(None))
    ).all():
        if row.members and gone in row.members:
            members = sorted({into, *row.members} - {gone})
            session.execute(update(_thread).where(_thread.c.id == row.id).values(members=members))
