"""The ledger as people read it: accepted mails, their targets, and what a person decides about them.

How workers claim and finish the same rows stands in ``inbound``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, exists, func, select, update

from store.bell import ring
from store.models import InboundMail, InboundTarget, Thread
from store.queries.inbound import sum_up
from store.queries.narrow import Window, merged, narrowed, newest_first
from store.queries.part import part
from store.queries.words import MAILS, named
from store.session import Session

_mail = InboundMail.table()
_target = InboundTarget.table()
_thread = Thread.table()

_ledger_columns = (
    _mail.c.id, _mail.c.door, _mail.c.state, _mail.c.reason, _mail.c.reverse_path, _mail.c.client, _mail.c.size,
    _mail.c.message_id, _mail.c.subject, _mail.c.author, _mail.c.received_at,
)  # fmt: skip


def _of_types(types: Collection[str]) -> list[ColumnElement[bool]]:
    """The mail led to a record of one of the types or to an alias for them, and to none of another.

    A target that came to no record yet counts by the thread or the alias that its address names.
    """
    named = cast(_target.c.target["thread_id"].as_string(), BigInteger)
    record_type = func.coalesce(_thread.c.record_type, _target.c.target["record_type"].as_string())
    led = (
        exists()
        .select_from(_target.outerjoin(_thread, _thread.c.id == func.coalesce(_target.c.thread_id, named)))
        .where(_target.c.mail_id == _mail.c.id)
    )
    covered = record_type.in_(sorted(types))
    return [led.where(covered).correlate(_mail), ~led.where(~covered).correlate(_mail)]


def is_of_types(session: Session, mail_id: int, types: Collection[str] | None) -> bool:
    """Whether ``ledger`` shows the entry to one who may see these record types."""
    if types is None:
        return True
    return (
        session.execute(select(_mail.c.id).where(_mail.c.id == mail_id, *_of_types(types))).first()
        is not None
    )


def ledger(
    session: Session, *, state: str | None = None, query: str = "", before: int | None = None,
    after: int | None = None, limit: int = 30, types: Collection[str] | None = None,
) -> Window:  # fmt: skip
    """Entries of the ledger, newest first; query: words of the subject, of an address or a Message-ID (words.py).

    types: entries with a record of one of these types and with none of another; None = all.
    """
    conditions = _in_state(state)
    covered = [] if types is None else _of_types(types)
    listed = select(*_ledger_columns)
    if query.strip():
        asked = [*conditions, *covered]
        found = named(session, MAILS, query, where=asked, before=before, after=after, limit=limit)
        words = query.replace("\0", " ").strip()
        waiting = _unread(session, words, asked, before=before, after=after, limit=limit)
        upwards = after is not None
        found = newest_first(merged(found, waiting, limit, upwards=upwards), upwards=upwards)
        rows = session.execute(listed.where(_mail.c.id.in_(found.ids)).order_by(_mail.c.id.desc()))
        return Window(list(rows), found.reached)
    if types is None:
        in_state = listed.where(*conditions)
        return Window(part(session, in_state, _mail.c.id, before=before, after=after, limit=limit))
    candidates = select(_mail.c.id).where(*conditions)
    of_types = listed.where(*covered).where
    return narrowed(session, candidates, of_types, _mail.c.id, before=before, after=after, limit=limit)


def _in_state(state: str | None) -> list[ColumnElement[bool]]:
    if state in ("received", "processing"):  # a claim moves the targets only
        held = exists().where(_target.c.mail_id == _mail.c.id, _target.c.state == "processing")
        return [_mail.c.state == "received", held if state == "processing" else ~held]
    return [_mail.c.state == state] if state else []


def _unread(
    session: Session, query: str, conditions: Sequence[ColumnElement[bool]], *, before: int | None, after: int | None,
    limit: int,
) -> list[int]:  # fmt: skip
    """Mails that wait to be read, by a part of their reverse-path: they have no words yet."""
    waiting = select(_mail.c.id).where(
        _mail.c.state == "received", _mail.c.fingerprint.is_(None),
        func.lower(_mail.c.reverse_path).contains(query.lower(), autoescape=True), *conditions,
    )  # fmt: skip
    rows = part(session, waiting, _mail.c.id, before=before, after=after, limit=limit)
    return [row.id for row in rows]


def entry(session: Session, mail_id: int) -> Any | None:
    """One entry of the ledger, None if there is none."""
    return session.execute(
        select(*_ledger_columns, _mail.c.raw, _mail.c.blob).where(_mail.c.id == mail_id)
    ).one_or_none()


def targets_of(session: Session, mail_ids: Sequence[int]) -> dict[int, list[Any]]:
    """The targets of each mail, in the order of the envelope, with the names of their records."""
    statement = (
        select(_target, _thread.c.record_type, _thread.c.key)
        .outerjoin(_thread, _thread.c.id == _target.c.thread_id)
        .where(_target.c.mail_id.in_(mail_ids))
        .order_by(_target.c.id)
    )
    grouped: dict[int, list[Any]] = defaultdict(list)
    for row in session.execute(statement):
        grouped[row.mail_id].append(row)
    return grouped


def reopen(
    session: Session,
    mail_id: int,
    now: datetime,
    states: Sequence[str],
    decision: dict[str, Any] | None = None,
) -> int:
    """Put the targets of a mail that are in one of these states back in the queue; rings ``inbound``.

    decision: what a person decided, kept with each target for the worker; None takes an older one away.
    """
    rows = session.execute(
        select(_target.c.id, _target.c.target).where(
            _target.c.mail_id == mail_id, _target.c.state.in_(states)
        )
    ).all()
    for target_id, values in rows:
        kept = {name: value for name, value in values.items() if name != "decision"}
        session.execute(
            update(_target).where(_target.c.id == target_id)
            .values(state="received", reason="", owner="", attempts=0, due_at=now,
                    target=kept | ({"decision": decision} if decision else {}))
        )  # fmt: skip
    if rows:
        session.execute(update(_mail).where(_mail.c.id == mail_id).values(state="received", reason=""))
        ring(session, "inbound")
    return len(rows)


def settle(session: Session, mail_id: int, *, from_states: Sequence[str], state: str, reason: str) -> int:
    """End the targets of a mail that are in one of these states, by a person's decision."""
    changed = session.execute(
        update(_target).where(_target.c.mail_id == mail_id, _target.c.state.in_(from_states))
        .values(state=state, reason=reason, owner="")
    ).rowcount  # fmt: skip
    if changed:
        sum_up(session, mail_id)
    return changed


_count_by_state = select(_mail.c.state, func.count()).group_by(_mail.c.state)


def counts(session: Session) -> dict[str, int]:
    """How many entries are in each state."""
    return {row[0]: row[1] for row in session.execute(_count_by_state)}
