"""/records/batch: many records in one call and one transaction."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, post

from gateway.chatter.actor import closed_items
from gateway.chatter.batch import MOST_ITEMS, put_batch
from gateway.chatter.plan import RecordChange
from gateway.chatter.record_views import RecordView
from gateway.errors import FieldError, Forbidden
from gateway.web.auth import Asking, needs
from gateway.web.idempotency import once
from gateway.web.schema import Body, RecordBody
from gateway.web.services import Given
from store.session import Session


class BatchItem(RecordBody, kw_only=True):
    """One record of a batch: its two names, and what PUT /records/{type}/{key} takes."""

    type: str
    key: str


class BatchBody(Body):
    """POST /records/batch. actor: of the items that name none, null = the system. silent, untracked: for
    all items.
    """

    items: list[BatchItem]
    silent: bool = False
    untracked: bool = False


class Batched(msgspec.Struct, frozen=True):
    """What a batch did: the record of each item, in the order of the items."""

    items: list[RecordView]
    created: int
    changed: int


@post("/records/batch", guards=[needs("post")], status_code=200, sync_to_thread=True, tags=["records"])
def put_records(
    data: BatchBody, services: Given, caller: Asking, request: Request[Any, Any, Any]
) -> Response[Batched]:
    """Create or change up to 5,000 records, all or none; a record that is named twice gets one log entry,
    so both must be changed for the same actor."""
    refused = [
        FieldError(f"#/items/{index}/type", f"the token lacks the scope post for {item.type}")
        for index, item in enumerate(data.items[:MOST_ITEMS])
        if not caller.may("post", item.type)
    ]
    if refused:
        raise Forbidden(refused[0].detail, refused)

    def work(session: Session) -> tuple[int, Batched]:
        known = services.types.all(session)
        asked = [(item.type, item.key, item.actor or data.actor) for item in data.items]
        closed = closed_items(session, services.types, asked, caller=caller)
        found = [FieldError(f"#/items/{index}/key", words) for index, words in closed.items()]
        wanted = [_change(item, data) for item in data.items]
        done = put_batch(
            session, wanted, records=services.records, known_types=known, now=services.now(), caller=caller,
            found=found,
        )  # fmt: skip
        records = {thread.id: (thread, is_new) for thread, is_new in done}
        shown = services.record_views.many(session, [thread for thread, _ in records.values()])
        views = dict(zip(records, shown, strict=True))
        created = sum(is_new for _, is_new in records.values())
        return 200, Batched([views[thread.id] for thread, _ in done], created, len(records) - created)

    return once(request, services, caller, data, work)


def _change(item: BatchItem, batch: BatchBody) -> RecordChange:
    return RecordChange(
        item.type, item.key, item.changes("type", "key"), item.actor or batch.actor, item.log or "",
        item.silent or batch.silent, item.untracked or batch.untracked,
    )  # fmt: skip


handlers: list[Any] = [put_records]
