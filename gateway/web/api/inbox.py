"""/inbox: what a colleague has not read yet on the web."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post

from gateway.chatter.names import RecordName
from gateway.chatter.partners import known
from gateway.web.auth import Asking, needs
from gateway.web.idempotency import once
from gateway.web.paging import Page, Wished, cut
from gateway.web.schema import ReadBody
from gateway.web.services import Given
from store.queries import message as messages
from store.session import Session


class Unread(msgspec.Struct, frozen=True):
    """An unread notice. message: id of the message."""

    message: int
    record: RecordName
    title: str
    reason: str


class Marked(msgspec.Struct, frozen=True):
    """How many notices were marked read."""

    read: int


@get("/inbox", guards=[needs("read")], sync_to_thread=True, tags=["inbox"])
def list_unread(services: Given, caller: Asking, wish: Wished, partner: str) -> Page[Unread]:
    """The unread notices of a partner, newest first."""
    before = wish.forwards().number("before")

    def work(session: Session) -> Page[Unread]:
        who = known(session, partner, "partner")
        rows = messages.unread(
            session, who.id, before=before, limit=wish.limit + 1, types=caller.record_types or None
        )
        page, following = cut(rows, wish.limit, lambda row: int(row.message_id))
        items = [
            Unread(row.message_id, RecordName(row.record_type, row.key), row.title, row.reason)
            for row in page
        ]
        return Page(items, following)

    return services.read(work)


@post("/inbox/read", guards=[needs("post")], status_code=200, sync_to_thread=True, tags=["inbox"])
def mark_read(
    data: ReadBody, services: Given, caller: Asking, request: Request[Any, Any, Any]
) -> Response[Marked]:
    """Mark notices of a partner read; without ``messages`` all of them."""

    def work(session: Session) -> tuple[int, Marked]:
        who = known(session, data.partner, "partner")
        return 200, Marked(messages.mark_read(session, who.id, data.messages, services.now()))

    return once(request, services, caller, data, work)


handlers: list[Any] = [list_unread, mark_read]
