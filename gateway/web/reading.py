"""What may come in: texts and numbers that both databases keep; what they do not is refused by its name.

PostgreSQL keeps no U+0000 in a text and no integer of more than 64 bits, SQLite keeps the one and not the
other. So both are refused where a body, a query or a path is read, and no handler needs to think of it.
Numbers beyond 64 bits do not survive other programs either.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import FormMultiDict
from litestar.exceptions import SerializationException

from gateway.errors import BadShape, BadValue, FieldError, NotFound, step

HIGHEST = 2**63 - 1
_SUSPECT = re.compile(rb"\\u0000|[0-9]{19}")  # worth a second look, which few bodies need
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_NUL = "a text holds no U+0000"
_TOO_LARGE = "a number has at most 64 bits; give a larger one as a text"
_UNPAIRED = "half of a surrogate pair is no letter"


class Incoming(Request[Any, Any, Any]):
    """A request whose body holds nothing that a database refuses."""

    async def json(self) -> Any:
        """The body. Raises BadValue naming every text and number that cannot be kept, BadShape."""
        body = await self.body()
        try:
            value = await super().json()
        except SerializationException as trouble:
            faults = _unpaired(body)
            if faults:
                raise BadShape(_UNPAIRED, faults) from trouble
            raise
        if _SUSPECT.search(body):
            _refuse(list(_unkept(value, "#")))
        return value

    async def form(self) -> FormMultiDict:
        """The fields of a form. Raises BadValue naming every text that cannot be kept."""
        fields = await super().form()
        texts = sorted((name, value) for name, value in fields.multi_items() if isinstance(value, str))
        _refuse([FieldError(f"#/{_step(name)}", _NUL) for name, value in texts if "\0" in name + value])
        return fields


def check_names(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Look at the path and the query. Raises BadValue, and NotFound for a number that no thing of ours has.

    ``q`` may hold anything: it is a question that is cut into words, and a NUL is part of none.
    """
    names: dict[str, Any] = connection.scope.get("path_params", {})
    for value in names.values():
        if isinstance(value, int) and not 0 <= value <= HIGHEST:
            raise NotFound(f"there is nothing with the number {str(value)[:40]}")
    faults = [FieldError(f"#/{name}", _NUL) for name, value in names.items() if "\0" in str(value)]
    if b"%00" in connection.scope["query_string"]:
        given = sorted(connection.query_params.multi_items())
        faults += [
            FieldError(f"#/{_step(name)}", _NUL)
            for name, value in given
            if name != "q" and "\0" in name + value
        ]
    _refuse(faults)


def _refuse(faults: list[FieldError]) -> None:
    if faults:
        raise BadValue(faults[0].detail, faults)


def _step(name: str) -> str:
    return step(name.replace("\0", ""))


def _unkept(value: Any, place: str) -> Iterator[FieldError]:
    """The texts and numbers in a value that a database refuses. Depth is limited by what was decoded."""
    if isinstance(value, str):
        if "\0" in value:
            yield FieldError(place, _NUL)
    elif isinstance(value, int):
        if not -HIGHEST <= value <= HIGHEST:
            yield FieldError(place, _TOO_LARGE)
    else:
        for name, inner in _inside(value):
            if "\0" in name:
                yield FieldError(f"{place}/{_step(name)}", _NUL)
            yield from _unkept(inner, f"{place}/{_step(name)}")


def _inside(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return [(str(index), inner) for index, inner in enumerate(value)] if isinstance(value, list) else []


def _unpaired(body: bytes) -> list[FieldError]:
    """The texts of a body that hold half a surrogate pair, found by a reader that lets it pass."""
    if not _SURROGATE.search(body):
        return []
    try:
        return list(_halves(json.loads(body), "#"))
    except (ValueError, RecursionError):
        return []  # something else is wrong with it, too


def _halves(value: Any, place: str) -> Iterator[FieldError]:
    if isinstance(value, str):
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            yield FieldError(place, _UNPAIRED)
        return
    for name, inner in _inside(value):
        shown = f"{place}/{_step(name)}"
        if any("\ud800" <= letter <= "\udfff" for letter in name):
            yield FieldError(place, _UNPAIRED)
        else:
            yield from _halves(inner, shown)
