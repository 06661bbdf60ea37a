"""Pages of lists: ``{items, next, total?}``; ``next`` is what to give as ``before`` for the next page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

import msgspec
from litestar.di import NamedDependency
from litestar.params import Parameter, SkipValidation

from gateway.errors import BadShape, BadValue, FieldError
from store.queries.narrow import Window

StateFilter = Annotated[str | None, Parameter(query="state")]
"""The query parameter ``state``; the framework keeps a parameter of this name for itself."""


def check_state(wanted: str | None, states: Sequence[str]) -> None:
    """Raise BadValue for a state that the rows of a list do not have. wanted: None = any."""
    if wanted is not None and wanted not in states:
        raise BadValue.of("state", f"{wanted!r} is none of {', '.join(states)}")


DEFAULT, MOST = 30, 200
T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list. next: null on the last page. total: where counting is cheap."""

    items: list[T]
    next: int | str | None = None
    total: int | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class Wish:
    """Which page is asked for: at most one of before, after, around. limit: 1 to 200."""

    limit: int = DEFAULT
    before: str | None = None
    after: str | None = None
    around: str | None = None

    def number(self, name: str) -> int | None:
        """A cursor that is a number of ours. Raises BadShape."""
        text: str | None = getattr(self, name)
        return None if text is None else _number(text, name)


Wished = NamedDependency[SkipValidation[Wish]]
"""How a handler asks for the wanted page: a parameter named ``wish``."""


Limit = Annotated[
    int | None,
    Parameter(description=f"Items of the page, 1 to {MOST}; absent = {DEFAULT}, more counts as {MOST}."),
]
Before = Annotated[str | None, Parameter(description="Go on from here: ``next`` of the page before.")]
After = Annotated[
    str | None, Parameter(description="What stands just above this item, such as what is newer.")
]
Around = Annotated[str | None, Parameter(description="This item and its neighbours.")]


async def provide_wish(
    limit: Limit = None, before: Before = None, after: After = None, around: Around = None
) -> Wish:
    """The page that the query asks for. Raises BadShape, BadValue; a limit over 200 counts as 200."""
    items = DEFAULT if limit is None else limit
    if items < 1:
        raise BadValue.of("limit", "a page has at least one item")
    given = {"before": before, "after": after, "around": around}
    cursors = {name: text for name, text in given.items() if text}
    if len(cursors) > 1:
        raise BadValue.of(list(cursors)[1], f"give only one of {', '.join(cursors)}")
    return Wish(min(items, MOST), **cursors)


def _number(text: str, name: str) -> int:
    sign, digits = (text[0], text[1:]) if text[:1] == "-" else ("", text)
    if not (digits.isascii() and digits.isdigit() and len(digits) < 19):
        raise BadShape(f"{text!r} is not a number", [FieldError(f"#/{name}", f"{text!r} is not a number")])
    return int(sign + digits)


Fetch = Callable[..., Window | list[Any]]


class Order(NamedTuple):
    """How a list is ordered. key: a row's place in it, and its cursor. rising: from low keys to high ones.

    place: of a cursor, for a list in memory whose cursors are not in order by themselves.
    """

    key: Callable[[Any], int | str]
    rising: bool = False
    numbers: bool = True
    place: Callable[[Any], Any] = lambda cursor: cursor


def by_number(name: str = "id", *, rising: bool = False) -> Order:
    """Ordered by a column of numbers, newest first unless rising."""
    return Order(lambda row: int(getattr(row, name)), rising)


def by_name(name: str) -> Order:
    """Ordered by a column of text."""
    return Order(lambda row: str(getattr(row, name)), rising=True, numbers=False)


NEWEST_FIRST, OLDEST_FIRST = by_number(), by_number(rising=True)


def both_ways(fetch: Fetch, wish: Wish, order: Order = NEWEST_FIRST) -> tuple[list[Any], int | str | None]:
    """A page of a list that can be read from any place: its rows, and the cursor of the next one.

    fetch: answers rows in the order of the list; it takes before and after, which keys are lower and higher than, and
    limit. after: the nearest rows above that one. around: half a page above it, then itself and what follows. The
    cursor is null when nothing follows; where a list was looked through in part, the key from which to go on.
    """

    def above(key: int | str, limit: int) -> list[Any]:
        near = {"before": key, "after": None} if order.rising else {"before": None, "after": key}
        return list(_window(fetch(**near, limit=limit)).rows)

    def below(key: int | str | None, limit: int) -> Window:
        on = {"before": None, "after": key} if order.rising else {"before": key, "after": None}
        return _window(fetch(**on, limit=limit))

    before, after, around = (_cursor(wish, name, order) for name in ("before", "after", "around"))
    if after is not None:
        rows = above(after, wish.limit)
        return (rows, _following(rows[-1:], below(order.key(rows[-1]), 1), order)) if rows else (rows, None)
    rows = []
    if around is not None:
        near = above(around, max(1, wish.limit // 2))
        rows, before = near[: wish.limit // 2], _just_above(around, near, order)
    room = wish.limit - len(rows)
    found = below(before, room + 1)
    rows += found.rows[:room]
    return rows, _following(rows[-1:], found._replace(rows=found.rows[room:]), order)


def _just_above(key: int | str, near: list[Any], order: Order) -> int | str | None:
    """Where to go on so that the row of this key is the first, None = from the beginning. near: what stands above it."""
    if isinstance(key, int):
        return key - 1 if order.rising else key + 1
    return order.key(near[-1]) if near else None


def _following(last: list[Any], rest: Window, order: Order) -> int | str | None:
    return order.key(last[0]) if last and rest.rows else rest.reached


def _cursor(wish: Wish, name: str, order: Order) -> int | str | None:
    text: str | None = getattr(wish, name)
    return wish.number(name) if order.numbers else text


def _window(found: Window | list[Any]) -> Window:
    return found if isinstance(found, Window) else Window(found)


def among_few(rows: Sequence[Any], order: Order) -> Fetch:
    """The ``fetch`` of a list that is read whole, in any order."""

    def place(row: Any) -> Any:
        return order.place(order.key(row))

    rows = sorted(rows, key=place, reverse=not order.rising)

    def fetch(*, before: Any, after: Any, limit: int) -> list[Any]:
        if before is None and after is None:
            return list(rows[:limit])
        back = (before if order.rising else after) is not None
        bound = order.place(before if after is None else after)
        near = [one for one in rows if (place(one) < bound if after is None else place(one) > bound)]
        return near[-limit:] if back else near[:limit]

    return fetch
