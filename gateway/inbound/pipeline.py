"""THE PAGE: what happens to an accepted mail, step by step, in one transaction.

read -> authenticate -> classify -> route -> identify -> post (= follow, expand, queue). Each step notes what it
found in the trace. Source: DESIGN section 3; the order of Odoo's message_route is close to this one, but it
decides by the header, while here the envelope comes first. What needs no author (bounces, leaving) ends in
``settling``; what is posted, and as whose, is decided in ``placing``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from gateway.chatter.post import Posting
from gateway.inbound.authenticate import Trust, authenticate
from gateway.inbound.case import Arrived, Case, where, who
from gateway.inbound.confirm import Confirmation
from gateway.inbound.lookup import (
    Referenced,
    author_address,
    has_access,
    is_our_own,
    named_in_to,
    referenced,
    takes_part,
)
from gateway.inbound.outcome import Outcome, Trace
from gateway.inbound.placing import Placing
from gateway.inbound.settling import Settling
from gateway.inbound.twins import wait_once
from gateway.inbound.vouching import settled_author
from gateway.mail.address import domain_of
from gateway.mail.dmarc import organisational_domain
from gateway.mail.message import ParsedMail
from gateway.rules.authorship import (
    Admission,
    Admit,
    Confidence,
    Hold,
    Policy,
    Verdict,
    admission,
)
from gateway.rules.disposition import Automatic, Disposition, Ordinary, on_its_way
from gateway.rules.routing import (
    BounceTarget,
    Nowhere,
    Reply,
    Route,
    Target,
    ToAlias,
    ToThread,
    chosen,
    routes,
)
from store.models.views import ParticipantView, ThreadView
from store.queries import lives
from store.queries import participant as authors
from store.queries import partner as partners
from store.queries import thread as threads
from store.session import Session

FREEMAIL = frozenset({"gmail.com", "outlook.com", "hotmail.com", "yahoo.com", "icloud.com", "gmx.de", "gmx.net", "web.de",
                      "proton.me", "protonmail.com", "mail.ru", "qq.com", "163.com", "libero.it", "aol.com", "live.com"})  # fmt: skip


class Pipeline:
    """Carries mails from the ledger to their ends.

    new_key: mints the key of a record opened by mail. most_received: Received fields above which mail loops.
    delivery_of: the delivery of ours that went out with a reverse-path, None if none did.
    """

    def __init__(
        self,
        *,
        posting: Posting,
        trust: Trust,
        policy: Policy,
        automatic: str,
        confirmation: Confirmation,
        new_key: Callable[[], str],
        delivery_of: Callable[[str], BounceTarget | None],
        most_received: int = 100,
    ) -> None:
        self._posting = posting
        self._trust = trust
        self._policy = policy
        self._automatic = automatic
        self._confirmation = confirmation
        self._most_received = most_received
        self._settling = Settling(posting, delivery_of)
        self._placing = Placing(
            posting=posting,
            settling=self._settling,
            policy=policy,
            own_domains=trust.own_domains,
            new_key=new_key,
        )

    def process(
        self, session: Session, mail: Arrived, targets: Sequence[Target], now: datetime
    ) -> list[tuple[Outcome, Trace]]:
        """The end of each target, in their order. Raises nothing on purpose; what raises is retried."""
        ends = self._ends(session, mail, targets, now)
        if mail.decision is not None:
            return ends
        return wait_once(session, mail.id, mail.reading.fingerprint, targets, ends)

    def _ends(
        self, session: Session, mail: Arrived, targets: Sequence[Target], now: datetime
    ) -> list[tuple[Outcome, Trace]]:
        trace = Trace()
        reading = mail.reading
        trace.add("parse", f"{len(reading.mail.headers)} header fields", "; ".join(reading.mail.defects))
        unfit = reading.mail.unreadable or self._looping(mail)
        if unfit:
            return [(Outcome("held", unfit), trace)] * len(targets)
        verdict = authenticate(reading.mail, reading.topmost, mail.client, mail.door, self._trust)
        if is_our_own(session, author_address(reading.mail), self._trust):
            verdict = Verdict("fail", "From is an address of this gateway, behind which nobody sits")
        trace.add("authenticate", verdict.result, verdict.reason)
        trace.add("classify", type(reading.disposition).__name__.lower(), reading.disposition.reason)
        references = referenced(session, reading.mail)
        if references.is_ours and mail.decision is None:
            trace.add("classify", "own loop", "its Message-ID is one of ours")
            return [(self._own_loop(reading.mail), trace)] * len(targets)

        ends: list[tuple[Outcome, Trace] | None] = [
            self._settling.end_of(session, mail, target, verdict, now, trace) for target in targets
        ]
        open_targets = [index for index, end in enumerate(ends) if end is None]
        if open_targets:
            self._converse(session, mail, targets, open_targets, verdict, references, now, trace, ends)
        return [end for end in ends if end is not None]

    def _own_loop(self, mail: ParsedMail) -> Outcome:
        """Our own mail is absorbed; what somebody wrote himself under an id of ours is for people to read."""
        if domain_of(author_address(mail)) in self._trust.own_domains:
            return Outcome("absorbed", "our own mail came back")
        return Outcome("held", "it has the Message-ID of a mail of ours, but another author")

    def _looping(self, mail: Arrived) -> str:
        """Why a mail seems to go in circles (RFC 5321 section 6.3), "" if it does not or a person released it."""
        hops = sum(1 for name, _ in mail.reading.mail.headers if name == "received")
        if hops <= self._most_received or mail.decision is not None:
            return ""
        return f"it passed {hops} hosts, more than {self._most_received}: it seems to loop"

    def _converse(
        self, session: Session, mail: Arrived, targets: Sequence[Target], open_targets: list[int], verdict: Verdict,
        references: Referenced, now: datetime, trace: Trace, ends: list[tuple[Outcome, Trace] | None],
    ) -> None:  # fmt: skip
        address = author_address(mail.reading.mail)
        open_ones = [targets[index] for index in open_targets]
        for route, indices in self._routes(session, mail, open_ones, references, address):
            case = Case(
                mail, route, self._found(mail, route), verdict, references, address, now, trace.branch()
            )
            case.trace.add("route", *where(route))
            if case.found is not mail.reading.disposition:
                case.trace.add("classify", type(case.found).__name__.lower(), case.found.reason)
            outcome = self._place(session, case)
            for index in indices:
                ends[open_targets[index]] = (outcome, case.trace)

    def _found(self, mail: Arrived, route: Route) -> Disposition:
        to_thread = isinstance(route, ToThread)
        return on_its_way(
            mail.reading.mail,
            mail.reading.disposition,
            own_domains=self._trust.own_domains,
            to_thread=to_thread,
        )

    def _routes(
        self, session: Session, mail: Arrived, targets: Sequence[Target], references: Referenced, address: str
    ) -> list[tuple[Route, list[int]]]:
        if mail.decision is not None and mail.decision.thread_id is not None:
            inside = mail.decision.internal or references.any_internal()
            route = chosen(mail.decision.thread_id, targets, answers_inside=inside)
            return [(route, list(range(len(targets))))]
        by_token = any(isinstance(target, Reply) for target in targets)
        candidates = [] if by_token or not address else takes_part(session, references.threads(), address)
        first = threads.by_id(session, candidates[0]) if candidates else None
        return routes(
            targets,
            candidates,
            referenced_type=first.record_type if first else "",
            to=named_in_to(mail.reading.mail),
        )

    def _place(self, session: Session, case: Case) -> Outcome:
        """Identify the author for this place and do what the trust table says."""
        route = case.route
        thread = lives.living(session, route.thread_id) if isinstance(route, ToThread) else None
        if isinstance(route, ToThread) and thread is None:
            return Outcome("held", "the record is gone")
        if thread is not None and not thread.active and case.mail.decision is None:
            return Outcome("held", "the record is archived")
        author, is_blocked = self._author(session, thread, case)
        author, sure = settled_author(session, case, thread, author, self._trust.own_domains)
        case.trace.add("identify", sure, who(author, case.address))
        admitted = self._admission(session, case, thread, author, sure)
        decision = case.mail.decision
        if is_blocked and isinstance(admitted, Admit) and (decision is None or decision.confirmed):
            admitted = Hold("the author is blocked")
        if isinstance(admitted, Hold):
            case.trace.add("admit", "held", admitted.reason)
            self._ask(session, case, author, admitted)
            return Outcome("held", admitted.reason, thread_id=thread.id if thread else None)
        case.trace.add("admit", "posted", admitted.reason)
        return self._placing.post(session, case, thread, author, sure, admitted)

    def _author(
        self, session: Session, thread: ThreadView | None, case: Case
    ) -> tuple[ParticipantView | None, bool]:
        """The author as the thread knows him, and whether he is blocked."""
        if not case.address:
            return None, False
        return authors.author(session, thread.id if thread else 0, case.address)

    def _admission(
        self,
        session: Session,
        case: Case,
        thread: ThreadView | None,
        author: ParticipantView | None,
        sure: Confidence,
    ) -> Admission:
        """What the trust table says; a person's decision lets pass what it holds.

        Not so a colleague's own "yes": it proves who wrote, and what he may do the table says.
        """
        decision = case.mail.decision
        ruled = self._ruled(session, case, thread, author, sure)
        if decision is None or decision.confirmed or isinstance(case.route, Nowhere):
            return ruled
        follow = isinstance(ruled, Admit) and ruled.follow if decision.follow is None else decision.follow
        return Admit(f"released by {decision.by}", follow=follow, badge=sure is not Confidence.VERIFIED)

    def _ruled(
        self,
        session: Session,
        case: Case,
        thread: ThreadView | None,
        author: ParticipantView | None,
        sure: Confidence,
    ) -> Admission:
        access = self._posting.access(session, thread)
        admitted = admission(
            case.route, author, sure, may_access=has_access(thread, author, access), policy=self._policy,
            same_domain=lambda: self._is_same_domain(session, case),
        )  # fmt: skip
        if isinstance(case.found, Automatic):
            return self._admit_automatic(case, author, admitted)
        return admitted

    def _admit_automatic(self, case: Case, author: ParticipantView | None, admitted: Admission) -> Admission:
        """Automatic mail is never answered and makes no follower; only who takes part gets it logged."""
        why = case.found.reason
        if isinstance(admitted, Hold):
            return Hold(f"automatic mail ({why}); {admitted.reason}")
        if isinstance(case.route, ToAlias):
            if self._automatic == "open":
                return replace(admitted, follow=False)
            return Hold(f"automatic mail to an alias ({why})")
        is_for_him = (
            isinstance(case.route, ToThread)
            and author is not None
            and author.partner_id in case.route.partner_ids
        )
        if author is not None and (author.follower or author.invited or is_for_him):
            return replace(admitted, follow=False)
        return Hold(f"automatic mail of somebody who takes no part ({why})")

    def _is_same_domain(self, session: Session, case: Case) -> bool:
        if not isinstance(case.route, ToThread):
            return False
        theirs = organisational_domain(domain_of(case.address))
        invited = partners.by_ids(session, sorted(case.route.partner_ids)).values()
        return theirs not in FREEMAIL and any(
            theirs == organisational_domain(domain_of(one.email)) for one in invited
        )

    def _ask(self, session: Session, case: Case, author: ParticipantView | None, held: Hold) -> None:
        """Ask the colleague at his true address whether he wrote it; never because of automatic mail."""
        if held.confirm and author is not None and isinstance(case.found, Ordinary):
            asked = self._confirmation.ask(
                session, author, case.mail.id, case.mail.reading.mail.subject, case.now
            )
            case.trace.add("confirm", "asked" if asked else "joined an open question", author.email)
