"""Counts before one more mail is posted, so that loops and floods stop by themselves (rules/limits).

The count of a thread comes with the author (store/queries/participant), so that most mails cost no question of
their own. What is over a limit is held for a person, whose decision is not counted.
"""

from __future__ import annotations

from gateway.inbound.case import Case
from gateway.rules import limits as rules
from gateway.rules.authorship import Confidence
from gateway.rules.disposition import Automatic
from gateway.rules.limits import Limits, Said
from gateway.rules.routing import ToAlias, ToThread
from store.models.views import ParticipantView, ThreadView
from store.queries import limits as counts
from store.queries.participant import Asked
from store.session import Session


class Brake:
    """Says why a mail is one too many."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._most = max(limits.mails, limits.answers)

    def asked(self, case: Case) -> Asked:
        """What must be known of the author; counted no further than it matters."""
        return Asked(rules.counted_as(case.address), case.now - self._limits.window, self._most)

    def too_many(
        self, session: Session, case: Case, thread: ThreadView | None, author: ParticipantView | None,
        sure: Confidence, posted: int,
    ) -> str:  # fmt: skip
        """The reason why the mail is held, "" if it is not. posted: of his mails on the thread lately."""
        if case.mail.decision is not None or rules.is_exempt(case.address, sure, self._limits):
            return ""
        automatic = isinstance(case.found, Automatic)
        opens = isinstance(case.route, ToAlias)
        internal = author is not None and author.internal
        proven = self._limits.proven
        if rules.is_counted(sure, automatic=automatic, internal=internal, opens=opens, proven=proven):
            return rules.too_many(self._opened(session, case, posted), self._limits, opens=opens)
        answers = self._limits.answers
        if author is None or thread is None or not answers or posted < answers:
            return ""
        said = counts.said(session, thread.id, case.now - self._limits.window, at_most=4 * answers)
        text = case.mail.reading.reply_text
        return rules.answers_itself((Said(*one) for one in said), author.partner_id, text, self._limits)

    def _opened(self, session: Session, case: Case, posted: int) -> int:
        """How many records he opened, where he opens one."""
        if isinstance(case.route, ToThread) or not self._limits.records:
            return posted
        assert isinstance(case.route, ToAlias)
        key = rules.counted_as(case.address)
        return counts.opened(session, case.route.record_type, key, case.now - self._limits.window)
