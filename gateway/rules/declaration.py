"""Is the declaration of a record type sound? Pure: what the host declares is checked before it is kept.

A misspelt setting, a name that stands twice or a subtype that does not exist would be lost without a word
and only be missed when a change was not told. What is stored already is read as it is (chatter/types).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from gateway.errors import step
from gateway.rules.subscription import Subtype, with_generic
from gateway.rules.tracking import ACTIVE, ASSIGNEE
from gateway.rules.values import FIELD_TYPES, SINGLE, Field

RESERVED = frozenset({ACTIVE, ASSIGNEE, "key", "parent", "title", "url"})
"""What every record has of itself: a field of this name could not be told apart in the log."""
_LONGEST_NAME = 100
_MOST_DAYS = 3650
_INNER = re.compile(r" - at `\$\.([A-Za-z_]+)")
_MISSING = re.compile(r"missing required field `([A-Za-z_]+)`")


def faults(fields: Sequence[Any], subtypes: Sequence[Any]) -> dict[str, str]:
    """What is wrong: the place, such as ``fields/0/name``, and the words.

    >>> faults([{"name": "stage", "trackd": True}], [])
    {'fields/0/trackd': 'a field has no such setting'}
    """
    found = dict(_shapes("fields", fields, Field)) | dict(_shapes("subtypes", subtypes, Subtype))
    if found:
        return found
    declared = msgspec.convert(fields, list[Field])
    offered = msgspec.convert(subtypes, list[Subtype])
    return dict(_field_faults(declared, offered)) | dict(_subtype_faults(offered))


def _shapes(group: str, items: Sequence[Any], kind: type) -> Iterator[tuple[str, str]]:
    """What cannot be read as a field or a subtype at all."""
    settings = {one.name for one in dataclasses.fields(kind)}
    what = f"a {group.removesuffix('s')}"
    for index, item in enumerate(items):
        if not isinstance(item, Mapping):
            yield f"{group}/{index}", f"{what} is an object with a name"
            continue
        for name in item:
            if name not in settings:
                yield f"{group}/{index}/{step(str(name))}", f"{what} has no such setting"
        try:
            msgspec.convert(item, kind)
        except msgspec.ValidationError as trouble:
            words = str(trouble)
            inner = _INNER.search(words) or _MISSING.search(words)
            yield f"{group}/{index}" + (f"/{inner[1]}" if inner else ""), words.partition(" - at `")[0]


def _field_faults(fields: Sequence[Field], subtypes: Sequence[Subtype]) -> Iterator[tuple[str, str]]:
    names = [field.name for field in fields]
    known = {subtype.name for subtype in with_generic(subtypes)}
    for index, field in enumerate(fields):
        wrong = _name_trouble(field.name, names[:index])
        if field.name in RESERVED:
            wrong = f"every record has {field.name!r} of itself"
        if wrong:
            yield f"fields/{index}/name", wrong
        if field.type not in FIELD_TYPES:
            yield f"fields/{index}/type", f"{field.type!r} is none of {', '.join(FIELD_TYPES)}"
        if field.subtype and field.subtype not in known:
            yield f"fields/{index}/subtype", f"the type has no subtype {field.subtype!r}"
        if field.rots_after:
            yield from _rotting_faults(field, f"fields/{index}/rots_after")


def _rotting_faults(field: Field, place: str) -> Iterator[tuple[str, str]]:
    if field.type not in SINGLE or not field.tracked:
        yield place, "only a value of a tracked field with single values can last too long"
    for value, days in field.rots_after.items():
        if not 1 <= days <= _MOST_DAYS:
            yield f"{place}/{step(value)}", f"a value rots after 1 to {_MOST_DAYS} days"


def _subtype_faults(subtypes: Sequence[Subtype]) -> Iterator[tuple[str, str]]:
    names = [subtype.name for subtype in subtypes]
    for index, name in enumerate(names):
        wrong = _name_trouble(name, names[:index])
        if any(letter.isspace() for letter in name):
            wrong = "a subtype needs a name without blanks"
        if wrong:
            yield f"subtypes/{index}/name", wrong
    for index in [index for index, subtype in enumerate(subtypes) if subtype.creation][1:]:
        yield f"subtypes/{index}/creation", "records are opened under one subtype"


def _name_trouble(name: str, earlier: Sequence[str]) -> str:
    if not name or len(name) > _LONGEST_NAME or not name.isprintable() or name != name.strip():
        return f"a name has 1 to {_LONGEST_NAME} letters, no control characters and no blanks around it"
    return f"{name!r} stands here twice" if name in earlier else ""
