"""What changed in a record: the lines ``old -> new`` of its log entry.

Source: Odoo Chatter, "Chatter thread" (tracked fields); first old against last new, a net no-change
writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record type. Tracked unless it says otherwise; order by sequence, then name.

    type: text, number, money, date, datetime, boolean, choice, reference or list. choices: value ->
    label. subtype: the subtype that a change of this field is posted under, "" = a plain log entry.
    """

    name: str
    label: str = ""
    type: str = "text"
    sequence: int = 100
    tracked: bool = True
    currency: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    subtype: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a log entry; old and new are texts for people, "" where there was no value."""

    field: str
    label: str
    old: str
    new: str


def changes(fields: Sequence[Field], old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """The tracked fields whose value differs, in the order of the record type."""
    found = []
    for rule in sorted(fields, key=lambda rule: (rule.sequence, rule.name)):
        before, after = old.get(rule.name), new.get(rule.name)
        if not rule.tracked or before == after or (before in (None, "") and after in (None, "")):
            continue
        found.append(Change(rule.name, rule.label or rule.name, show(rule, before), show(rule, after)))
    return found


def subtype_of(fields: Sequence[Field], changed: Sequence[Change]) -> str:
    """The one subtype that a set of changes is posted under: the first mapped field's, "" if none."""
    mapped = {rule.name: rule.subtype for rule in fields}
    return next((mapped[change.field] for change in changed if mapped.get(change.field)), "")


def show(rule: Field, value: Any) -> str:
    """A value as a person reads it."""
    if value is None or value == "":
        return ""
    match rule.type:
        case "boolean":
            return "yes" if value else "no"
        case "choice":
            return str(rule.choices.get(str(value), value))
        case "money":
            return f"{_number(value)} {rule.currency}".strip()
        case "number":
            return _number(value)
        case "reference":
            return str(value.get("label") or value.get("id") or "") if isinstance(value, Mapping) else str(value)
        case "list":
            return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
    return str(value)


def _number(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
