"""How long a record has had each value of a field, read from the lines of its log.

The first value is that of the creation; a record whose field never changed has had the one it has since.
Changes that were written in silence are not in the log, and their time counts for the value before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from gateway.chatter.types import TypeRules
from gateway.errors import BadValue
from gateway.rules.tracking import Field, show
from store.models.views import ThreadView
from store.queries import lives as store
from store.session import Session

_TYPES = frozenset({"choice", "text", "boolean", "reference"})


class Duration(msgspec.Struct, frozen=True):
    """How long a field had a value. value: as stored where the type has choices, else as shown; label: as shown.

    seconds: in all. times: how often it was taken. current: it has it now.
    """

    value: str
    label: str
    seconds: int
    times: int
    current: bool


def durations(
    session: Session, thread: ThreadView, name: str, *, rules: TypeRules, now: datetime
) -> list[Duration]:
    """The values of a field in the order in which they were first taken. Raises BadValue for a field without."""
    rule = next((rule for rule in rules.fields if rule.name == name), None)
    if rule is None:
        raise BadValue.of("field", f"{rules.name} has no field {name!r}")
    if rule.type not in _TYPES or not rule.tracked:
        raise BadValue.of("field", f"{name} is no tracked field with single values")
    taken = spans(
        [(row.date, line) for row in store.tracked(session, thread.id) for line in row.tracking],
        name, born=store.creation_date(session, thread.id), last=show(rule, thread.fields.get(name)), now=now,
    )  # fmt: skip
    return _summed(rule, taken)


def spans(
    lines: Sequence[tuple[datetime, Mapping[str, Any]]],
    name: str,
    *,
    born: datetime,
    last: str,
    now: datetime,
) -> list[tuple[str, timedelta]]:
    """The values that a field had one after the other, each with its time; "" while it was empty.

    lines: with their times, oldest first; those of a record that was merged into this one do not count.
    last: the value now, for a field that never changed.
    """
    found = []
    since, value = born, None
    for when, line in lines:
        if line["field"] != name or line.get("of"):
            continue
        found.append((line["old"] if value is None else value, max(when - since, timedelta())))
        since, value = when, line["new"]
    found.append((last if value is None else value, max(now - since, timedelta())))
    return found


def _summed(rule: Field, taken: Sequence[tuple[str, timedelta]]) -> list[Duration]:
    values = {label: value for value, label in rule.choices.items()}
    sums: dict[str, tuple[timedelta, int]] = {}
    for label, time in taken:
        total, times = sums.get(label, (timedelta(), 0))
        sums[label] = (total + time, times + 1)
    return [
        Duration(values.get(label, label), label, int(total.total_seconds()), times, label == taken[-1][0])
        for label, (total, times) in sums.items()
        if label
    ]
