"""How things are named in all answers, and the page of a list."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

Item = TypeVar("Item")


class Person(Struct, frozen=True):
    """A partner in a few words. id: None for the system, and for somebody who is no partner."""

    id: int | None
    name: str
    email: str
    internal: bool


class RecordName(Struct, frozen=True):
    """The two names of a record."""

    type: str
    key: str


class Page(Struct, Generic[Item], frozen=True):
    """A page of a list. next: what to give as ``before`` for the next page, None at the end."""

    items: list[Item]
    next: str | int | None = None
    total: int | None = None


class FieldError(Struct, frozen=True):
    """One wrong place of a request, such as ``#/author``."""

    pointer: str
    detail: str
