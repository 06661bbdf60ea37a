"""How long a record has had each value of a field, read from the lines of its log.

The first value is that of the creation; a record whose field never changed has had the one it has since.
Changes that the log does not tell (silent, untracked) are kept with their times beside it. One that left no
trace at all, because the field was not tracked then, has no time: it counts for the value before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from gateway.chatter.types import TypeRules
from gateway.errors import BadValue
from gateway.rules.tracking import Field, show
from gateway.rules.values import SINGLE, key_of
from store.models.views import ThreadView
from store.queries import lives as store
from store.session import Session


class Duration(msgspec.Struct, frozen=True):
    """How long a field had a value. value: as stored; label: as it is called now, or was when it was last seen.

    seconds: in all. times: how often it was taken. current: it has it now. rotting: it has had it for longer, since
    it was taken last, than its type allows (``rots_after`` of the field; Odoo 19's rotting).
    """

    value: str
    label: str
    seconds: int
    times: int
    current: bool
    rotting: bool


class Step(NamedTuple):
    """A change of the field: from one value to another (rules/values.key_of). labels: of values, as they were shown."""

    when: datetime
    old: str
    new: str
    labels: Mapping[str, str] = {}


def durations(
    session: Session, thread: ThreadView, name: str, *, rules: TypeRules, now: datetime
) -> list[Duration]:
    """The values of a field in the order in which they were first taken. Raises BadValue for a field without."""
    rule = next((rule for rule in rules.fields if rule.name == name), None)
    if rule is None:
        raise BadValue.of("field", f"{rules.name} has no field {name!r}")
    if rule.type not in SINGLE or not rule.tracked:
        raise BadValue.of("field", f"{name} is no tracked field with single values")
    logged = [(row.date, line) for row in store.tracked(session, thread.id) for line in row.tracking]
    silent = [Step(*row) for row in store.silent_changes(session, thread.id, name)]
    steps = sorted([*_steps(rule, logged), *silent], key=lambda step: step.when)
    value = thread.fields.get(name)
    taken = spans(steps, born=store.creation_date(session, thread.id), last=key_of(rule, value), now=now)
    labels: dict[str, str] = {}
    for step in steps:
        labels |= step.labels
    labels |= {key_of(rule, value): show(rule, value), **rule.choices}
    return _summed(taken, labels, rots_after=rule.rots_after)


def _steps(rule: Field, lines: Sequence[tuple[datetime, Mapping[str, Any]]]) -> list[Step]:
    """The changes of a field among lines of the log, with their times.

    Those of a record that was merged into this one do not count. Older lines have no value beside the label.
    """
    values = {label: value for value, label in rule.choices.items()}
    found = []
    for when, line in lines:
        if line["field"] == rule.name and not line.get("of"):
            old = line.get("old_value", values.get(line["old"], line["old"]))
            new = line.get("new_value", values.get(line["new"], line["new"]))
            found.append(Step(when, old, new, {old: line["old"], new: line["new"]}))
    return found


def spans(steps: Sequence[Step], *, born: datetime, last: str, now: datetime) -> list[tuple[str, timedelta]]:
    """The values that a field had one after the other, each with its time; "" while it was empty.

    steps: oldest first. last: the value now; where no step led to it, nobody knows since when.
    """
    found = []
    since, value = born, None
    for step in steps:
        found.append((step.old if value is None else value, max(step.when - since, timedelta())))
        since, value = step.when, step.new
    found.append((last if value is None else value, max(now - since, timedelta())))
    if found[-1][0] != last:
        found.append((last, timedelta()))
    return found


def _summed(
    taken: Sequence[tuple[str, timedelta]], labels: Mapping[str, str], *, rots_after: Mapping[str, int]
) -> list[Duration]:
    sums: dict[str, tuple[timedelta, int]] = {}
    for value, time in taken:
        total, times = sums.get(value, (timedelta(), 0))
        sums[value] = (total + time, times + 1)
    last, lasted = taken[-1]
    rotten = last in rots_after and lasted > timedelta(days=rots_after[last])
    return [
        Duration(
            value,
            labels.get(value, value),
            int(total.total_seconds()),
            times,
            value == last,
            value == last and rotten,
        )
        for value, (total, times) in sums.items()
        if value
    ]
