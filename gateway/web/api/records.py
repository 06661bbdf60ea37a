"""/records: what a host application says about its records, and what they look like here."""

from __future__ import annotations

from functools import partial
from typing import Any

from litestar import Response, delete, get, put

from gateway.chatter.actor import Reader, closed_items, open_thread, reader_of
from gateway.chatter.names import RecordName
from gateway.chatter.record_views import RecordView
from gateway.chatter.records import RecordChange
from gateway.errors import NotFound
from gateway.web.auth import Asking, needs
from gateway.web.paging import Page, Wished, both_ways
from gateway.web.schema import RecordBody
from gateway.web.services import Given
from store.queries import thread as threads
from store.session import Session


@put("/records/{record_type:str}/{key:str}", guards=[needs("post")], sync_to_thread=True, tags=["records"])
def put_record(
    record_type: str, key: str, data: RecordBody, services: Given, caller: Asking
) -> Response[RecordView]:
    """Create a record (201) or change it; absent = unchanged, null = clear. Changed tracked fields are logged."""

    def work(session: Session) -> tuple[RecordView, bool]:
        for words in closed_items(
            session, services.types, [(record_type, key, data.actor)], caller=caller
        ).values():
            raise NotFound(words)
        change = RecordChange(
            record_type, key, data.changes(), data.actor, data.log or "", data.silent, data.untracked
        )
        thread, is_new = services.records.put(session, change, services.now(), caller)
        return services.record_view(session, thread), is_new

    view, is_new = services.write(work)
    return Response(view, status_code=201 if is_new else 200)


@get("/records/{record_type:str}/{key:str}", guards=[needs("read")], sync_to_thread=True, tags=["records"])
def get_record(
    record_type: str, key: str, services: Given, caller: Asking, actor: str | None = None
) -> RecordView:
    """One record with its reply address. actor: as this person sees it; not at all without access. Of one that was merged
    into another, the problem says ``merged_into``, to who may open that one."""

    def work(session: Session) -> RecordView:
        reader = reader_of(session, services.types, caller=caller, actor=actor)
        thread = threads.by_key(session, record_type, key)
        if thread is None:
            raise _absent(session, reader, record_type, key)
        return services.record_view(session, open_thread(session, reader, thread))

    return services.read(work)


def _absent(session: Session, reader: Reader, record_type: str, key: str) -> NotFound:
    """There is no such record; who may open the one into which it was merged hears of that."""
    survivor = threads.merged_into(session, record_type, key)
    try:
        found = open_thread(session, reader, survivor) if survivor else None
    except NotFound:
        found = None
    if found is None:
        return NotFound(f"there is no {record_type} {key}")
    detail = f"{key} was merged into {found.record_type} {found.key}"
    return NotFound(detail, merged_into=RecordName(found.record_type, found.key))


@delete("/records/{record_type:str}/{key:str}", guards=[needs("post")], sync_to_thread=True, tags=["records"])
def delete_record(
    record_type: str, key: str, services: Given, caller: Asking, actor: str | None = None
) -> None:
    """Delete a record with its conversation; mail to it is unknown from then on."""

    def work(session: Session) -> None:
        reader = reader_of(session, services.types, caller=caller, actor=actor)
        thread = open_thread(session, reader, services.thread(session, record_type, key))
        services.lives.delete(session, thread)

    services.write(work)


@get("/records", guards=[needs("read")], sync_to_thread=True, tags=["records"])
def list_records(
    services: Given,
    caller: Asking,
    wish: Wished,
    type: str | None = None,
    q: str = "",
    actor: str | None = None,
) -> Page[RecordView]:
    """Records, newest first. q: part of the title or of the key. actor: those that this person may work on."""

    def work(session: Session) -> Page[RecordView]:
        reader = reader_of(session, services.types, caller=caller, actor=actor)
        found = partial(threads.search, session, record_type=type, query=q, reader=reader)
        page, following = both_ways(found, wish)
        return Page(services.record_views.many(session, page), following)

    return services.read(work)


handlers: list[Any] = [put_record, get_record, delete_record, list_records]
