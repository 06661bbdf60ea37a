"""Records: what the host application says about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from gateway.client.calls import Call, Text, asked, changes, record_path
from gateway.client.shapes.common import Page
from gateway.client.shapes.records import Record


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
    active: bool | UnsetType = UNSET,
    members: Sequence[str] | UnsetType | None = UNSET,
    log: str | UnsetType = UNSET,
    silent: bool | UnsetType = UNSET,
    untracked: bool | UnsetType = UNSET,
    actor: str | UnsetType = UNSET,
) -> Call[Record]:
    """Create or change a record. assignee, members, actor: e-mails. parent: (type, key). active: false = archived.

    members: who of the staff may see it, None = all. log: words for the entry. silent: nobody is told. untracked: no
    entry tells of the change.
    """
    whole = {"type": parent[0], "key": parent[1]} if isinstance(parent, tuple) else parent
    body = changes(
        title=title, url=url, fields=fields, assignee=assignee, parent=whole, domain=domain, active=active,
        members=members, log=log, silent=silent, untracked=untracked, actor=actor,
    )  # fmt: skip
    return Call("PUT", record_path(record_type, key), Record, body)


def record(record_type: str, key: str, *, actor: str = "") -> Call[Record]:
    """One record. actor: as this person sees it."""
    return Call("GET", record_path(record_type, key), Record, query=asked(actor=actor))


def records(
    *,
    record_type: str = "",
    query: str = "",
    before: str | int | None = None,
    limit: int = 30,
    actor: str = "",
) -> Call[Page[Record]]:
    """Records, newest first."""
    wish = asked(type=record_type, q=query, before=before, limit=limit, actor=actor)
    return Call("GET", "/records", Page[Record], query=wish)


def delete_record(record_type: str, key: str, *, actor: str = "") -> Call[None]:
    """Delete a record with its conversation."""
    return Call("DELETE", record_path(record_type, key), None, query=asked(actor=actor))
