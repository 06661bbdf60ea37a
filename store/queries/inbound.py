"""The workers' queue of accepted mail: add it, claim it, finish it; and what a door asks about an address.

How people read the same rows stands in ``ledger``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from store.bell import ring
from store.models import Alias, Block, InboundMail, InboundTarget, Thread, TokenGeneration
from store.models.views import ClaimedMail, ClaimedTarget, NewMail
from store.search import indexed
from store.session import Session

_mail = InboundMail.table()
_target = InboundTarget.table()
_alias = Alias.table()
_block = Block.table()
_thread = Thread.table()
_generation = TokenGeneration.table()

# the state of an entry is the worst of its targets
WORST_FIRST = ("failed", "held", "processing", "received", "refused", "posted", "absorbed")

_add_mail = insert(_mail).returning(_mail.c.id, sort_by_parameter_order=True)
_add_target = insert(_target)


def add(session: Session, mails: Sequence[NewMail]) -> list[int]:
    """Enter accepted mails in the ledger; answers their ids in order. Rings ``inbound``."""
    rows = [
        {
            "door": mail.door, "state": "received", "reverse_path": mail.reverse_path, "client": mail.client,
            "raw": mail.raw, "blob": mail.blob, "size": mail.size, "received_at": mail.received_at,
        }
        for mail in mails
    ]  # fmt: skip
    ids = list(session.execute(_add_mail, rows).scalars())
    targets = [
        {
            "mail_id": mail_id, "forward_path": path, "kind": kind, "target": values,
            "state": "received", "due_at": mail.received_at, "trace": [],
        }
        for mail_id, mail in zip(ids, mails, strict=True)
        for path, kind, values in mail.targets
    ]  # fmt: skip
    session.execute(_add_target, targets)
    ring(session, "inbound")
    return ids


_due = (
    select(_target.c.mail_id)
    .where(_target.c.state.in_(["received", "processing"]), _target.c.due_at <= bindparam("now"))
    .order_by(_target.c.due_at, _target.c.id)
    .limit(bindparam("at_most"))
)
_claim_columns = (
    _target.c.mail_id, _target.c.id, _target.c.forward_path, _target.c.kind, _target.c.target,
    _target.c.attempts, _target.c.lease,
)  # fmt: skip
_claim_values: dict[Any, Any] = {
    "state": "processing",
    "owner": bindparam("claimer"),
    "due_at": bindparam("until"),
    "lease": _target.c.lease + 1,
    "attempts": _target.c.attempts + 1,
}
_open = _target.c.state.in_(["received", "processing"])
_claim_sqlite = (
    update(_target).where(_target.c.mail_id.in_(_due), _open, _target.c.due_at <= bindparam("now"))
    .values(_claim_values).returning(*_claim_columns)
)  # fmt: skip
_due_locked = (
    _due.with_for_update(skip_locked=True).cte("due").prefix_with("MATERIALIZED", dialect="postgresql")
)
_claim_postgresql = (
    update(_target)
    .where(_target.c.mail_id.in_(select(_due_locked.c.mail_id)), _open, _target.c.due_at <= bindparam("now"))
    .values(_claim_values)
    .returning(*_claim_columns)
)
_load = select(
    _mail.c.id, _mail.c.door, _mail.c.reverse_path, _mail.c.client, _mail.c.raw, _mail.c.blob, _mail.c.size,
    _mail.c.received_at,
).where(_mail.c.id.in_(bindparam("ids", expanding=True)))  # fmt: skip


def claim(session: Session, *, owner: str, now: datetime, until: datetime, at_most: int) -> list[ClaimedMail]:
    """Take the leases of the due targets of at most so many mails, oldest first."""
    statement = _claim_postgresql if session.dialect.name == "postgresql" else _claim_sqlite
    rows = session.execute(
        statement, {"claimer": owner, "now": now, "until": until, "at_most": at_most}
    ).all()
    if not rows:
        return []
    targets: dict[int, list[ClaimedTarget]] = defaultdict(list)
    for mail_id, *values in sorted(rows):
        targets[mail_id].append(ClaimedTarget(*values))
    mails = session.execute(_load, {"ids": list(targets)}).all()
    return [ClaimedMail(*mail, targets=targets[mail.id]) for mail in sorted(mails, key=lambda mail: mail.id)]


def claim_one(session: Session, mail_id: int, *, owner: str, now: datetime, until: datetime) -> ClaimedMail:
    """Take the leases of the due targets of one mail; there must be some."""
    statement = (
        update(_target).where(_target.c.mail_id == mail_id, _open, _target.c.due_at <= now)
        .values(state="processing", owner=owner, due_at=until, lease=_target.c.lease + 1,
                attempts=_target.c.attempts + 1)
        .returning(*_claim_columns)
    )  # fmt: skip
    targets = [ClaimedTarget(*values) for _, *values in sorted(session.execute(statement).all())]
    mail = session.execute(_load, {"ids": [mail_id]}).one()
    return ClaimedMail(*mail, targets=targets)


_finish_target = (
    update(_target)
    .where(_target.c.id == bindparam("target_id"), _target.c.owner == bindparam("claimer"),
           _target.c.lease == bindparam("held_lease"))
    .values(state=bindparam("new_state"), reason=bindparam("new_reason"), thread_id=bindparam("thread"),
            message_id=bindparam("message"), trace=bindparam("new_trace"), owner="")
)  # fmt: skip
_finish_mail = (
    update(_mail)
    .where(_mail.c.id == bindparam("mail_id"))
    .values(state=bindparam("new_state"), reason=bindparam("new_reason"), message_id=bindparam("header_id"),
            subject=bindparam("new_subject"), author=bindparam("new_author"),
            fingerprint=bindparam("new_fingerprint"), search_text=bindparam("new_words"))
)  # fmt: skip


class LeaseLost(Exception):
    """Another worker holds the target by now: what was done must be rolled back."""


def finish_target(
    session: Session, target: ClaimedTarget, *, owner: str, state: str, reason: str,
    thread_id: int | None, message_id: int | None, trace: list[Any],
) -> None:  # fmt: skip
    """End one target. Raises LeaseLost when this owner no longer holds this lease."""
    done = session.execute(
        _finish_target,
        {"target_id": target.id, "claimer": owner, "held_lease": target.lease, "new_state": state,
         "new_reason": reason, "thread": thread_id, "message": message_id, "new_trace": trace},
    )  # fmt: skip
    if done.rowcount != 1:
        raise LeaseLost(f"target {target.id}")


def finish_mail(
    session: Session, mail_id: int, *, state: str, reason: str, header_id: str | None, subject: str, author: str,
    fingerprint: str | None, reverse_path: str,
) -> None:  # fmt: skip
    """Write what was read in the mail, and the worst state of its targets. reverse_path: another word to find it by."""
    session.execute(
        _finish_mail,
        {"mail_id": mail_id, "new_state": state, "new_reason": reason, "header_id": header_id,
         "new_subject": subject, "new_author": author, "new_fingerprint": fingerprint, "new_words": indexed("\n".join([subject, reverse_path, author, header_id or ""]))},
    )  # fmt: skip


_retry = (
    update(_target)
    .where(_target.c.id == bindparam("target_id"), _target.c.owner == bindparam("claimer"),
           _target.c.lease == bindparam("held_lease"))
    .values(state="received", owner="", due_at=bindparam("due"), reason=bindparam("why"))
)  # fmt: skip


def try_again(session: Session, target: ClaimedTarget, *, owner: str, due: datetime, reason: str) -> None:
    """Give the lease back: the target is due again at this time."""
    session.execute(
        _retry,
        {"target_id": target.id, "claimer": owner, "held_lease": target.lease, "due": due, "why": reason},
    )


def renew(session: Session, *, owner: str, until: datetime, mail_ids: Sequence[int]) -> None:
    """Hold the leases of these mails longer."""
    session.execute(
        update(_target)
        .where(_target.c.mail_id.in_(mail_ids), _target.c.owner == owner, _target.c.state == "processing")
        .values(due_at=until)
    )


def fail(session: Session, mail_id: int, reason: str) -> None:
    """Set a mail aside."""
    session.execute(update(_mail).where(_mail.c.id == mail_id).values(state="failed", reason=reason))


def free_leases(session: Session, now: datetime) -> int:
    """Make everything claimable that a dead process of this machine held; only when no other one runs."""
    freed = session.execute(
        update(_target).where(_target.c.state == "processing").values(state="received", owner="", due_at=now)
    )
    return freed.rowcount


_next_due = select(func.min(_target.c.due_at)).where(_open)


def next_due(session: Session) -> datetime | None:
    """When the next target may be claimed, None when nothing is open."""
    due: datetime | None = session.execute(_next_due).scalar()
    return due


_thread_state = (
    select(_thread.c.id, _generation.c.generation)
    .outerjoin(
        _generation,
        (_generation.c.thread_id == _thread.c.id) & (_generation.c.partner_id == bindparam("partner_id")),
    )
    .where(_thread.c.id == bindparam("thread_id"))
)


def live_generation(session: Session, thread_id: int, partner_id: int) -> int | None:
    """The lowest generation of reply tokens that is not revoked, None when the thread is gone."""
    row = session.execute(_thread_state, {"thread_id": thread_id, "partner_id": partner_id}).one_or_none()
    return None if row is None else row.generation or 0


def aliases(session: Session) -> dict[str, tuple[int, str]]:
    """Every alias: address -> (id, record type)."""
    rows = session.execute(select(_alias.c.address, _alias.c.id, _alias.c.record_type))
    return {address: (alias_id, record_type) for address, alias_id, record_type in rows}


def blocks(session: Session) -> frozenset[str]:
    """Every blocked address and @domain."""
    return frozenset(session.execute(select(_block.c.pattern)).scalars())


_ends = select(_target.c.state, _target.c.reason).where(_target.c.mail_id == bindparam("mail_id"))


def sum_up(session: Session, mail_id: int) -> None:
    """Give a mail the worst state of its targets, and the reason of the first that has it."""
    ends = session.execute(_ends.order_by(_target.c.id), {"mail_id": mail_id}).all()
    state, reason = min(ends, key=lambda end: WORST_FIRST.index(end.state))
    state = "received" if state == "processing" else state  # a claim moves the targets only
    session.execute(update(_mail).where(_mail.c.id == mail_id).values(state=state, reason=reason))
