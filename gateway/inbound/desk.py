"""What a person does with an entry of the ledger: replay, release, discard.

Each reopens or ends the entry; the worker does the rest, with the decision in hand.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from gateway.errors import BadValue, Conflict, NotFound
from gateway.inbound.case import Decision
from gateway.mail.address import normalise
from gateway.rules.routing import Target, from_row, leads_inside
from store.queries import ledger
from store.queries import partner as partners
from store.queries import thread as threads
from store.session import Session

_REPLAYABLE = ("held", "failed", "refused", "absorbed")


def replay(
    session: Session, mail_id: int, now: datetime, record: tuple[str, str] | None = None, by: str = ""
) -> None:
    """Carry an entry through the journey again; record: (type, key), post it there.

    If one of its addresses was minted for a note it is posted as a note, though the others alone are reopened.

    Raises NotFound, Conflict when it is posted already or not at rest, BadValue for an unknown record.
    """
    if record is None:
        _reopen(session, mail_id, now, _REPLAYABLE)
        return
    thread = threads.by_key(session, *record)
    if thread is None:
        raise BadValue.of("record", f"there is no {record[0]} {record[1]}")
    targets = [_target(row) for row in ledger.targets_of(session, [mail_id])[mail_id]]
    decision = Decision(by=by or "an operator", thread_id=thread.id, internal=any(map(leads_inside, targets)))
    _reopen(session, mail_id, now, _REPLAYABLE, decision)


def release(
    session: Session,
    mail_id: int,
    now: datetime,
    as_email: str | None = None,
    follow: bool | None = None,
    by: str = "",
    confirmed: bool = False,
) -> None:
    """Post a held entry. as_email: as this known partner, None = as its From; follow: he becomes a follower.

    An address in From that is nobody's becomes his (inbound/vouching). follow: None = as the rule says.
    confirmed: he himself said so at his true address; then it counts as proven.

    Raises NotFound, Conflict when it is not held, BadValue when nobody has the address.
    """
    author = None
    if as_email is not None:
        author = normalise(as_email)
        if not author or partners.by_address(session, author) is None:
            raise BadValue.of("as", f"{as_email} is not a known partner")
    decision = Decision(by=by or "an operator", as_email=author, follow=follow, confirmed=confirmed)
    _reopen(session, mail_id, now, ("held",), decision)


def discard(session: Session, mail_id: int, now: datetime, by: str = "") -> None:
    """End a held or failed entry without posting it. Raises NotFound, Conflict."""
    _existing(session, mail_id)
    reason = f"discarded by {by or 'an operator'}"
    if not ledger.settle(session, mail_id, from_states=("held", "failed"), state="refused", reason=reason):
        raise Conflict(f"entry {mail_id} is neither held nor failed")


def _reopen(
    session: Session, mail_id: int, now: datetime, states: tuple[str, ...], decision: Decision | None = None
) -> None:
    _existing(session, mail_id)
    if not ledger.reopen(session, mail_id, now, states, asdict(decision) if decision else None):
        raise Conflict(f"entry {mail_id} is not {' or '.join(states)}")


def _target(row: Any) -> Target:
    return from_row(row.kind, {name: value for name, value in row.target.items() if name != "decision"})


def _existing(session: Session, mail_id: int) -> None:
    if ledger.entry(session, mail_id) is None:
        raise NotFound(f"there is no entry {mail_id} in the ledger")
