"""How the house is set up: record types, and the aliases that open records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from gateway.client.calls import Call, Text, changes, step
from gateway.client.shapes.common import Page
from gateway.client.shapes.house import Alias, RecordType

Objects = Sequence[Mapping[str, Any]] | None | UnsetType


def put_record_type(
    name: str,
    *,
    label: Text = UNSET,
    fields: Objects = UNSET,
    subtypes: Objects = UNSET,
    policy: Mapping[str, Any] | UnsetType | None = UNSET,
) -> Call[RecordType]:
    """Create or change a record type. fields: {name, label, type, ...}. subtypes: {name, label, internal, ...}."""
    body = changes(label=label, fields=fields, subtypes=subtypes, policy=policy)
    return Call("PUT", f"/record-types/{step(name)}", RecordType, body)


def record_type(name: str) -> Call[RecordType]:
    """One record type."""
    return Call("GET", f"/record-types/{step(name)}", RecordType)


def record_types(*, limit: int = 200) -> Call[Page[RecordType]]:
    """Record types by name."""
    return Call("GET", "/record-types", Page[RecordType], query={"limit": limit})


def delete_record_type(name: str) -> Call[None]:
    """Delete a record type that has no records and no aliases."""
    return Call("DELETE", f"/record-types/{step(name)}", None)


def put_alias(
    address: str,
    *,
    type: str | UnsetType = UNSET,
    defaults: Mapping[str, Any] | UnsetType | None = UNSET,
    policy: Mapping[str, Any] | UnsetType | None = UNSET,
) -> Call[Alias]:
    """Create or change an address that opens records of a type. defaults: fields of a new record."""
    body = changes(type=type, defaults=defaults, policy=policy)
    return Call("PUT", f"/aliases/{step(address)}", Alias, body)


def aliases(*, limit: int = 200) -> Call[Page[Alias]]:
    """Aliases by address."""
    return Call("GET", "/aliases", Page[Alias], query={"limit": limit})


def delete_alias(address: str) -> Call[None]:
    """Delete an alias; mail to it is unknown from then on."""
    return Call("DELETE", f"/aliases/{step(address)}", None)
