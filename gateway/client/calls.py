"""A call of the API as a value: what is sent, and what comes back. A client carries it out.

Where a call changes a thing, an argument that is left out stays as it is and None clears it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from msgspec import UNSET, UnsetType

Answer = TypeVar("Answer")
Value = TypeVar("Value")
Text = str | None | UnsetType  # of a changing call: left out, cleared, or new
Flag = bool | None | UnsetType  # the same; None = as it is by itself
Cursor = str | int | None
"""A place in a list, None = its beginning. before: ``next`` of the page before; after: what stands just above this item;
around: this item and its neighbours. At most one of them."""
Query = dict[str, str | int | list[str]]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to be sent. content: its octets."""

    name: str
    content: bytes
    content_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Call(Generic[Answer]):
    """One request.

    shape: what its answer is read as: the first of several that finds all its fields in it; bytes = the octets as they
    come, None where there is no answer. key: its Idempotency-Key. uploads: files, sent as a form with the fields of
    body. mail: octets of a mail as the body.
    """

    method: str
    path: str
    shape: type[Answer] | tuple[type[Answer], ...] | None
    body: dict[str, Any] | None = None
    query: Query = field(default_factory=dict)
    key: str = ""
    uploads: tuple[Upload, ...] = ()
    mail: bytes | None = None


def record_path(record_type: str, key: str) -> str:
    """The path of a record."""
    return f"/records/{step(record_type)}/{step(key)}"


def step(text: str) -> str:
    """One step of a path."""
    return quote(text, safe="@")


def named(record: tuple[str, str]) -> dict[str, str]:
    """A record (type, key) in a body."""
    return {"type": record[0], "key": record[1]}


def asked(**values: str | int | Sequence[str] | None) -> Query:
    """A query: what was given of it."""
    return {
        name: value if isinstance(value, str | int) else list(value)
        for name, value in values.items()
        if value is not None and value != ""
    }


def changes(**values: object) -> dict[str, Any]:
    """The body of a changing call: what was not left out."""
    return {name: value for name, value in values.items() if value is not UNSET}


def given(**values: object) -> dict[str, Any]:
    """The body of any other call: what was given of it."""
    return {name: value for name, value in values.items() if value is not None}
