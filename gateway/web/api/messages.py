"""/records/.../messages: what was said on a record; and who would hear of a message."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from litestar import Request, Response, get, post

from gateway.chatter.access import Caller
from gateway.chatter.actor import EVERYTHING, Reader, check_writer, open_thread, reader_of, shown_thread
from gateway.chatter.files import without_data_images
from gateway.chatter.names import Person, person
from gateway.chatter.page import MessageView, message_views
from gateway.chatter.partners import known, refuse_ours
from gateway.chatter.post import SYSTEM, Author, Draft, File
from gateway.chatter.scheduled import ScheduledView, schedule
from gateway.chatter.search import Question
from gateway.chatter.write import KINDS, Writing, write
from gateway.chatter.write import send_at as template_time
from gateway.errors import BadValue, NotFound
from gateway.mail.address import normalise
from gateway.rules.recipients import EMAIL, INBOX
from gateway.web.api.search import check_kind, hits, kinds_of
from gateway.web.auth import Asking, needs
from gateway.web.idempotency import caller_name, once
from gateway.web.moment import moment_of
from gateway.web.paging import Page, Wished, both_ways
from gateway.web.schema import NOW, MessageBody
from gateway.web.services import Given, Services
from store.models.views import ThreadView
from store.queries import conversation
from store.queries import message as messages
from store.queries import partner as partners
from store.session import Session

_PATH = "/records/{record_type:str}/{key:str}/messages"


class Considered(msgspec.Struct, frozen=True):
    """One partner considered for a message. timing: none when he would not be told; the reason says why."""

    partner: Person
    channel: str
    timing: str
    reason: str


@get(_PATH, guards=[needs("read")], sync_to_thread=True, tags=["messages"])
def list_messages(
    record_type: str, key: str, services: Given, caller: Asking, wish: Wished, q: str = "",
    kind: list[str] | None = None, actor: str | None = None,
) -> Page[MessageView]:  # fmt: skip
    """The conversation, newest first. q: words that must all occur; accents and case do not matter. kind: of these
    kinds (``message,note`` leaves out the log). actor: as this person sees it. total is left out when there are over
    1,000 hits, or 20,000 messages without q."""
    kinds = kinds_of(kind)

    def work(session: Session) -> Page[MessageView]:
        reader = reader_of(session, services.types, caller=caller, actor=actor)
        thread = shown_thread(session, reader, services.thread(session, record_type, key))
        if q.strip():
            question = Question(q, reader, thread_id=thread.id, kinds=kinds)
            return hits(session, question, wish, previews=services.shows_previews)

        fetch = partial(conversation.window, session, thread.id, kinds=kinds, reader=reader)
        rows, following = both_ways(fetch, wish)
        total = conversation.count(session, thread.id, kinds=kinds, reader=reader)
        views = message_views(session, rows, outsider=not reader.internal, previews=services.shows_previews)
        return Page(views, following, msgspec.UNSET if total is None else total)

    return services.read(work)


@post(_PATH, guards=[needs("post")], status_code=201, sync_to_thread=True, tags=["messages"])
def post_message(
    record_type: str,
    key: str,
    data: MessageBody,
    services: Given,
    caller: Asking,
    request: Request[Any, Any, Any],
) -> Response[MessageView | ScheduledView]:
    """Post a message (goes outside) or a note (for staff). A note that names an outsider: 409 with ``external``.
    With a ``send_at`` to come, its own or its template's, it is kept until then, and the answer is how it waits."""
    now = services.now()
    wished = _wished(data.send_at, now)
    html, images = without_data_images(data.body_html, services.blobs)
    writing = _writing(data, html, images, caller)

    def work(session: Session) -> tuple[int, MessageView | ScheduledView]:
        thread = services.thread(session, record_type, key)
        author = check_writer(
            session, services.types, thread, author=data.author, actor=data.actor, caller=caller
        )
        refuse_ours(session, _named(data), services.domains)
        send_at = wished or template_time(session, thread, data.template or "", now)
        if send_at > now:
            return 201, schedule(session, thread, writing, send_at, creator=data.actor, now=now)
        receipt = write(session, thread, writing, posting=services.posting, now=services.now(), author=author)
        return 201, one_message(session, receipt.message_id, files=receipt.files)

    return once(request, services, caller, data, work)


@get("/messages/{message_id:int}", guards=[needs("read")], sync_to_thread=True, tags=["messages"])
def get_message(message_id: int, services: Given, caller: Asking, actor: str | None = None) -> MessageView:
    """One message. actor: as this person sees it."""

    def work(session: Session) -> MessageView:
        reader = reader_of(session, services.types, caller=caller, actor=actor)
        return one_message(session, message_id, reader, previews=services.shows_previews)

    return services.read(work)


@get(
    "/records/{record_type:str}/{key:str}/audience",
    guards=[needs("read")],
    sync_to_thread=True,
    tags=["messages"],
)
def get_audience(
    record_type: str, key: str, services: Given, caller: Asking, kind: str = "message", subtype: str | None = None,
    mentions: list[str] | None = None, author: str | None = None, actor: str | None = None,
) -> Page[Considered]:  # fmt: skip
    """Who would hear of a message now: everybody who is considered, with the reason why or why not. actor: not
    at all for an outsider, who is not shown who follows."""
    check_kind(kind)
    named = [part for text in mentions or [] for part in text.split(",") if part.strip()]

    def work(session: Session) -> Page[Considered]:
        reader = reader_of(session, services.types, caller=caller, actor=actor)
        thread = open_thread(session, reader, services.thread(session, record_type, key))
        draft, strangers = _question(
            session, services, thread, kind=kind, subtype=subtype, named=named, author=author
        )
        decided = services.posting.audience(session, draft, services.now())
        people = partners.by_ids(session, [notice.partner_id for notice in decided])
        items = [
            Considered(
                person(people[notice.partner_id]), notice.channel, _timing(notice.channel), notice.reason
            )
            for notice in decided
        ]
        return Page(items + [_stranger(email, draft.internal) for email in strangers])

    return services.read(work)


def _question(
    session: Session, services: Services, thread: ThreadView, *, kind: str, subtype: str | None, named: list[str],
    author: str | None,
) -> tuple[Draft, list[str]]:  # fmt: skip
    """The draft to ask about, and the mentioned addresses of nobody: asking enters no partner."""
    wanted = subtype or KINDS.get(kind, "note")
    rule = services.types.get(thread.record_type, session).subtype(wanted)
    if rule is None:
        raise BadValue.of("subtype", f"{thread.record_type} has no subtype {wanted}")
    addresses = []
    for index, text in enumerate(named):
        address = normalise(text.strip())
        if not address:
            raise BadValue.of(f"mentions/{index}", f"{text!r} is not an e-mail address")
        addresses.append(address)
    found = partners.by_addresses(session, addresses)
    writer = known(session, author, "author") if author else None
    shown = SYSTEM if writer is None else Author(writer.id, writer.name, writer.email, writer.internal)
    draft = Draft(
        thread, kind, wanted, shown, internal=kind == "note" or rule.internal,
        mentioned=frozenset(partner.id for partner in found.values()),
    )  # fmt: skip
    return draft, [address for address in dict.fromkeys(addresses) if address not in found]


def _stranger(email: str, internal: bool) -> Considered:
    """Somebody who is mentioned and no partner yet: he would become an external one."""
    who = Person(None, "", email, False)
    return (
        Considered(who, "none", "none", "for staff only")
        if internal
        else Considered(who, EMAIL, "now", "mention")
    )


def _timing(channel: str) -> str:
    return {EMAIL: "now", INBOX: "web"}.get(channel, "none")


def one_message(
    session: Session, message_id: int, reader: Reader = EVERYTHING, *, files: bool = True, previews: bool = False
) -> MessageView:  # fmt: skip
    """A message as it is shown to this reader. files, previews: as for ``message_views``. Raises NotFound."""
    row = messages.one(session, message_id, reader)
    if row is None:
        raise NotFound(f"there is no message {message_id}")
    return message_views(session, [row], outsider=not reader.internal, files=files, previews=previews)[0]


def _wished(text: str | None, now: datetime) -> datetime | None:
    """The time that a call names, None = that of its template. Raises BadValue."""
    if text is None:
        return None
    return now if text == NOW else moment_of(text, "send_at")


def _named(data: MessageBody) -> dict[str, str]:
    """Whom a call names: pointer -> normalised address; what is none is refused later."""
    fields = {"mentions": data.mentions, "recipients": data.recipients, "cc": data.cc}
    named = {
        f"{name}/{i}": normalise(text) for name, texts in fields.items() for i, text in enumerate(texts or ())
    }
    return {pointer: address for pointer, address in named.items() if address}


def _writing(data: MessageBody, html: str | None, images: tuple[File, ...], caller: Caller) -> Writing:
    return Writing(
        kind=data.kind, author=data.author, body_html=html, files=images, uploader=caller_name(caller), body_text=data.body_text, subject=data.subject,
        mentions=data.mentions or (), recipients=data.recipients or (), attachment_ids=data.attachment_ids or (),
        confirm_external=data.confirm_external or (), template=data.template or "",
        signature=data.signature, actor=data.actor or "", cc=data.cc or (), skip_followers=data.skip_followers,
    )  # fmt: skip


handlers: list[Any] = [list_messages, post_message, get_message, get_audience]
