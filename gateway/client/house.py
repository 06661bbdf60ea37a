"""How the house is set up: record types, and the aliases that open records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from gateway.client.calls import Call, Cursor, Text, asked, changes, step
from gateway.client.shapes.common import Page
from gateway.client.shapes.house import Alias, RecordType

Objects = Sequence[Mapping[str, Any]] | None | UnsetType


def put_record_type(
    name: str,
    *,
    label: Text = UNSET,
    fields: Objects = UNSET,
    subtypes: Objects = UNSET,
    activity_types: Sequence[str] | UnsetType | None = UNSET,
    policy: Mapping[str, Any] | UnsetType | None = UNSET,
    actor: str | UnsetType = UNSET,
) -> Call[RecordType]:
    """Create or change a record type. fields: {name, label, type, ...}. subtypes: {name, label, internal, ...}.

    activity_types: names of what one can plan. policy: what is done with each class of authors.
    """
    body = changes(
        label=label,
        fields=fields,
        subtypes=subtypes,
        activity_types=activity_types,
        policy=policy,
        actor=actor,
    )
    return Call("PUT", f"/record-types/{step(name)}", RecordType, body)


def record_type(name: str) -> Call[RecordType]:
    """One record type."""
    return Call("GET", f"/record-types/{step(name)}", RecordType)


def record_types(
    *, before: Cursor = None, after: Cursor = None, around: Cursor = None, limit: int = 200
) -> Call[Page[RecordType]]:
    """Record types by name."""
    return Call(
        "GET",
        "/record-types",
        Page[RecordType],
        query=asked(before=before, after=after, around=around, limit=limit),
    )


def delete_record_type(name: str, *, actor: str = "") -> Call[None]:
    """Delete a record type that has no records and no aliases."""
    return Call("DELETE", f"/record-types/{step(name)}", None, query=asked(actor=actor))


def put_alias(
    address: str,
    *,
    type: str | UnsetType = UNSET,
    defaults: Mapping[str, Any] | UnsetType | None = UNSET,
    policy: Mapping[str, Any] | UnsetType | None = UNSET,
    actor: str | UnsetType = UNSET,
) -> Call[Alias]:
    """Create or change an address that opens records of a type. defaults: fields of a new record.

    policy: what is done with each class of authors; what it leaves out, that of the type says.
    """
    body = changes(type=type, defaults=defaults, policy=policy, actor=actor)
    return Call("PUT", f"/aliases/{step(address)}", Alias, body)


def alias(address: str) -> Call[Alias]:
    """One alias."""
    return Call("GET", f"/aliases/{step(address)}", Alias)


def aliases(
    *, before: Cursor = None, after: Cursor = None, around: Cursor = None, limit: int = 200
) -> Call[Page[Alias]]:
    """Aliases by address."""
    return Call(
        "GET", "/aliases", Page[Alias], query=asked(before=before, after=after, around=around, limit=limit)
    )


def delete_alias(address: str, *, actor: str = "") -> Call[None]:
    """Delete an alias; mail to it is unknown from then on."""
    return Call("DELETE", f"/aliases/{step(address)}", None, query=asked(actor=actor))
