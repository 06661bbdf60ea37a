"""The end of a mail that policy refuses after it was accepted; and who may be told.

Only a proven author, never because of automatic mail, and once per address and day: an answer to a forged
address is one more mail that nobody asked for, and two programs must never answer each other (DESIGN sections 3
and 5, RFC 3834 section 2).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.chatter.post import Posting, delivery_row
from gateway.inbound.case import Case
from gateway.inbound.outcome import Outcome
from gateway.mail.address import normalise
from gateway.mail.html import clean, to_text
from gateway.rules.authorship import Confidence
from gateway.rules.disposition import Ordinary
from gateway.rules.policy import Refuse
from gateway.rules.routing import ToAlias
from store.models.views import ParticipantView
from store.queries import limits as counts
from store.queries import message as messages
from store.session import Session

_ONE_PER = timedelta(days=1)


class Refusals:
    """Ends what is refused."""

    def __init__(self, posting: Posting) -> None:
        self._posting = posting

    def end(
        self, session: Session, case: Case, author: ParticipantView | None, sure: Confidence, refused: Refuse
    ) -> Outcome:
        """Tell the author where he may be told. author: None when nobody has his address."""
        why_not = "the author is blocked" if refused.silent else self._why_silent(session, case, sure)
        if not why_not:
            self._tell(session, case, author, refused)
        case.trace.add("refuse", "silent" if why_not else "told", why_not or case.address)
        return Outcome("refused", refused.reason)

    def _why_silent(self, session: Session, case: Case, sure: Confidence) -> str:
        if sure is not Confidence.VERIFIED:
            return "nothing proves the author"
        if not isinstance(case.found, Ordinary):
            return "automatic mail is not answered"
        if not case.mail.reverse_path:
            return "it has no reverse-path"
        return "" if may_answer(session, "refusal", case.address, case.now) else "told within a day already"

    def _tell(self, session: Session, case: Case, author: ParticipantView | None, refused: Refuse) -> None:
        html = clean(refused.html) if refused.html else ""
        text = to_text(html).strip()
        payload = {
            "subject": case.mail.reading.mail.subject,
            "alias": case.route.address if isinstance(case.route, ToAlias) else "",
            "html": html if text else "",  # nothing but empty tags is no text (Odoo T044)
            "text": text,
        }
        row = delivery_row(
            "refusal", address=case.address, reason="refused", header_id=self._posting.new_header_id(), now=case.now,
            partner_id=author.partner_id if author else None, payload=payload,
        )  # fmt: skip
        messages.add_deliveries(session, [row])


def may_answer(session: Session, kind: str, address: str, now: datetime) -> bool:
    """Whether an address may get an automatic answer of this kind now; then it counts as given."""
    return counts.take_courtesy(session, kind, address, since=now - _ONE_PER, now=now)


def is_answerable(case: Case) -> bool:
    """An answer reaches the author himself: MAIL FROM is the address in From (DESIGN section 5)."""
    return bool(case.mail.reverse_path) and normalise(case.mail.reverse_path) == case.address
