"""May this mail be posted there? The trust table, automatic mail, and what alias, type and house want of a class."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.chatter.post import Posting
from gateway.inbound.case import Case
from gateway.inbound.lookup import has_access
from gateway.mail.address import domain_of
from gateway.mail.dmarc import organisational_domain
from gateway.rules.authorship import Admission, Admit, Confidence, Hold, Policy, admission
from gateway.rules.disposition import Automatic
from gateway.rules.freemail import is_freemail
from gateway.rules.policy import (
    Discard,
    Level,
    Refuse,
    applied,
    author_class,
    decision,
    house_rule,
    own_words,
)
from gateway.rules.routing import Nowhere, ToAlias, ToThread
from store.models.views import ParticipantView, ThreadView
from store.queries import partner as partners
from store.session import Session

Answer = Admission | Refuse | Discard


@dataclass(frozen=True, slots=True)
class HouseRules:
    """What holds where neither alias nor record type say otherwise.

    classes: class of authors -> accept, hold, reject or discard; of automatic mail only where it opens a record.
    freemail: domains of mail providers beside those that are known.
    """

    trust: Policy = field(default_factory=Policy)
    classes: Mapping[str, str] = field(default_factory=dict)
    freemail: Collection[str] = ()


class Admitting:
    """Decides about the mail of a case."""

    def __init__(self, posting: Posting, rules: HouseRules) -> None:
        self._posting = posting
        self._rules = rules

    def answer(
        self, session: Session, case: Case, thread: ThreadView | None, author: ParticipantView | None,
        sure: Confidence,
    ) -> Answer:  # fmt: skip
        """Admit, hold, refuse or discard. thread: None = the mail opens one, or leads nowhere.

        A person's decision lets pass what the rules hold. Not so a colleague's own "yes": it proves who wrote, and
        what he may do the rules say.
        """
        ruled = self._ruled(session, case, thread, author, sure)
        decided = case.mail.decision
        if decided is None or decided.confirmed or isinstance(case.route, Nowhere):
            return ruled
        follow = isinstance(ruled, Admit) and ruled.follow if decided.follow is None else decided.follow
        return Admit(f"released by {decided.by}", follow=follow, badge=sure is not Confidence.VERIFIED)

    def _ruled(
        self, session: Session, case: Case, thread: ThreadView | None, author: ParticipantView | None,
        sure: Confidence,
    ) -> Answer:  # fmt: skip
        levels = self._levels(session, case, thread)
        automatic = isinstance(case.found, Automatic)
        opens = isinstance(case.route, ToAlias)
        said = decision(author_class(author, automatic=automatic, opens=opens), levels)
        admitted = self._trusted(session, case, thread, author, sure, levels)
        if automatic:
            admitted = self._automatic(case, author, admitted, is_open=said[0] == "accept")
        if isinstance(case.route, Nowhere):
            return admitted
        return applied(admitted, said, own_words(levels))

    def _levels(self, session: Session, case: Case, thread: ThreadView | None) -> list[Level]:
        """Who is asked: the alias, the record type, the house."""
        levels = []
        if case.alias is not None and case.alias.policy:
            levels.append(Level("the alias", case.alias.policy))
        record_type = thread.record_type if thread else _type_of(case)
        if record_type:
            levels.append(Level("the record type", self._posting.type_rules(session, record_type).policy))
        house: Mapping[str, Any] = self._rules.classes
        if not isinstance(case.route, ToAlias):  # what a program answers on a thread is folded, not held
            house = {name: said for name, said in house.items() if name != "automatic"}
        return [*levels, Level("the house", house)]

    def _trusted(
        self, session: Session, case: Case, thread: ThreadView | None, author: ParticipantView | None,
        sure: Confidence, levels: list[Level],
    ) -> Admission:  # fmt: skip
        trust = self._rules.trust
        policy = Policy(
            house_rule("outsiders", levels, trust.outsiders),
            house_rule("auto_follow", levels, trust.auto_follow),
        )
        access = self._posting.access(session, thread)
        return admission(
            case.route, author, sure, may_access=has_access(thread, author, access), policy=policy,
            same_domain=lambda: self._is_same_domain(session, case),
        )  # fmt: skip

    def _automatic(
        self, case: Case, author: ParticipantView | None, admitted: Admission, *, is_open: bool
    ) -> Admission:
        """Automatic mail is never answered and makes no follower; only who takes part gets it logged."""
        why = case.found.reason
        if isinstance(admitted, Hold):
            return Hold(f"automatic mail ({why}); {admitted.reason}")
        if isinstance(case.route, ToAlias):
            return replace(admitted, follow=False) if is_open else Hold(f"automatic mail to an alias ({why})")
        is_for_him = (
            isinstance(case.route, ToThread)
            and author is not None
            and author.partner_id in case.route.partner_ids
        )
        if author is not None and (author.follower or author.invited or is_for_him):
            return replace(admitted, follow=False)
        return Hold(f"automatic mail of somebody who takes no part ({why})")

    def _is_same_domain(self, session: Session, case: Case) -> bool:
        if not isinstance(case.route, ToThread) or is_freemail(domain_of(case.address), self._rules.freemail):
            return False
        theirs = organisational_domain(domain_of(case.address))
        invited = partners.by_ids(session, sorted(case.route.partner_ids)).values()
        return any(theirs == organisational_domain(domain_of(one.email)) for one in invited)


def _type_of(case: Case) -> str:
    return case.route.record_type if isinstance(case.route, ToAlias) else ""
