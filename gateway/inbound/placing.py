"""The last step: what is posted of an admitted mail, by whom, and on which thread (follow, expand, queue included)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gateway.chatter.automail import send_at_creation, sends_at_creation
from gateway.chatter.partners import find_or_add, learn_name
from gateway.chatter.post import ASSIGNED, Addressee, Author, Draft, Posting
from gateway.inbound.answering import Concerned, concerned
from gateway.inbound.case import Case
from gateway.inbound.forwarded import as_customers, customer_of, remark
from gateway.inbound.lookup import addressed, parent_of
from gateway.inbound.opening import Opening
from gateway.inbound.outcome import Outcome
from gateway.inbound.reading import PassedOn, hide_tokens
from gateway.inbound.refuse import is_answerable, may_answer
from gateway.inbound.verbs import Verbs, asked
from gateway.rules.authorship import Admit, Confidence, Policy
from gateway.rules.disposition import Automatic, Ordinary
from gateway.rules.limits import counted_as
from gateway.rules.routing import Route, ToAlias, ToThread
from store.models.views import ParticipantView, PartnerView, ThreadView
from store.queries import follower as followers
from store.queries import message as messages
from store.queries import partner as partners
from store.session import Session

_MOST_ADDRESSEES = 50  # that are kept with a message


class Placing:
    """Posts admitted mails. own_domains: names of ours; new_key: mints the key of a record opened by mail."""

    def __init__(
        self,
        *,
        posting: Posting,
        verbs: Verbs,
        policy: Policy,
        own_domains: frozenset[str],
        new_key: Callable[[], str],
    ) -> None:
        self._posting = posting
        self._verbs = verbs
        self._policy = policy
        self._own_domains = own_domains
        self._opening = Opening(posting, new_key)

    def post(
        self, session: Session, case: Case, thread: ThreadView | None, author: ParticipantView | None, sure: Confidence,
        admitted: Admit,
    ) -> Outcome:  # fmt: skip
        """Post the mail of a case on its thread, or on the record that it opens. thread: None = it opens one."""
        mail = case.mail
        key = _key(case, thread)
        counted = counted_as(case.address)
        other = messages.arrive(session, key, mail.reading.fingerprint, mail.id, case.now, author=counted)
        if other is not None and other != mail.id:
            case.trace.add("post", "absorbed", f"duplicate of {other}")
            return Outcome("absorbed", f"duplicate of {other}", thread_id=thread.id if thread else None)
        writer = self._author(session, case, author, sure)
        what = asked(case)
        if what is None or thread is None or not writer.partner_id:
            return self._entered(session, case, thread, writer, sure, admitted)
        end = None
        if what.rest is not None:
            said = replace(case, mail=replace(mail, reading=what.rest))
            end = self._entered(session, said, thread, writer, sure, replace(admitted, follow=False))
        did = self._verbs.obey(
            session, thread.id, writer.partner_id, what.verb, now=case.now, trace=case.trace
        )  # he is proven, or a person let it pass
        return end or did

    def _entered(
        self, session: Session, case: Case, thread: ThreadView | None, writer: Author, sure: Confidence, admitted: Admit
    ) -> Outcome:  # fmt: skip
        """Enter the mail as a message, on the record that it opens where there is none."""
        passed_on = self._passed_on(case, writer, sure)
        customer = customer_of(session, passed_on, own_domains=self._own_domains, now=case.now)
        if passed_on is None or customer is None:
            opened = thread or self._opening.open(session, case, writer, sure, case.mail.reading.mail.subject)
            draft = self._draft(session, case, opened, writer, sure, admitted)
            receipt = self._posting.post(session, draft, case.now)
        else:
            case.trace.add("forward", f"a mail of {customer.email}", "passed on by a verified colleague")
            opened = self._opening.open(session, case, writer, sure, passed_on.subject)
            own = self._draft(session, case, opened, writer, sure, admitted)
            draft = as_customers(own, passed_on, customer, self._policy)
            receipt = self._posting.post(session, draft, case.now)
            self._posting.post(session, remark(own, passed_on, receipt.message_id), case.now)
            followers.invite(session, opened.id, [customer.id], case.now)
        self._invite(session, case, opened, writer, sure)
        if thread is None:
            self._send_templates(session, case, opened, sure, author_id=writer.partner_id)
        case.trace.add("post", draft.kind, "folded: automatic mail" if draft.folded else "")
        case.trace.add("follow", f"{receipt.followed} new", "")
        case.trace.add("expand", f"{receipt.told} told", f"{receipt.skipped} not told")
        return Outcome("posted", admitted.reason, opened.id, receipt.message_id)

    def posted_as(self, session: Session, case: Case, thread: ThreadView | None) -> int | None:
        """The entry under which the same mail was posted at this place already, None if it was not."""
        return messages.arrived(session, _key(case, thread), case.mail.reading.fingerprint)

    def _send_templates(
        self, session: Session, case: Case, opened: ThreadView, sure: Confidence, *, author_id: int | None
    ) -> None:
        """Send what the fields of a new record are mapped to, after its mail; never because of automatic mail.

        Only a proven author: an acknowledgement to a forged address would be one more mail nobody asked for.
        The author himself is told once a day, and where his mail came from his own address (DESIGN section 5).
        """
        rules = self._posting.rules(session, opened)
        is_proven = sure is Confidence.VERIFIED and isinstance(case.found, Ordinary)
        if not is_proven or not sends_at_creation(opened, rules):
            return
        spared = {}
        if author_id is not None and (why_not := self._why_unacknowledged(session, case)):
            spared[author_id] = why_not
        sent = send_at_creation(
            session, opened, None, rules=rules, posting=self._posting, now=case.now, spared=spared
        )
        if sent:
            case.trace.add("template", f"{sent} sent", "the fields of the new record are mapped to it")

    def _why_unacknowledged(self, session: Session, case: Case) -> str:
        """Why the author of a new record hears nothing of its templates, "" if he does."""
        if not is_answerable(case):
            return "his mail came from another address than its reverse-path"
        may = may_answer(session, "acknowledgement", case.address, case.now)
        return "" if may else "acknowledged within a day already"

    def _passed_on(self, case: Case, writer: Author, sure: Confidence) -> PassedOn | None:
        """The mail that a verified colleague forwards to an alias; None for anybody else's mail."""
        decision = case.mail.decision
        is_his = writer.internal and sure is Confidence.VERIFIED and (decision is None or decision.confirmed)
        return case.mail.reading.passed_on if is_his and isinstance(case.route, ToAlias) else None

    def _author(
        self, session: Session, case: Case, author: ParticipantView | None, sure: Confidence
    ) -> Author:
        """The partner who is shown as the author; a new external partner for an unknown address.

        Who was entered without a name is called from now on as he calls himself, once it is he who does.
        """
        claimed = case.mail.reading.mail.author
        if author is not None:
            name = author.name
            if not name and claimed is not None and sure in (Confidence.VERIFIED, Confidence.TOKEN):
                name = learn_name(session, author.partner_id, claimed.name)
            return Author(author.partner_id, name, author.email, author.internal)
        if not case.address or claimed is None:
            return Author(None, claimed.name if claimed else "", "")
        return _shown(find_or_add(session, {case.address: claimed.name}, case.now)[case.address])

    def _draft(
        self,
        session: Session,
        case: Case,
        thread: ThreadView,
        writer: Author,
        sure: Confidence,
        admitted: Admit,
    ) -> Draft:
        mail, reading = case.mail.reading.mail, case.mail.reading
        parent, internal = self._answers(session, case, thread, writer)
        rules = self._posting.rules(session, thread)
        opens = isinstance(case.route, ToAlias)
        told_as = rules.creation.name if opens and rules.creation else "discussions"
        folded = (
            isinstance(case.found, Automatic)
            and isinstance(case.route, ToThread)
            and case.mail.decision is None
        )
        sees = self._addressees(session, case)
        hears = Concerned()
        if opens or (internal and not folded):
            hears = self._concerned(session, case, thread, writer, parent)
        return Draft(
            thread,
            kind="log" if folded else "note" if internal else "message",
            subtype="note" if internal or folded else told_as,
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
            addressed=frozenset(one.partner_id for one in sees if one.partner_id is not None),
            addressed_count_for=_spared(sure, internal_author=writer.internal),
            addressees=sees,
            concerned=hears.partner_ids,
            concern=hears.reason,
            followers=_begin_to_follow(writer, admitted, internal=internal and not opens),
            header_id=_own_id(mail.message_id),
            inbound_id=case.mail.id,
            folded=folded,
            generated=isinstance(case.found, Automatic),
            passed_on=reading.passed_on is not None,
            tell=not folded,
        )

    def _answers(
        self, session: Session, case: Case, thread: ThreadView, writer: Author
    ) -> tuple[tuple[int, bool] | None, bool]:
        """What the mail answers, as ``parent_of`` says, and whether it is for staff: what has to do with a note is."""
        refers = case.references
        if not isinstance(case.route, ToThread):
            return None, writer.internal and refers.passes_on_note()
        route = replace(case.route, thread_id=thread.id)  # its thread may be part of another since
        parent = parent_of(session, refers, route)
        is_inside = route.internal or refers.brings_inside(thread.id)
        return parent, is_inside or (parent is not None and parent[1])

    def _addressees(self, session: Session, case: Case) -> tuple[Addressee, ...]:
        """Whom To and Cc name apart from us, as partners by whichever of their addresses stood there."""
        named = addressed(case.mail.reading.mail, self._own_domains)
        known = partners.by_addresses(session, list(named))
        return tuple(
            Addressee(known[email].id if email in known else None, name, email, how)
            for email, (name, how) in list(named.items())[:_MOST_ADDRESSEES]
        )

    def _concerned(
        self,
        session: Session,
        case: Case,
        thread: ThreadView,
        writer: Author,
        parent: tuple[int, bool] | None,
    ) -> Concerned:
        """Whom the mail concerns, whatever he subscribed to: the assignee of a record that it opens, or as a note does."""
        if isinstance(case.route, ToAlias):
            return Concerned(frozenset({thread.assignee_id} if thread.assignee_id else ()), ASSIGNED)
        access = self._posting.access(session, thread)
        return concerned(session, thread, writer, parent[0] if parent else None, case.now, access=access)

    def _invite(
        self, session: Session, case: Case, thread: ThreadView, writer: Author, sure: Confidence
    ) -> None:
        """Whom a verified colleague put in To or Cc is welcome on the thread."""
        if not (writer.internal and sure is Confidence.VERIFIED):
            return
        sees = addressed(case.mail.reading.mail, self._own_domains)
        if sees:
            known = find_or_add(session, {email: name for email, (name, _) in sees.items()}, case.now)
            followers.invite(session, thread.id, [partner.id for partner in known.values()], case.now)


def _own_id(header_id: str | None) -> str | None:
    """The sender's Message-ID, which all readers will see in References; None if it is made of a token."""
    return header_id if header_id is None or hide_tokens(header_id) == header_id else None


def _key(case: Case, thread: ThreadView | None) -> str:
    return f"thread:{thread.id}" if thread else f"alias:{_alias_of(case.route).alias_id}"


def _alias_of(route: Route) -> ToAlias:
    assert isinstance(route, ToAlias)
    return route


def _shown(partner: PartnerView) -> Author:
    return Author(partner.id, partner.name, partner.email, partner.internal)


def _begin_to_follow(writer: Author, admitted: Admit, *, internal: bool) -> tuple[tuple[int, bool], ...]:
    """Who follows by writing: a colleague by a message, as on the page; an outsider by an answer to a note too.

    internal: it is a note on a record that was there before; who opens one follows it.
    """
    if not (admitted.follow and writer.partner_id) or (internal and writer.internal):
        return ()
    return ((writer.partner_id, writer.internal),)


def _spared(sure: Confidence, *, internal_author: bool) -> str:
    if sure is not Confidence.VERIFIED:
        return "nobody"
    return "everybody" if internal_author else "externals"
