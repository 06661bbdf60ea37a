"""/records/.../audience: who would hear of a message, and why; the rule is asked that decides when it is posted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import msgspec
from litestar import get

from gateway.chatter.actor import open_thread, reader_of
from gateway.chatter.names import Person, person
from gateway.chatter.partners import address_or_bad_value, known, refuse_ours
from gateway.chatter.post import SYSTEM, Author, Draft
from gateway.chatter.write import KINDS, Named
from gateway.errors import BadValue
from gateway.rules.recipients import EMAIL, INBOX, Notice
from gateway.web.api.search import check_kind
from gateway.web.auth import Asking, needs
from gateway.web.paging import Order, Page, Wished, among_few, both_ways
from gateway.web.services import Given, Services
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


def _place(cursor: int | str) -> tuple[int, str]:
    """Partners by id, then those who are none by e-mail."""
    text = str(cursor)
    return (int(text), "") if text.isdecimal() and text.isascii() and len(text) < 19 else (2**63, text)


_BY_PARTNER = Order(lambda one: one.partner.id or one.partner.email, rising=True, numbers=False, place=_place)


@get(
    "/records/{record_type:str}/{key:str}/audience", guards=[needs("read")], sync_to_thread=True, tags=["messages"]
)  # fmt: skip
def get_audience(
    record_type: str, key: str, services: Given, caller: Asking, wish: Wished, kind: str = "message",
    subtype: str | None = None, mentions: list[str] | None = None, recipients: list[str] | None = None,
    cc: list[str] | None = None, confirm_external: list[str] | None = None, skip_followers: bool = False,
    author: str | None = None, actor: str | None = None,
) -> Page[Considered]:  # fmt: skip
    """Who would hear of a message now: everybody who is considered, with the reason why or why not; partners by id, then
    who is none yet by e-mail. A note tells outsiders ``for staff only`` until they are confirmed, and to post it would
    be refused. actor: who would write it; not at all for an outsider, who is not shown who follows."""
    check_kind(kind)
    named = {
        "mentions": _split(mentions), "recipients": _split(recipients), "cc": _split(cc),
        "confirm_external": _split(confirm_external),
    }  # fmt: skip
    question = Question(kind, subtype, named, author, skip_followers)

    def work(session: Session) -> Page[Considered]:
        reader = reader_of(session, services.types, caller=caller, actor=actor)
        thread = open_thread(session, reader, services.thread(session, record_type, key))
        items = _considered(session, services, thread, question, actor_id=reader.partner_id)
        page, following = both_ways(among_few(items, _BY_PARTNER), wish, _BY_PARTNER)
        return Page(page, following, len(items))

    return services.read(work)


def _split(given: list[str] | None) -> list[str]:
    return [part.strip() for text in given or [] for part in text.split(",") if part.strip()]


def _considered(
    session: Session, services: Services, thread: ThreadView, question: Question, *, actor_id: int | None
) -> list[Considered]:
    """What the rule says of everybody. Asking enters no partner."""
    people, named, confirm = _people(session, services, question)
    draft = _draft(session, services, thread, question, actor_id=actor_id)
    outsiders = frozenset(one.id for one in named.everybody() if not one.internal)
    confirmed = outsiders & confirm if question.kind == "note" else frozenset()
    mentioned, recipients = named.told(confirmed)
    draft = replace(draft, mentioned=mentioned, recipients=recipients, confirmed=confirmed)
    now = services.now()
    unknown = {one.id: one for one in named.everybody() if one.id < 0}
    suppressed = partners.suppressed(session, {one.email for one in unknown.values()}, now)
    strangers = [
        AudienceView(one.id, one.email, "", False, True, "", {}, None, suppressed.get(one.email))
        for one in unknown.values()
    ]
    decided = services.posting.audience(session, draft, now, strangers)
    people |= partners.by_ids(session, [one.partner_id for one in decided if one.partner_id not in people])
    return [_shown(people[notice.partner_id], notice) for notice in decided]


def _people(
    session: Session, services: Services, question: Question
) -> tuple[dict[int, PartnerView], Named, frozenset[int]]:
    """Whom the question names: by id, by field, and the ids of the confirmed. Who is no partner has an id below 0.

    Raises BadValue for what is no address, or one of ours.
    """
    addresses = {
        name: [address_or_bad_value(text, f"{name}/{index}") for index, text in enumerate(texts)]
        for name, texts in question.named.items()
    }
    told = {f"{name}/{index}": one for name, listed in addresses.items() for index, one in enumerate(listed)}
    refuse_ours(session, told, services.domains)
    found = partners.by_addresses(session, list(dict.fromkeys(told.values())))
    for address in told.values():
        if address not in found:
            found[address] = PartnerView(-1 - len(found), address, "", False, "", True, "", "", {})
    who = {name: [found[address] for address in listed] for name, listed in addresses.items()}
    named = Named(who["mentions"], who["recipients"], who["cc"])
    confirm = frozenset(one.id for one in who["confirm_external"])
    return {one.id: one for one in found.values()}, named, confirm


def _draft(
    session: Session, services: Services, thread: ThreadView, question: Question, *, actor_id: int | None
) -> Draft:
    """The message that is asked about, before it names anybody. actor_id: counts where an author is named."""
    wanted = question.subtype or KINDS.get(question.kind, "note")
    rule = services.types.get(thread.record_type, session).subtype(wanted)
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


handlers: list[Any] = [get_audience]
