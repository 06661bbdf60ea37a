"""Records: what the host application says about them, one by one or many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from msgspec import UNSET, UnsetType

from gateway.client.calls import Call, Cursor, Flag, Text, asked, changes, given, named, record_path
from gateway.client.shapes.common import Page
from gateway.client.shapes.records import Batch, Record


def put_record(
    record_type: str,
    key: str,
    *,
    title: Text = UNSET,
    url: Text = UNSET,
    fields: Mapping[str, Any] | UnsetType | None = UNSET,
    assignee: Text = UNSET,
    parent: tuple[str, str] | UnsetType | None = UNSET,
    domain: Text = UNSET,
    active: Flag = UNSET,
    members: Sequence[str] | UnsetType | None = UNSET,
    log: str | UnsetType = UNSET,
    silent: bool | UnsetType = UNSET,
    untracked: bool | UnsetType = UNSET,
    actor: str | UnsetType = UNSET,
) -> Call[Record]:
    """Create or change a record. assignee, members, actor: e-mails. parent: (type, key). active: false = archived.

    members: who of the staff may see it, None = all. log: words for the entry. silent: nothing is logged, nobody
    follows and nobody is told. untracked: the changed fields are not logged, and the rest goes on.
    """
    whole = named(parent) if isinstance(parent, tuple) else parent
    body = changes(
        title=title, url=url, fields=fields, assignee=assignee, parent=whole, domain=domain, active=active,
        members=members, log=log, silent=silent, untracked=untracked, actor=actor,
    )  # fmt: skip
    return Call("PUT", record_path(record_type, key), Record, body)


def put_records(
    records: Iterable[Call[Record]],
    *,
    actor: str | None = None,
    silent: bool | None = None,
    untracked: bool | None = None,
    idempotency_key: str = "",
) -> Call[Batch]:
    """Create or change up to 5,000 records, all or none. records: calls of ``put_record``.

    actor: of those that name none, None = the system. silent, untracked: of all. Raises ValueError for another call.
    """
    body = given(items=[_item(call) for call in records], actor=actor, silent=silent, untracked=untracked)
    return Call("POST", "/records/batch", Batch, body, key=idempotency_key)


def _item(call: Call[Record]) -> dict[str, Any]:
    """A call of ``put_record`` as one of a batch."""
    _, place, *names = call.path.split("/")
    if call.method != "PUT" or place != "records" or len(names) != 2:
        raise ValueError(f"a batch is of calls of put_record, not {call.method} {call.path}")
    return {"type": unquote(names[0]), "key": unquote(names[1]), **(call.body or {})}


def record(record_type: str, key: str, *, actor: str = "") -> Call[Record]:
    """One record. actor: as this person sees it; not at all without access."""
    return Call("GET", record_path(record_type, key), Record, query=asked(actor=actor))


def records(
    *,
    record_type: str = "",
    query: str = "",
    before: Cursor = None,
    after: Cursor = None,
    around: Cursor = None,
    limit: int = 30,
    actor: str = "",
) -> Call[Page[Record]]:
    """Records, newest first. query: words of the title or the key. actor: those that this person may work on."""
    wish = asked(
        type=record_type, q=query, before=before, after=after, around=around, limit=limit, actor=actor
    )
    return Call("GET", "/records", Page[Record], query=wish)


def delete_record(record_type: str, key: str, *, actor: str = "") -> Call[None]:
    """Delete a record with its conversation; mail to it is unknown from then on."""
    return Call("DELETE", record_path(record_type, key), None, query=asked(actor=actor))
