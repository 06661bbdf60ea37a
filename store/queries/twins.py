"""Held copies of a mail that comes again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select

from store.models.inbound import InboundMail, InboundTarget
from store.session import Session

_mail = InboundMail.table()
_target = InboundTarget.table()

_held = (
    select(_target.c.mail_id, _target.c.target)
    .join(_mail, _mail.c.id == _target.c.mail_id)
    .where(
        _mail.c.fingerprint == bindparam("fingerprint"), _mail.c.id != bindparam("mail_id"),
        _target.c.state == "held", _target.c.kind == bindparam("kind"), _target.c.reason == bindparam("reason"),
    )
    .order_by(_mail.c.id)
    .limit(20)
)  # fmt: skip


def held_twin(
    session: Session, mail_id: int, fingerprint: str, *, kind: str, values: dict[str, Any], reason: str
) -> int | None:
    """The mail of equal content that is held for the same target and reason already, None if there is none."""
    rows = session.execute(
        _held, {"fingerprint": fingerprint, "mail_id": mail_id, "kind": kind, "reason": reason}
    )
    for row in rows:
        if {name: value for name, value in row.target.items() if name != "decision"} == values:
            return int(row.mail_id)
    return None
