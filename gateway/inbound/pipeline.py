"""THE PAGE: what happens to an accepted mail, step by step, in one transaction.

read -> authenticate -> classify -> route -> identify -> post (= follow, expand, queue). Each step notes what it
found in the trace. Source: DESIGN section 3; the order of Odoo's message_route is close to this one, but it
decides by the header, while here the envelope comes first. What needs no author (bounces, leaving) ends in
``settling``; what is posted, and as whose, is decided in ``placing``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gateway.chatter.post import Posting
from gateway.inbound.admitting import Admitting, Answer, HouseRules
from gateway.inbound.authenticate import Trust, authenticate
from gateway.inbound.brake import Brake
from gateway.inbound.case import Arrived, Case, where, who
from gateway.inbound.confirm import Confirmation
from gateway.inbound.lookup import (
    Referenced,
    author_address,
    is_our_own,
    named_in_to,
    referenced,
    takes_part,
)
from gateway.inbound.outcome import Outcome, Trace
from gateway.inbound.placing import Placing
from gateway.inbound.refuse import Refusals
from gateway.inbound.settling import Settling
from gateway.inbound.twins import wait_once
from gateway.inbound.verbs import Verbs
from gateway.inbound.vouching import settled_author
from gateway.mail.address import domain_of
from gateway.mail.message import ParsedMail
from gateway.rules.authorship import Admit, Confidence, Hold, Verdict
from gateway.rules.disposition import Disposition, Ordinary, on_its_way
from gateway.rules.expiry import is_stale
from gateway.rules.limits import Limits
from gateway.rules.policy import Discard, Refuse
from gateway.rules.routing import BounceTarget, Reply, Route, Target, ToAlias, ToThread, chosen, routes
from store.models.views import ParticipantView, ThreadView
from store.queries import lives, types
from store.queries import participant as authors
from store.queries import thread as threads
from store.session import Session


class Pipeline:
    """Carries mails from the ledger to their ends.

    new_key: mints the key of a record opened by mail. most_received: Received fields above which mail loops.
    delivery_of: the delivery of ours that went out with a reverse-path, None if none did. reply_weeks: how old a
    reply address may be at its thread's last notice to speak for its owner, 0 = any age.
    """

    def __init__(
        self,
        *,
        posting: Posting,
        trust: Trust,
        house: HouseRules,
        confirmation: Confirmation,
        new_key: Callable[[], str],
        limits: Limits,
        delivery_of: Callable[[str], BounceTarget | None],
        reply_weeks: int = 52,
        most_received: int = 100,
    ) -> None:
        self._posting = posting
        self._trust = trust
        self._confirmation = confirmation
        self._most_received = most_received
        self._reply_weeks = reply_weeks
        self._settling = Settling(posting, delivery_of)
        self._verbs = Verbs(self._settling)
        self._admitting = Admitting(posting, house)
        self._brake = Brake(limits)
        self._refusals = Refusals(posting)
        self._placing = Placing(
            posting=posting,
            verbs=self._verbs,
            policy=house.trust,
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
        places = []
        for route, indices in self._routes(session, mail, open_ones, references, address):
            case = Case(
                mail, route, self._found(mail, route), verdict, references, address, now, trace.branch(),
                _alias(session, route),
            )  # fmt: skip
            thread = lives.living(session, route.thread_id) if isinstance(route, ToThread) else None
            case.trace.add("route", *where(route, thread))
            if case.found is not mail.reading.disposition:
                case.trace.add("classify", type(case.found).__name__.lower(), case.found.reason)
            places.append((self._judged(session, case, thread), case, indices))
        too_many = next((judged.too_many for judged, _, _ in places if judged.too_many), "")
        for judged, case, indices in places:
            outcome = self._finished(session, case, judged, too_many)
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

    def _judged(self, session: Session, case: Case, thread: ThreadView | None) -> Judged:
        """Identify the author for this place, and say what the mail may do there."""
        if isinstance(case.route, ToThread) and thread is None:
            return Judged(end=Outcome("held", "the record is gone"))
        if thread is not None and not thread.active and case.mail.decision is None:
            return Judged(thread, end=Outcome("held", "the record is archived", thread_id=thread.id))
        author, is_blocked, posted = self._author(session, thread, case)
        speaks_for = self._speaks_for(case, thread)
        author, sure = settled_author(session, case, thread, author, self._trust.own_domains, speaks_for)
        case.trace.add("identify", sure, who(author, case.address))
        if thread is not None and not is_blocked:
            end = self._verbs.end_of(session, case, thread, author, sure)
            if end is not None:
                return Judged(thread, author, sure, end)
        admitted = self._admitting.answer(session, case, thread, author, sure)
        if thread is not None and not is_blocked and not isinstance(admitted, Admit):
            self._verbs.obey_unposted(session, case, thread, author, sure)
        decision, too_many = case.mail.decision, ""
        if isinstance(admitted, Admit) and (decision is None or decision.confirmed):
            if is_blocked:
                return Judged(thread, author, sure, Hold("the author is blocked"))
            too_many = self._brake.too_many(session, case, thread, author, sure, posted)
        if isinstance(admitted, Refuse) and is_blocked:
            admitted = replace(admitted, silent=True)
        return Judged(thread, author, sure, admitted, too_many)

    def _finished(self, session: Session, case: Case, judged: Judged, too_many: str) -> Outcome:
        """Do what was found. too_many: why no place of this mail takes it (Odoo T104), "" if they do."""
        end, thread_id = judged.end, judged.thread.id if judged.thread else None
        if isinstance(end, Admit) and too_many:
            other = self._placing.posted_as(session, case, judged.thread)
            if other is not None:
                return Outcome("absorbed", f"duplicate of {other}", thread_id=thread_id)
            end = Hold(too_many)
        match end:
            case Outcome():
                return end
            case Hold(reason):
                case.trace.add("admit", "held", reason)
                self._ask(session, case, judged.author, end)
                return Outcome("held", reason, thread_id=thread_id)
            case Refuse():
                return self._refusals.end(session, case, judged.author, judged.sure, end)
            case Discard(reason):
                case.trace.add("admit", "discarded", reason)
                return Outcome("absorbed", reason, thread_id=thread_id)
        case.trace.add("admit", "posted", end.reason)
        return self._placing.post(session, case, judged.thread, judged.author, judged.sure, end)

    def _author(
        self, session: Session, thread: ThreadView | None, case: Case
    ) -> tuple[ParticipantView | None, bool, int]:
        """The author as the thread knows him, whether he is blocked, and what he posted there lately."""
        if not case.address:
            return None, False, 0
        return authors.author_counted(
            session, thread.id if thread else 0, case.address, self._brake.asked(case)
        )

    def _speaks_for(self, case: Case, thread: ThreadView | None) -> frozenset[int]:
        """For whom the reply addresses speak that were used; an old one leads to the thread and no more."""
        if not isinstance(case.route, ToThread) or thread is None:
            return frozenset()
        return frozenset(
            partner_id
            for partner_id, week in case.route.minted
            if not is_stale(week, thread.last_notified_at, weeks=self._reply_weeks)
        )

    def _ask(self, session: Session, case: Case, author: ParticipantView | None, held: Hold) -> None:
        """Ask the colleague at his true address whether he wrote it; never because of automatic mail."""
        if held.confirm and author is not None and isinstance(case.found, Ordinary):
            asked = self._confirmation.ask(
                session, author, case.mail.id, case.mail.reading.mail.subject, case.now,
                received_at=case.mail.received_at,
            )  # fmt: skip
            case.trace.add("confirm", "asked" if asked else "joined an open question", author.email)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a mail may do at one place. end: how it ends there. too_many: why it is one too many, "" if it is not."""

    thread: ThreadView | None = None
    author: ParticipantView | None = None
    sure: Confidence = Confidence.CLAIMED
    end: Outcome | Answer = field(default_factory=lambda: Outcome("held"))
    too_many: str = ""


def _alias(session: Session, route: Route) -> Any | None:
    return types.alias_by_id(session, route.alias_id) if isinstance(route, ToAlias) else None
