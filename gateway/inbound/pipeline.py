"""THE PAGE: what happens to an accepted mail, step by step, in one transaction.

read -> authenticate -> classify -> route -> identify -> post (= follow, expand, queue). Each step notes what it
found in the trace. Source: DESIGN section 3; the order of Odoo's message_route is close to this one, but it
decides by the header, while here the envelope comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.chatter.deliveries import bounce
from gateway.chatter.follow import leave
from gateway.chatter.partners import find_or_add
from gateway.chatter.post import Author, Draft, Posting
from gateway.inbound.authenticate import Trust, authenticate
from gateway.inbound.confirm import Confirmation
from gateway.inbound.lookup import (
    Referenced,
    addressed,
    author_address,
    has_access,
    participant,
    referenced,
    takes_part,
)
from gateway.inbound.outcome import Outcome, Trace
from gateway.inbound.reading import Reading
from gateway.mail.address import domain_of
from gateway.mail.dmarc import organisational_domain
from gateway.mail.envelope import Client
from gateway.mail.subject import reply_subject
from gateway.rules.authorship import (
    Admission,
    Admit,
    Confidence,
    Hold,
    Policy,
    Verdict,
    admission,
    confidence,
)
from gateway.rules.disposition import Automatic, Ordinary, Reported, Spam
from gateway.rules.routing import (
    BounceTarget,
    Leave,
    Nowhere,
    Reply,
    Route,
    Target,
    ToAlias,
    ToThread,
    routes,
)
from store.models.views import ParticipantView, PartnerView, ThreadView
from store.queries import message as messages
from store.queries import partner as partners
from store.queries import thread as threads
from store.queries import types as type_store
from store.session import Session

FREEMAIL = frozenset({"gmail.com", "outlook.com", "hotmail.com", "yahoo.com", "icloud.com", "gmx.de", "gmx.net", "web.de",
                      "proton.me", "protonmail.com", "mail.ru", "qq.com", "163.com", "libero.it", "aol.com", "live.com"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about a held mail.

    as_email: post it as this partner, None = as its From. follow: None = as the rule says. thread_id:
    post it there, None = where it was addressed to. by: who decided.
    """

    by: str
    as_email: str | None = None
    follow: bool | None = None
    thread_id: int | None = None


@dataclass(frozen=True, slots=True)
class Arrived:
    """A mail of the ledger with everything that is known before its transaction."""

    id: int
    door: str
    reverse_path: str
    client: Client
    reading: Reading
    received_at: datetime
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    """One mail on its way to one place."""

    mail: Arrived
    route: Route
    verdict: Verdict
    references: Referenced
    address: str
    now: datetime
    trace: Trace


class Pipeline:
    """Carries mails from the ledger to their ends. new_key: mints the key of a record opened by mail."""

    def __init__(
        self,
        *,
        posting: Posting,
        trust: Trust,
        policy: Policy,
        automatic: str,
        confirmation: Confirmation,
        new_key: Callable[[], str],
    ) -> None:
        self._posting = posting
        self._trust = trust
        self._policy = policy
        self._automatic = automatic
        self._confirmation = confirmation
        self._new_key = new_key

    def process(
        self, session: Session, mail: Arrived, targets: Sequence[Target], now: datetime
    ) -> list[tuple[Outcome, Trace]]:
        """The end of each target, in their order. Raises nothing on purpose; what raises is retried."""
        trace = Trace()
        reading = mail.reading
        trace.add("parse", f"{len(reading.mail.headers)} header fields", "; ".join(reading.mail.defects))
        if reading.mail.unreadable:
            return [(Outcome("held", reading.mail.unreadable), trace)] * len(targets)
        verdict = authenticate(reading.mail, reading.topmost, mail.client, mail.door, self._trust)
        trace.add("authenticate", verdict.result, verdict.reason)
        trace.add("classify", type(reading.disposition).__name__.lower(), reading.disposition.reason)
        references = referenced(session, reading.mail)
        if references.is_ours and mail.decision is None:
            trace.add("classify", "own loop", "its Message-ID is one of ours")
            return [(Outcome("absorbed", "our own mail came back"), trace)] * len(targets)

        ends: list[tuple[Outcome, Trace] | None] = [
            self._settled_early(session, mail, target, verdict, now, trace) for target in targets
        ]
        open_targets = [index for index, end in enumerate(ends) if end is None]
        if open_targets:
            self._converse(session, mail, targets, open_targets, verdict, references, now, trace, ends)
        return [end for end in ends if end is not None]

    # -- targets that are no conversation ---------------------------------------------------------

    def _settled_early(
        self, session: Session, mail: Arrived, target: Target, verdict: Verdict, now: datetime, trace: Trace
    ) -> tuple[Outcome, Trace] | None:
        """The end of a bounce or leave target, and of reports; None where the mail goes on."""
        found = mail.reading.disposition
        branch = trace.branch()
        if isinstance(target, BounceTarget):
            return self._bounced(session, mail, target, now, branch), branch
        if isinstance(target, Leave):
            return self._left(session, mail, target, verdict, now, branch), branch
        if mail.decision is None and isinstance(found, Reported):
            return Outcome("held", f"a report that names no delivery of ours ({found.reason})"), branch
        if mail.decision is None and isinstance(found, Spam):
            return Outcome("held", f"marked as spam: {found.reason}"), branch
        return None

    def _bounced(
        self, session: Session, mail: Arrived, target: BounceTarget, now: datetime, trace: Trace
    ) -> Outcome:
        found = mail.reading.disposition
        if not isinstance(found, Reported):
            return Outcome("absorbed", f"sent to a bounce address, but no report ({found.reason})")
        if mail.reverse_path:
            return Outcome("absorbed", "a report with a reverse-path proves nothing")  # RFC 5321 section 4.5.5
        finding = bounce(session, target.delivery_id, found.report, now)
        trace.add("bounce", finding.words, "the address gets no more mail" if finding.suppressed else "")
        return Outcome("absorbed", f"{found.report.kind}: {finding.words}")

    def _left(
        self, session: Session, mail: Arrived, target: Leave, verdict: Verdict, now: datetime, trace: Trace
    ) -> Outcome:
        author = participant(session, target.thread_id, author_address(mail.reading.mail))
        if verdict.result == "fail" or author is None or author.partner_id != target.partner_id:
            return Outcome("held", "asks to leave, but not from the address that follows")
        return self._leave(session, target.thread_id, target.partner_id, now, trace)

    def _leave(self, session: Session, thread_id: int, partner_id: int, now: datetime, trace: Trace) -> Outcome:
        thread, partner = threads.by_id(session, thread_id), partners.by_id(session, partner_id)
        if thread is None or partner is None:
            return Outcome("absorbed", "nothing to leave")
        did = leave(session, thread, partner, posting=self._posting, now=now)
        trace.add("leave", "left" if did else "did not follow")
        return Outcome("absorbed", "left the thread" if did else "did not follow", thread_id=thread_id)

    # -- conversations ---------------------------------------------------------------------------

    def _converse(
        self, session: Session, mail: Arrived, targets: Sequence[Target], open_targets: list[int], verdict: Verdict,
        references: Referenced, now: datetime, trace: Trace, ends: list[tuple[Outcome, Trace] | None],
    ) -> None:  # fmt: skip
        address = author_address(mail.reading.mail)
        open_ones = [targets[index] for index in open_targets]
        for route, indices in self._routes(session, mail, open_ones, references, address):
            case = _Case(mail, route, verdict, references, address, now, trace.branch())
            case.trace.add("route", *_say(route))
            outcome = self._place(session, case)
            for index in indices:
                ends[open_targets[index]] = (outcome, case.trace)

    def _routes(
        self, session: Session, mail: Arrived, targets: Sequence[Target], references: Referenced, address: str
    ) -> list[tuple[Route, list[int]]]:
        if mail.decision is not None and mail.decision.thread_id is not None:
            chosen = ToThread(mail.decision.thread_id, by="a person")
            return [(chosen, list(range(len(targets))))]
        by_token = any(isinstance(target, Reply) for target in targets)
        candidates = [] if by_token or not address else takes_part(session, references.threads(), address)
        return routes(targets, candidates)

    def _place(self, session: Session, case: _Case) -> Outcome:
        """Identify the author for this place and do what the trust table says."""
        route = case.route
        thread = threads.by_id(session, route.thread_id) if isinstance(route, ToThread) else None
        if isinstance(route, ToThread) and thread is None:
            return Outcome("held", "the record is gone")
        if thread is not None and not thread.active and case.mail.decision is None:
            return Outcome("held", "the record is archived")
        author = participant(session, thread.id if thread else 0, case.address)
        token_partner = route.partner_id if isinstance(route, ToThread) else 0
        sure = confidence(case.verdict, author_id=author.partner_id if author else None, token_partner_id=token_partner)
        case.trace.add("identify", sure, _who(author, case.address))
        admitted = self._admission(session, case, thread, author, sure)
        if isinstance(admitted, Hold):
            case.trace.add("admit", "held", admitted.reason)
            self._ask(session, case, author, admitted)
            return Outcome("held", admitted.reason, thread_id=thread.id if thread else None)
        case.trace.add("admit", "posted", admitted.reason)
        return self._post(session, case, thread, author, sure, admitted)

    def _admission(
        self, session: Session, case: _Case, thread: ThreadView | None, author: ParticipantView | None, sure: Confidence
    ) -> Admission:
        decision = case.mail.decision
        if decision is not None and not isinstance(case.route, Nowhere):
            return Admit(f"released by {decision.by}", follow=bool(decision.follow), badge=decision.as_email is None)
        admitted = admission(
            case.route, author, sure, may_access=has_access(thread, author), policy=self._policy,
            same_domain=lambda: self._is_same_domain(session, case),
        )  # fmt: skip
        if isinstance(case.mail.reading.disposition, Automatic):
            return self._admit_automatic(case, author, admitted)
        return admitted

    def _admit_automatic(self, case: _Case, author: ParticipantView | None, admitted: Admission) -> Admission:
        """Automatic mail is never answered and makes no follower; only who takes part gets it logged."""
        why = case.mail.reading.disposition.reason
        if isinstance(admitted, Hold):
            return Hold(f"automatic mail ({why}); {admitted.reason}")
        if isinstance(case.route, ToAlias):
            if self._automatic == "open":
                return replace(admitted, follow=False)
            return Hold(f"automatic mail to an alias ({why})")
        is_for_him = isinstance(case.route, ToThread) and author is not None and author.partner_id == case.route.partner_id
        if author is not None and (author.follower or author.invited or is_for_him):
            return replace(admitted, follow=False)
        return Hold(f"automatic mail of somebody who takes no part ({why})")

    def _is_same_domain(self, session: Session, case: _Case) -> bool:
        if not isinstance(case.route, ToThread) or not case.route.partner_id:
            return False
        invited = partners.by_id(session, case.route.partner_id)
        theirs = organisational_domain(domain_of(case.address))
        return invited is not None and theirs not in FREEMAIL and theirs == organisational_domain(domain_of(invited.email))

    def _ask(self, session: Session, case: _Case, author: ParticipantView | None, held: Hold) -> None:
        """Ask the colleague at his true address whether he wrote it; never because of automatic mail."""
        if held.confirm and author is not None and isinstance(case.mail.reading.disposition, Ordinary):
            asked = self._confirmation.ask(session, author, case.mail.id, case.mail.reading.mail.subject, case.now)
            case.trace.add("confirm", "asked" if asked else "joined an open question", author.email)

    # -- post ------------------------------------------------------------------------------------

    def _post(
        self, session: Session, case: _Case, thread: ThreadView | None, author: ParticipantView | None, sure: Confidence,
        admitted: Admit,
    ) -> Outcome:  # fmt: skip
        mail = case.mail
        key = f"thread:{thread.id}" if thread else f"alias:{_alias_of(case.route).alias_id}"
        other = messages.arrive(session, key, mail.reading.fingerprint, mail.id, case.now)
        if other is not None and other != mail.id:
            case.trace.add("post", "absorbed", f"duplicate of {other}")
            return Outcome("absorbed", f"duplicate of {other}", thread_id=thread.id if thread else None)
        writer = self._author(session, case, author)
        if thread is not None and writer.partner_id and _says_leave(mail.reading) and sure in ("verified", "token"):
            return self._leave(session, thread.id, writer.partner_id, case.now, case.trace)
        opened = thread or self._open(session, case, writer, sure)
        draft = self._draft(session, case, opened, writer, sure, admitted)
        receipt = self._posting.post(session, draft, case.now)
        self._invite(session, case, opened, writer, sure)
        case.trace.add("post", draft.kind, "folded: automatic mail" if draft.folded else "")
        case.trace.add("follow", f"{receipt.followed} new", "")
        case.trace.add("expand", f"{receipt.told} told", f"{receipt.skipped} not told")
        return Outcome("posted", admitted.reason, opened.id, receipt.message_id)

    def _author(self, session: Session, case: _Case, author: ParticipantView | None) -> Author:
        """The partner who is shown as the author; a new external partner for an unknown address."""
        decision = case.mail.decision
        claimed = case.mail.reading.mail.author
        if decision is not None and decision.as_email:
            chosen = find_or_add(session, {decision.as_email: ""}, case.now)[decision.as_email]
            return _shown(chosen)
        if author is not None:
            return Author(author.partner_id, author.name, author.email, author.internal)
        if not case.address or claimed is None:
            return Author(None, claimed.name if claimed else "", "")
        return _shown(find_or_add(session, {case.address: claimed.name}, case.now)[case.address])

    def _open(self, session: Session, case: _Case, writer: Author, sure: Confidence) -> ThreadView:
        """Enter the record that a mail to an alias opens; its title is the subject, and the opener's thread goes on."""
        route, subject = _alias_of(case.route), case.mail.reading.mail.subject
        alias = type_store.alias_by_id(session, route.alias_id)
        is_creator = writer.internal and sure is Confidence.VERIFIED
        thread = threads.add(
            session, record_type=route.record_type, key=f"tp-{self._new_key()}",
            title=subject or "(no subject)", subject=reply_subject(subject) if subject else None, url=None,
            fields=dict(alias.defaults) if alias else {}, assignee_id=None,
            creator_id=writer.partner_id if is_creator else None,
            domain=route.address.rpartition("@")[2], now=case.now,
        )  # fmt: skip
        case.trace.add("open", f"{route.record_type} {thread.key}", "")
        return thread

    def _draft(
        self, session: Session, case: _Case, thread: ThreadView, writer: Author, sure: Confidence, admitted: Admit
    ) -> Draft:
        mail, reading = case.mail.reading.mail, case.mail.reading
        parent = case.references.parent_in(thread.id)
        internal = isinstance(case.route, ToThread) and (case.route.internal or (parent is not None and parent[1]))
        folded = isinstance(reading.disposition, Automatic) and isinstance(case.route, ToThread) and case.mail.decision is None
        sees = addressed(mail, self._trust.own_domains)
        return Draft(
            thread,
            kind="log" if folded else "note" if internal else "message",
            subtype="note" if internal or folded else "discussions",
            internal=internal or folded,
            author=writer,
            confidence=Confidence.CLAIMED if admitted.badge and sure is not Confidence.TOKEN else sure,
            subject=mail.subject or None,
            body_html=reading.reply_html,
            body_text=reading.reply_text,
            quoted_html=reading.quoted_html,
            parent_id=parent[0] if parent else None,
            date=case.mail.received_at,
            files=reading.files,
            addressed=frozenset(sees),
            addressed_count_for=_spared(sure, internal_author=writer.internal),
            recipients=self._answered(session, parent, writer) if internal else frozenset(),
            followers=((writer.partner_id, writer.internal),) if admitted.follow and writer.partner_id else (),
            header_id=mail.message_id,
            inbound_id=case.mail.id,
            folded=folded,
            generated=isinstance(reading.disposition, Automatic),
            tell=not folded,
        )

    def _answered(self, session: Session, parent: tuple[int, bool] | None, writer: Author) -> frozenset[int]:
        """The author of the note that is answered hears of the answer, whatever he subscribed to."""
        asked = messages.one(session, parent[0]) if parent else None
        if asked is None or asked.author_id is None or asked.author_id == writer.partner_id:
            return frozenset()
        return frozenset({asked.author_id})

    def _invite(self, session: Session, case: _Case, thread: ThreadView, writer: Author, sure: Confidence) -> None:
        """Whom a verified colleague put in To or Cc is welcome on the thread."""
        if not (writer.internal and sure is Confidence.VERIFIED):
            return
        sees = addressed(case.mail.reading.mail, self._trust.own_domains)
        if sees:
            known = find_or_add(session, sees, case.now)
            threads.invite(session, thread.id, [partner.id for partner in known.values()], case.now)


def _alias_of(route: Route) -> ToAlias:
    assert isinstance(route, ToAlias)
    return route


def _shown(partner: PartnerView) -> Author:
    return Author(partner.id, partner.name, partner.email, partner.internal)


def _spared(sure: Confidence, *, internal_author: bool) -> str:
    if sure is not Confidence.VERIFIED:
        return "nobody"
    return "everybody" if internal_author else "externals"


def _says_leave(reading: Reading) -> bool:
    first = reading.reply_text.strip().partition("\n")[0].strip().lower()
    return first == "/leave"


def _who(author: ParticipantView | None, address: str) -> str:
    if author is None:
        return f"nobody has the address {address}" if address else "no author"
    part = "follower" if author.follower else "invited" if author.invited else "takes no part"
    return f"{'colleague' if author.internal else 'outside partner'} {author.partner_id}, {part}"


def _say(route: Route) -> tuple[str, str]:
    match route:
        case ToThread(thread_id, by, internal):
            return f"thread {thread_id}", f"by {by}{', internal' if internal else ''}"
        case ToAlias(_, record_type, address):
            return f"a new {record_type}", f"by the alias {address}"
        case Nowhere(reason):
            return "nowhere", reason


def decision_of(values: Mapping[str, Any] | None) -> Decision | None:
    """The decision that a desk left with a target, None if there is none."""
    return Decision(**values) if values else None
