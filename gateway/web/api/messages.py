"""/records/.../messages: what was said on a record; and who would hear of a message."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Request, Response, get, post

from gateway.chatter.names import Person, person
from gateway.chatter.page import MessageView, message_views
from gateway.chatter.post import SYSTEM, Author, Draft
from gateway.chatter.write import KINDS, Writing, write
from gateway.errors import BadValue, NotFound
from gateway.mail.address import normalise
from gateway.rules.recipients import EMAIL, INBOX
from gateway.web.auth import Asking, hide_unless, needs
from gateway.web.idempotency import once
from gateway.web.paging import Page, Wished, both_ways
from gateway.web.schema import MessageBody
from gateway.web.services import Given, Services
from store.models.views import ThreadView
from store.queries import message as messages
from store.queries import partner as partners
from store.search import fold
from store.session import Session

_PATH = "/records/{record_type:str}/{key:str}/messages"
_ALL_KINDS = (*KINDS, "log")


class Considered(msgspec.Struct, frozen=True):
    """One partner considered for a message. timing: none when he would not be told; the reason says why."""

    partner: Person
    channel: str
    timing: str
    reason: str


@get(_PATH, guards=[needs("read")], sync_to_thread=True, tags=["messages"])
def list_messages(
    record_type: str, key: str, services: Given, wish: Wished, q: str = "", kind: str | None = None
) -> Page[MessageView]:
    """The conversation, newest first. q: words that must all occur; accents and case do not matter."""
    if kind is not None and kind not in _ALL_KINDS:
        raise BadValue.of("kind", f"{kind!r} is none of {', '.join(_ALL_KINDS)}")
    words = fold(q).split()[:20]

    def work(session: Session) -> Page[MessageView]:
        thread = services.thread(session, record_type, key)

        def fetch(**where: Any) -> list[Any]:
            return messages.page(session, thread.id, words=words, kind=kind, **where)

        rows, following = both_ways(fetch, wish)
        total = messages.count(session, thread.id, words=words, kind=kind)
        return Page(message_views(session, rows, words), following, total)

    return services.read(work)


@post(_PATH, guards=[needs("post")], status_code=201, sync_to_thread=True, tags=["messages"])
def post_message(
    record_type: str,
    key: str,
    data: MessageBody,
    services: Given,
    caller: Asking,
    request: Request[Any, Any, Any],
) -> Response[MessageView]:
    """Post a message (goes outside) or a note (for staff). A note that names an outsider: 409 with ``external``."""
    _refuse_later_features(data, services.now())

    def work(session: Session) -> tuple[int, MessageView]:
        thread = services.thread(session, record_type, key)
        receipt = write(session, thread, _writing(data), posting=services.posting, now=services.now())
        return 201, one_message(session, receipt.message_id)

    return once(request, services, caller, data, work)


@get("/messages/{message_id:int}", guards=[needs("read")], sync_to_thread=True, tags=["messages"])
def get_message(message_id: int, services: Given, caller: Asking) -> MessageView:
    """One message."""
    view = services.read(lambda session: one_message(session, message_id))
    hide_unless(caller, "read", view.record.type, f"there is no message {message_id}")
    return view


@get(
    "/records/{record_type:str}/{key:str}/audience",
    guards=[needs("read")],
    sync_to_thread=True,
    tags=["messages"],
)
def get_audience(
    record_type: str, key: str, services: Given, kind: str = "message", subtype: str | None = None,
    mentions: list[str] | None = None, author: str | None = None,
) -> Page[Considered]:  # fmt: skip
    """Who would hear of a message now: everybody who is considered, with the reason why or why not."""
    if kind not in _ALL_KINDS:
        raise BadValue.of("kind", f"{kind!r} is none of {', '.join(_ALL_KINDS)}")
    named = [part for text in mentions or [] for part in text.split(",") if part.strip()]

    def work(session: Session) -> Page[Considered]:
        thread = services.thread(session, record_type, key)
        draft, strangers = _question(
            session, services, thread, kind=kind, subtype=subtype, named=named, author=author
        )
        decided = services.posting.audience(session, draft, services.now())
        known = partners.by_ids(session, [notice.partner_id for notice in decided])
        items = [
            Considered(
                person(known[notice.partner_id]), notice.channel, _timing(notice.channel), notice.reason
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
    writer = partners.by_address(session, normalise(author)) if author else None
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


def one_message(session: Session, message_id: int) -> MessageView:
    """A message as it is shown. Raises NotFound."""
    row = messages.one(session, message_id)
    if row is None:
        raise NotFound(f"there is no message {message_id}")
    return message_views(session, [row])[0]


def _writing(data: MessageBody) -> Writing:
    return Writing(
        kind=data.kind, author=data.author, body_html=data.body_html, body_text=data.body_text, subject=data.subject,
        mentions=data.mentions or (), recipients=data.recipients or (), attachment_ids=data.attachment_ids or (),
        confirm_external=data.confirm_external or (),
    )  # fmt: skip


def _refuse_later_features(data: MessageBody, now: datetime) -> None:
    """Templates and messages for later come in a later release; a send_at that has passed means now."""
    if data.template is not None:
        raise BadValue.of("template", "templates are not offered yet")
    if data.send_at is None:
        return
    try:
        at = datetime.fromisoformat(data.send_at)
    except ValueError as trouble:
        raise BadValue.of("send_at", f"{data.send_at!r} is not a time (RFC 3339)") from trouble
    if (at if at.tzinfo else at.replace(tzinfo=UTC)) > now:
        raise BadValue.of("send_at", "sending later is not offered yet")


handlers: list[Any] = [list_messages, post_message, get_message, get_audience]
