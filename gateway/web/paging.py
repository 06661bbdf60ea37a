"""Pages of lists: ``{items, next, total?}``; ``next`` is what to give as ``before`` for the next page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from litestar.di import NamedDependency
from litestar.params import Parameter, SkipValidation

from gateway.errors import BadShape, BadValue, FieldError
from store.queries.narrow import Window

StateFilter = Annotated[str | None, Parameter(query="state")]
"""The query parameter ``state``; the framework keeps a parameter of this name for itself."""

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

    def forwards(self) -> Wish:
        """For a list that is read in one direction only. Raises BadValue for after and around."""
        for name in ("after", "around"):
            if getattr(self, name) is not None:
                raise BadValue.of(name, f"this list has no {name}; go on with before")
        return self


Wished = NamedDependency[SkipValidation[Wish]]
"""How a handler asks for the wanted page: a parameter named ``wish``."""


Limit = Annotated[
    int | None,
    Parameter(description=f"Items of the page, 1 to {MOST}; absent = {DEFAULT}, more counts as {MOST}."),
]
Before = Annotated[str | None, Parameter(description="Go on from here: ``next`` of the page before.")]
After = Annotated[str | None, Parameter(description="What is newer than this item; not for every list.")]
Around = Annotated[str | None, Parameter(description="This item and its neighbours; not for every list.")]


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


def cut(rows: Sequence[T], limit: int, cursor: Callable[[T], int | str]) -> tuple[list[T], int | str | None]:
    """The rows of a page and the cursor of the next, from one row more than the page holds."""
    page = list(rows[:limit])
    return page, cursor(page[-1]) if len(rows) > limit else None


def page_of(found: Window, limit: int) -> Page[Any]:
    """The page of a list that may have been looked through in part; of one row more than it holds, with ids."""
    rows, following = cut(found.rows, limit, lambda row: int(row.id))
    return Page(rows, found.reached if following is None else following)


Fetch = Callable[..., Window]


def both_ways(fetch: Fetch, wish: Wish) -> tuple[list[Any], int | None]:
    """A page of a list that is newest first and can be read from any place; rows have ids.

    fetch: takes before, after and limit. after: the oldest rows that are newer. around: half a page on
    each side of the id, itself among the newer. next: null when nothing older is left; where a list was looked
    through in part, the id from which to go on.
    """
    after, around = wish.number("after"), wish.number("around")
    if after is not None:
        rows = fetch(after=after, before=None, limit=wish.limit).rows
        if not rows:
            return rows, None
        older = fetch(before=rows[-1].id, after=None, limit=1)
        return rows, int(rows[-1].id) if older.rows else older.reached
    if around is not None:
        newer = fetch(after=around - 1, before=None, limit=wish.limit // 2 + 1).rows[-wish.limit :]
        room = wish.limit - len(newer)
        older = fetch(before=around, after=None, limit=room + 1)
        rows = [*newer, *older.rows[:room]]
        return rows, int(rows[-1].id) if rows and len(older.rows) > room else older.reached
    found = page_of(fetch(before=wish.number("before"), after=None, limit=wish.limit + 1), wish.limit)
    return found.items, None if found.next is None else int(found.next)
