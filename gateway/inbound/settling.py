"""Targets that are no conversation: bounce addresses, leave addresses, and reports sent elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gateway.chatter.deliveries import bounce
from gateway.chatter.follow import leave as end_subscription
from gateway.chatter.post import Posting
from gateway.inbound.case import Arrived
from gateway.inbound.lookup import author_address, participant
from gateway.inbound.outcome import Outcome, Trace
from gateway.mail.report_values import Report
from gateway.rules.authorship import Verdict
from gateway.rules.disposition import Automatic, Reported, Spam
from gateway.rules.routing import FOR_POSTMASTER, BounceTarget, Leave, Postmaster, Target
from store.queries import lives
from store.queries import partner as partners
from store.session import Session


class Settling:
    """Ends what needs no author and no thread.

    delivery_of: the delivery of ours that went out with a reverse-path, None if none did.
    """

    def __init__(self, posting: Posting, delivery_of: Callable[[str], BounceTarget | None]) -> None:
        self._posting = posting
        self._delivery_of = delivery_of

    def end_of(
        self, session: Session, mail: Arrived, target: Target, verdict: Verdict, now: datetime, trace: Trace
    ) -> tuple[Outcome, Trace] | None:
        """The end of a bounce or leave target, and of reports; None where the mail goes on."""
        found = mail.reading.disposition
        branch = trace.branch()
        if isinstance(target, BounceTarget) and (isinstance(found, Reported) or mail.decision is None):
            return self._bounced(session, mail, target, now, branch), branch
        if isinstance(target, Leave):
            return self._left(session, mail, target, verdict, now, branch), branch
        if mail.decision is None and isinstance(found, Reported):
            complained = self._complained(session, found.report, now, branch)
            if complained is not None:
                return complained, branch
            return Outcome("held", f"a report that names no delivery of ours ({found.reason})"), branch
        if mail.decision is None and isinstance(found, Spam):
            return Outcome("held", f"marked as spam: {found.reason}"), branch
        if isinstance(target, Postmaster) and (mail.decision is None or mail.decision.thread_id is None):
            return Outcome("held", FOR_POSTMASTER), branch  # whatever it refers to and whoever wrote it
        return None

    def _bounced(
        self, session: Session, mail: Arrived, target: BounceTarget, now: datetime, trace: Trace
    ) -> Outcome:
        found = mail.reading.disposition
        if isinstance(found, Automatic):
            return Outcome("absorbed", f"sent to a bounce address, but no report ({found.reason})")
        if not isinstance(found, Reported):
            return Outcome("held", f"sent to a bounce address, but no report ({found.reason})")
        if mail.reverse_path and found.report.kind != "complaint":
            return Outcome(
                "absorbed", "a report with a reverse-path proves nothing"
            )  # RFC 5321 section 4.5.5
        finding = bounce(session, target.delivery_id, found.report, now)
        trace.add("bounce", finding.words, "the address gets no more mail" if finding.suppressed else "")
        words = finding.words if found.report.kind == "complaint" else f"{found.report.kind}: {finding.words}"
        return Outcome("absorbed", words)

    def _complained(self, session: Session, report: Report, now: datetime, trace: Trace) -> Outcome | None:
        """The end of a complaint that was sent anywhere else, such as to abuse@: it may quote our reverse-path.

        None where it names no delivery of ours, or another recipient than that delivery's.
        """
        delivery = self._delivery_of(report.original_reverse_path)
        if report.kind != "complaint" or delivery is None:
            return None
        finding = bounce(session, delivery.delivery_id, report, now)
        if not finding.changed:
            return None
        trace.add("complaint", finding.words, "the address gets no more mail")
        return Outcome("absorbed", finding.words)

    def _left(
        self, session: Session, mail: Arrived, target: Leave, verdict: Verdict, now: datetime, trace: Trace
    ) -> Outcome:
        author = participant(session, target.thread_id, author_address(mail.reading.mail))
        if verdict.result == "fail" or author is None or author.partner_id != target.partner_id:
            return Outcome("held", "asks to leave, but not from the address that follows")
        return self.leave(session, target.thread_id, target.partner_id, now, trace)

    def leave(
        self, session: Session, thread_id: int, partner_id: int, now: datetime, trace: Trace
    ) -> Outcome:
        """End a subscription by mail; the thread may have been merged into another since."""
        thread, partner = lives.living(session, thread_id), partners.by_id(session, partner_id)
        if thread is None or partner is None:
            return Outcome("absorbed", "nothing to leave")
        did = end_subscription(session, thread, partner, posting=self._posting, now=now)
        trace.add("leave", "left" if did else "did not follow")
        return Outcome("absorbed", "left the thread" if did else "did not follow", thread_id=thread.id)
