"""Held copies of a mail that comes again, or that posts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, update

from store.models.inbound import InboundMail, InboundTarget
from store.queries.inbound import sum_up
from store.session import Session

_mail = InboundMail.table()
_target = InboundTarget.table()

_is_held_copy = (
    _mail.c.fingerprint == bindparam("fingerprint"), _mail.c.id != bindparam("mail_id"), _target.c.state == "held",
)  # fmt: skip
_held = (
    select(_target.c.mail_id, _target.c.target)
    .join(_mail, _mail.c.id == _target.c.mail_id)
    .where(*_is_held_copy, _target.c.kind == bindparam("kind"), _target.c.reason == bindparam("reason"))
    .order_by(_mail.c.id)
    .limit(20)
)
_copies = (
    select(_target.c.id, _target.c.mail_id, _target.c.kind, _target.c.target, _target.c.thread_id)
    .join(_mail, _mail.c.id == _target.c.mail_id)
    .where(*_is_held_copy)
    .order_by(_target.c.id)
)
_absorb = (
    update(_target)
    .where(_target.c.id.in_(bindparam("target_ids", expanding=True)), _target.c.state == "held")
    .values(state="absorbed", reason=bindparam("why"))
)


class Place(NamedTuple):
    """Where a mail was addressed to, and the thread that it led to, None if it led to none (yet)."""

    kind: str
    values: dict[str, Any]
    thread_id: int | None

    def is_the_same(self, other: Place) -> bool:
        """One address, or two that lead to one thread."""
        if self.thread_id is not None and self.thread_id == other.thread_id:
            return True
        return self.kind == other.kind and _plain(self.values) == _plain(other.values)


def held_twin(
    session: Session, mail_id: int, fingerprint: str, *, kind: str, values: dict[str, Any], reason: str
) -> int | None:
    """The mail of equal content that is held for the same target and reason already, None if there is none."""
    rows = session.execute(
        _held, {"fingerprint": fingerprint, "mail_id": mail_id, "kind": kind, "reason": reason}
    )
    for row in rows:
        if _plain(row.target) == values:
            return int(row.mail_id)
    return None


def absorb_twins(session: Session, posted_id: int, fingerprint: str, posted: Sequence[Place]) -> int:
    """End the held copies of a mail for the places where it has just been posted; answers how many.

    A copy that is held for another place stays: there it was not posted.
    """
    rows = session.execute(_copies, {"fingerprint": fingerprint, "mail_id": posted_id}).all()
    ended = [
        row for row in rows
        if any(place.is_the_same(Place(row.kind, row.target, row.thread_id)) for place in posted)
    ]  # fmt: skip
    if ended:
        session.execute(
            _absorb, {"target_ids": [row.id for row in ended], "why": f"duplicate of {posted_id}"}
        )
    for mail_id in sorted({row.mail_id for row in ended}):
        sum_up(session, mail_id)
    return len(ended)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """The values of a target without what a person decided about it."""
    return {name: value for name, value in values.items() if name != "decision"}
