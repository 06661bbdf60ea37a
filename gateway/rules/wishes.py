"""How a partner wants to be told: is what was given a wish that can be kept? Pure.

``{timing, window_minutes, at "08:00", quiet ["22:00", "07:00"], days [1..7], overrides [{record_type, subtype,
timing}]}``; whatever is absent or null is the default. Source: DESIGN sections 6 and 8.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from gateway.errors import step

TIMINGS = ("now", "window", "hourly", "daily", "weekly", "web", "none")
LONGEST_WINDOW = 24 * 60  # minutes
_MOST_OVERRIDES = 200
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def faults(notify: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with a wish: the place below it, such as ``overrides/0/timing``, and the words.

    >>> faults({"at": "8:00", "days": [1, 5]})
    {'at': "'8:00' is no time of day such as 08:00"}
    """
    found: dict[str, str] = {}
    for name, value in notify.items():
        check = _CHECKS.get(name)
        if check is None:
            found[step(name)] = f"unknown: this is none of {', '.join(_CHECKS)}"
        elif value is not None:
            found |= {f"{name}{place}": words for place, words in check(value).items()}
    return found


def _timing(value: Any) -> dict[str, str]:
    fits = isinstance(value, str) and value in TIMINGS
    return {} if fits else {"": f"{value!r} is none of {', '.join(TIMINGS)}"}


def _window(value: Any) -> dict[str, str]:
    fits = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LONGEST_WINDOW
    return {} if fits else {"": f"this is a whole number of minutes, 1 to {LONGEST_WINDOW}"}


def _at(value: Any) -> dict[str, str]:
    fits = isinstance(value, str) and _CLOCK.fullmatch(value)
    return {} if fits else {"": f"{value!r} is no time of day such as 08:00"}


def _quiet(value: Any) -> dict[str, str]:
    if not isinstance(value, list) or len(value) != 2:
        return {"": 'this is two times of day, the first and the last of the quiet hours: ["22:00", "07:00"]'}
    wrong = {f"/{place}": words for place, one in enumerate(value) for words in _at(one).values()}
    if not wrong and value[0] == value[1]:
        return {"/1": "the quiet hours end when they begin"}
    return wrong


def _days(value: Any) -> dict[str, str]:
    if not isinstance(value, list) or not value:
        return {"": "this is a list of days, Monday 1 to Sunday 7, at least one"}
    return {
        f"/{place}": "a day is 1 (Monday) to 7 (Sunday), each once"
        for place, day in enumerate(value)
        if not isinstance(day, int) or isinstance(day, bool) or not 1 <= day <= 7 or day in value[:place]
    }


def _overrides(value: Any) -> dict[str, str]:
    if not isinstance(value, list) or len(value) > _MOST_OVERRIDES:
        return {"": f"this is a list of at most {_MOST_OVERRIDES} {{record_type, subtype, timing}}"}
    found: dict[str, str] = {}
    for place, one in enumerate(value):
        found |= {f"/{place}{inner}": words for inner, words in _override(one).items()}
    return found


def _override(one: Any) -> dict[str, str]:
    if not isinstance(one, Mapping):
        return {"": "this is {record_type, subtype, timing}"}
    names = ("record_type", "subtype")
    found = {f"/{step(name)}": "unknown" for name in one if name not in (*names, "timing")}
    found |= {f"/{name}": "this is a name" for name in names if not isinstance(one.get(name) or "", str)}
    if not any(one.get(name) for name in names):
        found.setdefault("/record_type", "an override names a record type, a subtype or both")
    return found | {f"/timing{inner}": words for inner, words in _timing(one.get("timing")).items()}


_CHECKS: Mapping[str, Callable[[Any], dict[str, str]]] = {
    "timing": _timing,
    "window_minutes": _window,
    "at": _at,
    "quiet": _quiet,
    "days": _days,
    "overrides": _overrides,
}
