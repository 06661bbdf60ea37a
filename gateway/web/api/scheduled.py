"""Messages that are to be posted later: list, change, take back, send now."""

from __future__ import annotations

from functools import partial
from typing import Any

from litestar import Request, Response, delete, get, patch, post
from msgspec import UNSET, UnsetType

from gateway.chatter import scheduled
from gateway.chatter.access import Caller
from gateway.chatter.actor import Reader, open_thread, reader_of, shown_thread
from gateway.chatter.files import without_data_images
from gateway.chatter.page import MessageView
from gateway.chatter.scheduled import ScheduledView
from gateway.errors import NotFound
from gateway.web.api.messages import one_message
from gateway.web.auth import Asking, hide_unless, needs
from gateway.web.idempotency import caller_name, once
from gateway.web.moment import moment_of
from gateway.web.paging import OLDEST_FIRST, Page, Wish, Wished, both_ways
from gateway.web.schema import Body, Id, NullText
from gateway.web.services import Given, Services
from store.models.views import ThreadView
from store.queries import scheduled as store
from store.queries import thread as threads
from store.session import Session


class ScheduledBody(Body):
    """PATCH /scheduled/{id}."""

    send_at: str | None = None
    subject: NullText = UNSET
    body_html: NullText = UNSET
    body_text: NullText = UNSET
    mentions: list[str] | UnsetType | None = UNSET
    recipients: list[str] | UnsetType | None = UNSET
    cc: list[str] | UnsetType | None = UNSET
    skip_followers: bool | UnsetType | None = UNSET
    attachment_ids: list[Id] | UnsetType | None = UNSET
    confirm_external: list[str] | UnsetType | None = UNSET
    template: NullText = UNSET
    signature: bool | UnsetType | None = UNSET


_EMPTY: dict[str, Any] = {
    "mentions": (), "recipients": (), "cc": (), "skip_followers": False, "attachment_ids": (), "confirm_external": (),
    "template": "", "signature": False,
}  # fmt: skip


@get(
    "/records/{record_type:str}/{key:str}/scheduled",
    guards=[needs("read")],
    sync_to_thread=True,
    tags=["scheduled"],
)
def list_scheduled(
    record_type: str, key: str, services: Given, caller: Asking, wish: Wished, actor: str | None = None
) -> Page[ScheduledView]:
    """What is to be posted on a record, in the order in which it was entered. actor: as this person sees it."""

    def work(session: Session) -> Page[ScheduledView]:
        reader = reader_of(session, services.types, caller=caller, actor=actor)
        thread = services.thread(session, record_type, key)
        page, following = _listed(session, reader, thread, wish)
        if not page:
            shown_thread(session, reader, thread)
        return Page(scheduled.views(session, page), following)

    return services.read(work)


def _listed(session: Session, reader: Reader, thread: ThreadView, wish: Wish) -> tuple[list[Any], Any]:
    """What a colleague of the record may see, an outsider what he wrote himself; as ``_visible`` has it."""
    if not reader.active or (reader.internal and not threads.readable(session, reader, [thread.id])):
        return [], None
    author_id = None if reader.internal else reader.partner_id
    waiting = partial(store.of_thread, session, thread.id, author_id=author_id)
    return both_ways(waiting, wish, OLDEST_FIRST)


@get("/scheduled/{scheduled_id:int}", guards=[needs("read")], sync_to_thread=True, tags=["scheduled"])
def get_scheduled(
    scheduled_id: int, services: Given, caller: Asking, actor: str | None = None
) -> ScheduledView:
    """One message that is to be posted later."""

    def work(session: Session) -> ScheduledView:
        row = _visible(session, services, caller, "read", scheduled_id, actor)
        return scheduled.views(session, [row])[0]

    return services.read(work)


@patch("/scheduled/{scheduled_id:int}", guards=[needs("post")], sync_to_thread=True, tags=["scheduled"])
def change_scheduled(
    scheduled_id: int, data: ScheduledBody, services: Given, caller: Asking
) -> ScheduledView:
    """Change it, or its time; for who wrote or entered it, or an admin. One that failed waits again. A time that has
    passed means now."""
    now = services.now()
    send_at = max(moment_of(data.send_at, "send_at"), now) if data.send_at is not None else None
    given = data.given("send_at")
    html, images = without_data_images(given.get("body_html"), services.blobs)
    if html is not None:
        given["body_html"] = html
    changes = {name: _EMPTY.get(name) if value is None else value for name, value in given.items()}
    if "body_text" in changes or "body_html" in changes:
        changes = {"body_text": None, "body_html": None} | changes

    def work(session: Session) -> ScheduledView:
        _visible(session, services, caller, "post", scheduled_id, data.actor)
        change = scheduled.Change(changes, send_at, images, caller_name(caller))
        trusted = caller.may("admin")
        return scheduled.change(session, scheduled_id, change, actor=data.actor, trusted=trusted, now=now)

    return services.write(work)


@delete("/scheduled/{scheduled_id:int}", guards=[needs("post")], sync_to_thread=True, tags=["scheduled"])
def delete_scheduled(scheduled_id: int, services: Given, caller: Asking, actor: str | None = None) -> None:
    """Take it back; it is never posted. For everybody who may post on the record."""

    def work(session: Session) -> None:
        _visible(session, services, caller, "post", scheduled_id, actor)
        scheduled.take_back(session, scheduled_id, actor=actor, trusted=caller.may("admin"))

    services.write(work)


@post(
    "/scheduled/{scheduled_id:int}/send",
    guards=[needs("post")],
    status_code=200,
    sync_to_thread=True,
    tags=["scheduled"],
)
def send_scheduled(
    scheduled_id: int,
    services: Given,
    caller: Asking,
    request: Request[Any, Any, Any],
    data: Body | None = None,
) -> Response[MessageView]:
    """Post it now; for who wrote or entered it, or an admin."""
    actor = data.actor if data else None

    def work(session: Session) -> tuple[int, MessageView]:
        _visible(session, services, caller, "post", scheduled_id, actor)
        receipt = scheduled.send_now(
            session, scheduled_id, actor=actor, trusted=caller.may("admin"), posting=services.posting,
            types=services.types, now=services.now(),
        )  # fmt: skip
        return 200, one_message(session, receipt.message_id)

    return once(request, services, caller, data, work)


def _visible(
    session: Session, services: Services, caller: Caller, scope: str, scheduled_id: int, actor: str | None
) -> Any:
    """The row, for whom the token covers its record and whose actor may work on it. Raises NotFound."""
    row = store.one(session, scheduled_id)
    unknown = f"there is no scheduled message {scheduled_id}"
    if row is None:
        raise NotFound(unknown)
    hide_unless(caller, scope, row.record_type, unknown)
    reader = reader_of(session, services.types, caller=caller, actor=actor)
    thread = threads.by_id(session, row.thread_id)
    mine = reader.active and row.author_id == reader.partner_id
    if thread is None or (not reader.internal and not mine):
        raise NotFound(unknown)
    if reader.internal:
        open_thread(session, reader, thread)
    return row


handlers: list[Any] = [list_scheduled, get_scheduled, change_scheduled, delete_scheduled, send_scheduled]
