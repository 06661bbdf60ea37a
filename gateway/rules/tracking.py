"""What changed in a record: the lines ``old -> new`` of its log entry.

Source: Odoo Chatter, "Chatter thread" (tracked fields); first old against last new, a net no-change
writes nothing. What a field may hold stands in values.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.rules.values import FORMATTED, is_empty, key_of, same, trouble
from gateway.rules.values import Field as Field
from gateway.rules.values import show as show

NOTHING = "—"
ASSIGNEE, ACTIVE = "assignee", "active"
_LABELLED = frozenset({"choice", "reference"})
_OF_EVERY_TYPE = frozenset({ASSIGNEE, ACTIVE})  # lines without a field of this name


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a log entry; old and new are texts for people, "" where there was no value.

    type: boolean where readers see the words of their own language. internal: for staff only. old_value,
    new_value: what tells the values apart where a text is only their label, None = the texts do. kind: of
    ``values.FORMATTED`` where readers see the texts as their own language writes them, else "".
    """

    field: str
    label: str
    old: str
    new: str
    type: str = ""
    internal: bool = False
    old_value: str | None = None
    new_value: str | None = None
    kind: str = ""


def changes(fields: Sequence[Field], old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """The tracked fields whose value differs, in the order of the record type."""
    found = []
    for rule in sorted(fields, key=lambda rule: (rule.sequence, rule.name)):
        before, after = old.get(rule.name), new.get(rule.name)
        if not rule.tracked or same(rule, before, after):
            continue
        kind = "boolean" if rule.type == "boolean" else ""
        texts = (show(rule, before), show(rule, after))
        keys = (key_of(rule, before), key_of(rule, after)) if rule.type in _LABELLED else (None, None)
        found.append(
            Change(
                rule.name,
                rule.label or rule.name,
                *texts,
                type=kind,
                internal=rule.internal,
                old_value=keys[0],
                new_value=keys[1],
                kind=rule.type if rule.type in FORMATTED else "",
            )
        )
    return found


def wrong_values(fields: Sequence[Field], values: Mapping[str, Any]) -> dict[str, str]:
    """The fields whose value is none of their type, each with what is wrong; others are not looked at."""
    found = {rule.name: trouble(rule, values[rule.name]) for rule in fields if rule.name in values}
    return {name: words for name, words in found.items() if words}


def subtype_of(fields: Sequence[Field], changed: Sequence[Change]) -> str:
    """The one subtype that a set of changes is posted under: the first mapped field's, "" if none."""
    mapped = {rule.name: rule.subtype for rule in fields}
    return next((mapped[change.field] for change in changed if mapped.get(change.field)), "")


def templates_of(fields: Sequence[Field], changed: Collection[str], new: Mapping[str, Any]) -> list[str]:
    """The mails that these changed fields send by their new values, in the order of the type, each once."""
    names = []
    for rule in sorted(fields, key=lambda rule: (rule.sequence, rule.name)):
        value = new.get(rule.name)
        if rule.name in changed and not is_empty(value):
            names.append(rule.templates.get(str(value)) or rule.template)
    return [name for name in dict.fromkeys(names) if name]


def is_for_staff(lines: Sequence[Change]) -> bool:
    """Nothing of a set of changes may be seen outside."""
    return bool(lines) and all(line.internal for line in lines)


def in_words(lines: Iterable[tuple[str, str, str]]) -> str:
    """Lines (label, old, new) as a text, one below the other.

    >>> in_words([("Stage", "", "New")])
    'Stage: — → New'
    """
    return "\n".join(f"{label}: {old or NOTHING} → {new or NOTHING}" for label, old, new in lines)


def visible_lines(
    lines: Sequence[Mapping[str, Any]],
    *,
    internal: bool,
    fields: Mapping[str, Collection[str]] | None = None,
    record_type: str = "",
) -> list[Mapping[str, Any]]:
    """The stored lines that a reader may see. internal: he is staff. record_type: of the record now.

    fields: the names that each type has by now, None = all are shown. The line of a record that was merged or
    changed its type belongs to the type of then.
    """

    def exists(line: Mapping[str, Any]) -> bool:
        there = (fields or {}).get(line.get("in") or line.get("of", "").partition("/")[0] or record_type)
        return there is None or line["field"] in there or line["field"] in _OF_EVERY_TYPE

    return [line for line in lines if (internal or not line.get("internal")) and exists(line)]
