"""What can happen to a delivery: an attempt ends, a report comes back, a person tries again or drops it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from gateway.mail import status as enhanced
from gateway.mail.address import normalise
from gateway.mail.report_values import Report, ReportedRecipient
from gateway.rules.retry import may_suppress
from store.queries import delivery as deliveries
from store.queries import partner as partners
from store.queries.delivery import Result
from store.session import Session

log = structlog.get_logger()

_BREAKER_WINDOW = timedelta(minutes=10)


class Ended(NamedTuple):
    """One attempt with what follows from it.

    address: the recipient. header_id: the Message-ID that a rewriting relay gave the copy, "" if none.
    hard: the next hop said of the recipient that the address is dead.
    """

    result: Result
    address: str = ""
    message_id: int | None = None
    header_id: str = ""
    hard: bool = False


class Finding(NamedTuple):
    """What a report changed. words: for the trace. suppressed: nothing more goes to the address."""

    changed: bool
    words: str
    suppressed: bool = False


def record_all(session: Session, ended: Sequence[Ended]) -> list[None]:
    """Write the ends of some attempts. Raises LeaseLost when one of them is not its owner's any more."""
    deliveries.record(session, [one.result for one in ended])
    deliveries.add_refs(
        session,
        [(one.message_id, one.header_id) for one in ended if one.header_id and one.message_id is not None],
    )
    for one in ended:
        if one.hard:
            suppress(
                session,
                one.address,
                status=one.result.status,
                detail=one.result.detail,
                now=one.result.due_at,
            )
    return [None] * len(ended)


def bounce(session: Session, delivery_id: int, report: Report, now: datetime) -> Finding:
    """Take in a report that came back to the bounce address of a delivery.

    The token has been checked and the reverse-path was null; of a complaint, which people's programs send too,
    it may be any. A report about another recipient changes nothing (DESIGN section 4, "Bounces"), nor does a
    complaint that names nobody: such are the reports about authentication.
    """
    row = deliveries.one(session, delivery_id)
    if row is None:
        return Finding(False, "the delivery is not known any more")
    about = _about(report, row.address)
    if about is None:
        return Finding(False, "the report names another recipient")
    if report.kind == "complaint" and not about.address:
        return Finding(False, "the complaint does not say who complained")
    if report.kind == "complaint":
        return _complained(session, delivery_id, row.address, now)
    if report.kind != "bounce" or about.action not in ("failed", ""):
        return Finding(False, f"{report.kind}: {report.reason}")
    status = about.status or report.status or "5.0.0"
    dead = bool(about.address) and (enhanced.is_hard(status) or (report.hard and len(report.recipients) == 1))
    overruled = (
        ["bounced"] if dead and not enhanced.is_hard(row.status) else []
    )  # "full" came first, now "gone"
    changed = deliveries.set_state(
        session, delivery_id, states=["sent", "deferred", "queued", *overruled], state="bounced", status=status,
        detail=(about.diagnostic or report.reason)[:300], now=now,
    )  # fmt: skip
    if not changed:
        return Finding(False, f"the delivery was {row.state} already")
    gone = dead and suppress(session, row.address, status=status, detail=report.reason, now=now)
    return Finding(True, f"bounced {status}: {report.reason}", gone)


def suppress(session: Session, address: str, *, status: str, detail: str, now: datetime) -> bool:
    """Send no more mail to a dead address; False when so much fails that the next hop is to blame."""
    finished, hard = deliveries.recent_ends(session, now - _BREAKER_WINDOW, enhanced.HARD)
    if not may_suppress(finished, hard):
        log.error("suppression stopped: too much fails hard", finished=finished, hard=hard, status=status)
        return False
    words = enhanced.words(status) if status else detail
    partners.suppress(session, address, reason=words, status=status, source="bounce", now=now)
    return True


def retry(session: Session, delivery_id: int, now: datetime) -> bool:
    """Try a delivery again at once; False when it was sent, is being sent, or is not there."""
    return deliveries.retry(session, delivery_id, now)


def drop(session: Session, delivery_id: int, by: str, now: datetime) -> bool:
    """Give up a delivery that still waits. by: who said so."""
    return deliveries.drop(session, delivery_id, f"dropped by {by}", now)


def _about(report: Report, address: str) -> ReportedRecipient | None:
    """What the report says of this address; where it names nobody, what it says at all."""
    wanted = normalise(address) or address.lower()
    named = [one for one in report.recipients if one.address]
    for one in named:
        if (normalise(one.address) or one.address.lower()) == wanted:
            return one
    if named:
        return None
    return report.recipients[0] if report.recipients else ReportedRecipient("", report.status, "", "")


def _complained(session: Session, delivery_id: int, address: str, now: datetime) -> Finding:
    deliveries.set_state(
        session, delivery_id, states=["sent", "deferred", "queued"], state="complained", status="",
        detail="the reader called it spam", now=now,
    )  # fmt: skip
    partners.suppress(
        session, address, reason="the reader called it spam", status="", source="complaint", now=now
    )
    return Finding(True, "complaint: nothing more is sent to the address", True)
