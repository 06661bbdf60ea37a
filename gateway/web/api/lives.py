"""/records/.../rename, merge, split, duplicate, durations: the lives of records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import Request, Response, get, post

from gateway.chatter.access import Caller
from gateway.chatter.actor import open_thread, reader_of
from gateway.chatter.durations import Duration, durations
from gateway.chatter.record_views import RecordView
from gateway.errors import BadValue, FieldError, Forbidden
from gateway.web.auth import Asking, needs
from gateway.web.idempotency import once
from gateway.web.paging import Page
from gateway.web.schema import Body, Id, RecordRef
from gateway.web.services import Given, Services
from store.models.views import ThreadView
from store.queries import thread as threads
from store.session import Session

_RECORD = "/records/{record_type:str}/{key:str}"
Asked = Request[Any, Any, Any]


class RenameBody(Body):
    """POST .../rename. type: null = it stays."""

    key: str
    type: str | None = None


class MergeBody(Body):
    """POST .../merge. into: the record that survives."""

    into: RecordRef


class SplitBody(Body):
    """POST .../split. title: null = that of the old record."""

    message_ids: list[Id]
    key: str
    title: str | None = None


class DuplicateBody(Body):
    """POST .../duplicate. title: null = the same."""

    key: str
    title: str | None = None


@post(_RECORD + "/rename", guards=[needs("post")], status_code=200, sync_to_thread=True, tags=["records"])
def rename_record(
    record_type: str, key: str, data: RenameBody, services: Given, caller: Asking, request: Asked
) -> Response[RecordView]:
    """Give a record another key or type; its messages, followers and reply addresses stay."""
    wanted = data.type or record_type
    _check_scope(caller.may("post", wanted), wanted, "#/type")

    def work(session: Session, thread: ThreadView) -> ThreadView:
        return services.lives.rename(
            session, thread, record_type=wanted, key=data.key, actor=data.actor, now=services.now()
        )

    return once(request, services, caller, data, _on(services, caller, data, (record_type, key), 200, work))


@post(_RECORD + "/merge", guards=[needs("post")], status_code=200, sync_to_thread=True, tags=["records"])
def merge_record(
    record_type: str, key: str, data: MergeBody, services: Given, caller: Asking, request: Asked
) -> Response[RecordView]:
    """Move messages, followers, files and reply addresses into another record; answers that one."""
    _check_scope(caller.may("post", data.into.type), data.into.type, "#/into/type")

    def work(session: Session, thread: ThreadView) -> ThreadView:
        reader = reader_of(session, services.types, caller=caller, actor=data.actor)
        into = threads.by_key(session, data.into.type, data.into.key)
        if into is None or not threads.readable(session, reader, [into.id]):
            raise BadValue.of("into", f"there is no {data.into.type} {data.into.key}")
        return services.lives.merge(session, thread, into, actor=data.actor, now=services.now())

    return once(request, services, caller, data, _on(services, caller, data, (record_type, key), 200, work))


@post(_RECORD + "/split", guards=[needs("post")], status_code=201, sync_to_thread=True, tags=["records"])
def split_record(
    record_type: str, key: str, data: SplitBody, services: Given, caller: Asking, request: Asked
) -> Response[RecordView]:
    """Open a record of the same type with some of the messages; answers the new one."""

    def work(session: Session, thread: ThreadView) -> ThreadView:
        return services.lives.split(
            session, thread, data.message_ids, key=data.key, title=data.title or "", actor=data.actor,
            now=services.now(),
        )  # fmt: skip

    return once(request, services, caller, data, _on(services, caller, data, (record_type, key), 201, work))


@post(_RECORD + "/duplicate", guards=[needs("post")], status_code=201, sync_to_thread=True, tags=["records"])
def duplicate_record(
    record_type: str, key: str, data: DuplicateBody, services: Given, caller: Asking, request: Asked
) -> Response[RecordView]:
    """Enter a record with the same fields; it has no messages, and nobody follows it but the actor."""

    def work(session: Session, thread: ThreadView) -> ThreadView:
        return services.lives.duplicate(
            session, thread, key=data.key, title=data.title, actor=data.actor, now=services.now()
        )

    return once(request, services, caller, data, _on(services, caller, data, (record_type, key), 201, work))


@get(_RECORD + "/durations", guards=[needs("read")], sync_to_thread=True, tags=["records"])
def get_durations(
    record_type: str, key: str, field: str, services: Given, caller: Asking, actor: str | None = None
) -> Page[Duration]:
    """How long the record has had each value of a tracked field, in the order in which it took them."""

    def work(session: Session) -> Page[Duration]:
        reader = reader_of(session, services.types, caller=caller, actor=actor)
        thread = open_thread(session, reader, services.thread(session, record_type, key))
        rules = services.types.get(record_type, session)
        return Page(durations(session, thread, field, rules=rules, now=services.now()))

    return services.read(work)


def _on(
    services: Services, caller: Caller, data: Body, names: tuple[str, str], status: int,
    work: Callable[[Session, ThreadView], ThreadView],
) -> Callable[[Session], tuple[int, RecordView]]:  # fmt: skip
    """The work of a POST on a record that its actor may work on, and the record that it answers."""

    def run(session: Session) -> tuple[int, RecordView]:
        reader = reader_of(session, services.types, caller=caller, actor=data.actor)
        done = work(session, open_thread(session, reader, services.thread(session, *names)))
        return status, services.record_view(session, done)

    return run


def _check_scope(may: bool, record_type: str, pointer: str) -> None:
    if not may:
        detail = f"the token lacks the scope post for {record_type}"
        raise Forbidden(detail, [FieldError(pointer, detail)])


handlers: list[Any] = [rename_record, merge_record, split_record, duplicate_record, get_durations]
