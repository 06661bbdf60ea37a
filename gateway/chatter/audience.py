"""Who would hear of a message, and why: the draft that posting would make, and the rule that it would ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import msgspec

from gateway.chatter.names import Person, person
from gateway.chatter.partners import address_or_bad_value, known, refuse_ours
from gateway.chatter.post import SYSTEM, Author, Draft, Posting
from gateway.chatter.types import TypeRules
from gateway.chatter.write import KINDS, Named
from gateway.errors import BadValue
from gateway.rules.own import OwnDomain
from gateway.rules.recipients import EMAIL, INBOX, Notice
from store.models.views import AudienceView, PartnerView, ThreadView
from store.queries import partner as partners
from store.session import Session


class Considered(msgspec.Struct, frozen=True):
    """One partner considered for a message. timing: none when he would not be told; the reason says why."""

    partner: Person
    channel: str
    timing: str
    reason: str


class Question(NamedTuple):
    """The message that is asked about. named: name of a field -> its e-mails, as they were given."""

    kind: str
    subtype: str | None
    named: Mapping[str, Sequence[str]]
    author: str | None
    skip_followers: bool


def audience(
    session: Session, thread: ThreadView, question: Question, *, posting: Posting, domains: Sequence[OwnDomain],
    actor_id: int | None, now: datetime,
) -> list[Considered]:  # fmt: skip
    """What the rule says of everybody. Asking enters no partner; who is none has an id below 0 meanwhile.

    domains: ours, whose addresses nobody is told at. actor_id: who would write it; counts where an author is named.
    Raises BadValue naming the place.
    """
    people, named, confirm = _people(session, question, domains)
    draft = _draft(session, posting.rules(session, thread), thread, question, actor_id=actor_id)
    outsiders = frozenset(one.id for one in named.everybody() if not one.internal)
    confirmed = outsiders & confirm if question.kind == "note" else frozenset()
    mentioned, recipients = named.told(confirmed)
    draft = replace(draft, mentioned=mentioned, recipients=recipients, confirmed=confirmed)
    unknown = {one.id: one for one in named.everybody() if one.id < 0}
    suppressed = partners.suppressed(session, {one.email for one in unknown.values()}, now)
    strangers = [
        AudienceView(one.id, one.email, "", False, True, "", {}, None, suppressed.get(one.email))
        for one in unknown.values()
    ]
    decided = posting.audience(session, draft, now, strangers)
    people |= partners.by_ids(session, [one.partner_id for one in decided if one.partner_id not in people])
    return [_shown(people[notice.partner_id], notice) for notice in decided]


def _people(
    session: Session, question: Question, domains: Sequence[OwnDomain]
) -> tuple[dict[int, PartnerView], Named, frozenset[int]]:
    """Whom the question names: by id, by field, and the ids of the confirmed. Who is no partner has an id below 0.

    Raises BadValue for what is no address, or one of ours.
    """
    addresses = {
        name: [address_or_bad_value(text, f"{name}/{index}") for index, text in enumerate(texts)]
        for name, texts in question.named.items()
    }
    told = {f"{name}/{index}": one for name, listed in addresses.items() for index, one in enumerate(listed)}
    refuse_ours(session, told, domains)
    found = partners.by_addresses(session, list(dict.fromkeys(told.values())))
    for address in told.values():
        if address not in found:
            found[address] = PartnerView(-1 - len(found), address, "", False, "", True, "", "", {})
    who = {name: [found[address] for address in listed] for name, listed in addresses.items()}
    named = Named(who["mentions"], who["recipients"], who["cc"])
    confirm = frozenset(one.id for one in who["confirm_external"])
    return {one.id: one for one in found.values()}, named, confirm


def _draft(
    session: Session, rules: TypeRules, thread: ThreadView, question: Question, *, actor_id: int | None
) -> Draft:
    """The message that is asked about, before it names anybody."""
    wanted = question.subtype or KINDS.get(question.kind, "note")
    rule = rules.subtype(wanted)
    if rule is None:
        raise BadValue.of("subtype", f"{thread.record_type} has no subtype {wanted}")
    writer = known(session, question.author, "author") if question.author else None
    shown = SYSTEM if writer is None else Author(writer.id, writer.name, writer.email, writer.internal)
    return Draft(
        thread, question.kind, wanted, shown, actor_id=actor_id if writer else None,
        internal=question.kind == "note" or rule.internal, named_only=question.skip_followers,
    )  # fmt: skip


def _shown(who: PartnerView, notice: Notice) -> Considered:
    shown = person(who) if who.id > 0 else Person(None, "", who.email, False)
    timing = {EMAIL: "now", INBOX: "web"}.get(notice.channel, "none")
    return Considered(shown, notice.channel, timing, notice.reason)
