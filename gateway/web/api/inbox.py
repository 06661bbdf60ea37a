"""/inbox: what a colleague has not read yet on the web."""

from __future__ import annotations

from collections.abc import Set
from functools import partial
from typing import Any

import msgspec
from litestar import Request, Response, get, post

from gateway.chatter.actor import reader_of
from gateway.chatter.names import RecordName
from gateway.chatter.partners import known
from gateway.errors import FieldError, Forbidden
from gateway.web.auth import Asking, needs
from gateway.web.idempotency import once
from gateway.web.paging import Page, Wished, both_ways, by_number
from gateway.web.schema import ReadBody
from gateway.web.services import Given
from store.models.views import PartnerView
from store.queries import follower as followers
from store.queries import message as messages
from store.queries import thread as threads
from store.session import Session


class Unread(msgspec.Struct, frozen=True):
    """An unread notice. message: id of the message. title: of the record, "" when that is closed to him by now.

    following: he follows the record, so that it can be left from here; false where he was only named.
    """

    message: int
    record: RecordName
    title: str
    reason: str
    following: bool


class Marked(msgspec.Struct, frozen=True):
    """How many notices were marked read."""

    read: int


@get("/inbox", guards=[needs("read")], sync_to_thread=True, tags=["inbox"])
def list_unread(
    services: Given, caller: Asking, wish: Wished, partner: str, actor: str | None = None
) -> Page[Unread]:
    """The unread notices of a partner, newest first, of what he may still read. actor: himself or an admin."""

    def work(session: Session) -> Page[Unread]:
        who = _owner(session, partner, actor)
        anew = who._replace(active=True)  # what waits for one who is deactivated, others must be able to see
        reader = reader_of(session, services.types, caller=caller, partner=anew)
        page, following = both_ways(partial(messages.unread, session, reader), wish, by_number("message_id"))
        opened = threads.readable(session, reader, [row.thread_id for row in page])
        subscribed = followers.subscribed(session, [row.thread_id for row in page], [who.id])
        followed = {thread_id for thread_id, _ in subscribed}
        return Page([_unread(row, opened=opened, followed=followed) for row in page], following)

    return services.read(work)


@post("/inbox/read", guards=[needs("post")], status_code=200, sync_to_thread=True, tags=["inbox"])
def mark_read(
    data: ReadBody, services: Given, caller: Asking, request: Request[Any, Any, Any]
) -> Response[Marked]:
    """Mark notices of a partner read; without ``messages`` all of them. actor: himself or an admin."""

    def work(session: Session) -> tuple[int, Marked]:
        who, types = _owner(session, data.partner, data.actor), caller.record_types or None
        changed = messages.mark_read(session, who.id, data.messages, services.now(), types=types)
        return 200, Marked(changed)

    return once(request, services, caller, data, work)


def _owner(session: Session, partner: str, actor: str | None) -> PartnerView:
    """Whose inbox it is. actor: for whom the application asks, None = for itself. Raises BadValue, Forbidden."""
    who = known(session, partner, "partner")
    if actor:
        asker = known(session, actor, "actor")
        is_admin = asker.internal and asker.role == "admin"
        if not asker.active or (asker.id != who.id and not is_admin):
            detail = f"{asker.email} may not look into the inbox of {who.email}"
            raise Forbidden(detail, [FieldError("#/actor", detail)])
    return who


def _unread(row: Any, *, opened: Set[int], followed: Set[int]) -> Unread:
    """A notice. opened: threads that he may still work on; of others the title is not his to see. followed: his."""
    title = row.title if row.thread_id in opened else ""
    record = RecordName(row.record_type, row.key)
    return Unread(row.message_id, record, title, row.reason, following=row.thread_id in followed)


handlers: list[Any] = [list_unread, mark_read]
