"""/records/.../messages: what was said on a record."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from litestar import Request, Response, get, post

from gateway.chatter.access import Caller
from gateway.chatter.actor import EVERYTHING, Reader, check_writer, reader_of, shown_thread
from gateway.chatter.files import without_data_images
from gateway.chatter.page import MessageView, message_views
from gateway.chatter.partners import refuse_ours
from gateway.chatter.post import File
from gateway.chatter.scheduled import ScheduledView, schedule
from gateway.chatter.search import Question
from gateway.chatter.write import Writing, write
from gateway.chatter.write import send_at as template_time
from gateway.errors import NotFound
from gateway.mail.address import normalise
from gateway.web.api.search import hits, kinds_of
from gateway.web.auth import Asking, needs
from gateway.web.idempotency import caller_name, once
from gateway.web.moment import moment_of
from gateway.web.paging import Page, Wished, both_ways
from gateway.web.schema import NOW, MessageBody
from gateway.web.services import Given
from store.queries import conversation
from store.queries import message as messages
from store.session import Session

_PATH = "/records/{record_type:str}/{key:str}/messages"


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


handlers: list[Any] = [list_messages, post_message, get_message]
