"""/ledger: every accepted mail, what became of it and why; and what a person does about it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from litestar import Request, Response, get, post

from gateway.chatter.access import Caller
from gateway.chatter.entries import ENTRY_STATES, EntryView, ledger_entries, ledger_entry
from gateway.errors import BadShape, FieldError, NotFound
from gateway.web import idempotency
from gateway.web.api.attachments import download_headers
from gateway.web.auth import Asking, needs, refuse_unless
from gateway.web.paging import Page, StateFilter, Wished, both_ways, check_state
from gateway.web.schema import Body, ReleaseBody, ReplayBody
from gateway.web.services import Given, Services
from store.queries import access as answers
from store.queries import ledger
from store.session import Session

_PAUSE = 0.05  # seconds between two looks at the entry


@get("/ledger", guards=[needs("admin")], sync_to_thread=True, tags=["ledger"])
def list_entries(
    services: Given, caller: Asking, wish: Wished, wanted: StateFilter = None, q: str = ""
) -> Page[EntryView]:
    """Entries, newest first. q: part of the subject, of an address or of the Message-ID."""
    check_state(wanted, ENTRY_STATES)
    types = caller.record_types or None

    def work(session: Session) -> Page[EntryView]:
        listed = partial(ledger_entries, session, state=wanted, query=q, types=types)
        return Page(*both_ways(listed, wish))

    return services.read(work)


@get("/ledger/{mail_id:int}", guards=[needs("admin")], sync_to_thread=True, tags=["ledger"])
def get_entry(mail_id: int, services: Given, caller: Asking) -> EntryView:
    """One entry with its trace."""
    return services.read(lambda session: ledger_entry(session, mail_id, caller.record_types or None))


@get(
    "/ledger/{mail_id:int}/raw",
    guards=[needs("admin")],
    sync_to_thread=True,
    tags=["ledger"],
    media_type="message/rfc822",
)
def get_raw(mail_id: int, services: Given, caller: Asking) -> Response[bytes]:
    """The mail as it came."""
    services.read(lambda session: ledger_entry(session, mail_id, caller.record_types or None))
    row = services.read(lambda session: ledger.entry(session, mail_id))
    if row is None:
        raise NotFound(f"there is no entry {mail_id} in the ledger")
    if row.raw is None and row.blob is None:
        raise NotFound(f"the octets of entry {mail_id} were purged")
    raw = bytes(row.raw) if row.raw is not None else services.blobs.get(row.blob)
    return Response(raw, media_type="message/rfc822", headers=download_headers(f"mail-{mail_id}.eml"))


@post(
    "/ledger/{mail_id:int}/replay",
    guards=[needs("admin")],
    status_code=200,
    tags=["ledger"],
)
async def replay(
    mail_id: int,
    services: Given,
    caller: Asking,
    request: Request[Any, Any, Any],
    data: ReplayBody | None = None,
) -> Response[EntryView]:
    """Carry an entry through the journey again, or straight to a record; answers what became of it.

    dry_run: answers what would become of it, with the trace; nothing is kept and nobody is told.
    """
    body = data or ReplayBody()
    record = _record(body.record)
    if record is not None:
        refuse_unless(caller, "admin", record[0], "record")

    if body.dry_run:
        by = body.actor or caller.name
        return Response(await asyncio.to_thread(_rehearsed, services, caller, mail_id, record, by))

    def act(session: Session) -> None:
        services.desk.replay(session, mail_id, services.now(), record, by=body.actor or caller.name)

    return await _acted(request, services, caller, mail_id, body, act)


@post(
    "/ledger/{mail_id:int}/release",
    guards=[needs("admin")],
    status_code=200,
    tags=["ledger"],
)
async def release(
    mail_id: int,
    services: Given,
    caller: Asking,
    request: Request[Any, Any, Any],
    data: ReleaseBody | None = None,
) -> Response[EntryView]:
    """Post a held entry; answers what became of it."""
    body = data or ReleaseBody()

    def act(session: Session) -> None:
        services.desk.release(
            session, mail_id, services.now(), body.as_, body.follow, by=body.actor or caller.name
        )

    return await _acted(request, services, caller, mail_id, body, act)


@post(
    "/ledger/{mail_id:int}/discard",
    guards=[needs("admin")],
    status_code=200,
    tags=["ledger"],
)
async def discard(
    mail_id: int, services: Given, caller: Asking, request: Request[Any, Any, Any], data: Body | None = None
) -> Response[EntryView]:
    """End a held or failed entry without posting it."""
    body = data or Body()

    def act(session: Session) -> None:
        services.desk.discard(session, mail_id, services.now(), by=body.actor or caller.name)

    return await _acted(request, services, caller, mail_id, body, act)


def _rehearsed(
    services: Services, caller: Caller, mail_id: int, record: tuple[str, str] | None, by: str
) -> EntryView:
    services.read(lambda session: ledger_entry(session, mail_id, caller.record_types or None))
    return services.desk.rehearse(mail_id, record, by)


async def _acted(
    request: Request[Any, Any, Any], services: Services, caller: Caller, mail_id: int, body: Body,
    act: Callable[[Session], None],
) -> Response[EntryView]:  # fmt: skip
    """Act once, wait for the worker, answer the entry; a repetition answers the entry as it is then."""
    key = idempotency.key_of(request)

    def work(session: Session) -> bool:
        if key and idempotency.take(session, request, services, caller, key, body) is not None:
            return False
        ledger_entry(session, mail_id, caller.record_types or None)
        act(session)
        if key:
            answers.keep_answer(session, idempotency.caller_name(caller), key, 200, b"")
        return True

    await asyncio.to_thread(services.write, work)
    return Response(await settled(services, mail_id), status_code=200)


async def settled(services: Services, mail_id: int) -> EntryView:
    """The entry once the worker is done with it, or as it stands when our patience ends."""
    deadline = time.monotonic() + services.patience
    while True:
        entry = await asyncio.to_thread(services.read, lambda session: ledger_entry(session, mail_id))
        if entry.state not in ("received", "processing") or time.monotonic() > deadline:
            return entry
        await asyncio.sleep(_PAUSE)


def _record(given: str | dict[str, str] | None) -> tuple[str, str] | None:
    """The two names of a record. Raises BadShape."""
    if given is None:
        return None
    if isinstance(given, dict):
        names = given.get("type", ""), given.get("key", "")
    else:
        names = given.partition("/")[0], given.partition("/")[2]
    if not all(names):
        detail = "name the record as type/key"
        raise BadShape(detail, [FieldError("#/record", detail)])
    return names


handlers: list[Any] = [list_entries, get_entry, get_raw, replay, release, discard]
