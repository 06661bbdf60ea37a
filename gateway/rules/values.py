"""What a field of a record may hold, when two values are the same, and how a person reads one.

Source: the field types of tracked changes in Odoo Chatter; a value that is none of its type is refused
before it is stored, because the log would show nonsense for ever.

========= ======================================================= ==========================
type      value                                                   shown
========= ======================================================= ==========================
text      a string (a number is taken as one)                     as it is
number    a number, or a string that is a decimal number          12.5
money     the same, or {"amount": ..., "currency": "USD"}         12.5 EUR
date      "2026-11-23"                                            2026-11-23
datetime  RFC 3339; without an offset it is UTC                   2026-11-23 12:00 UTC
boolean   true or false                                           yes, no
choice    one of the choices, where the type names any            its label
reference a string, a number, or {"id": ..., "label": ...}        its label
list      a list of strings, numbers and references               joined by commas
========= ======================================================= ==========================
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

SINGLE = frozenset({"choice", "text", "boolean", "reference"})
"""Types whose values can be told apart and counted: how long a record had each (chatter/durations)."""

FORMATTED = frozenset({"number", "money", "date", "datetime"})
"""Types whose stored texts a reader sees as his own language writes them; ``read`` gives the values back."""

FIELD_TYPES = ("text", "number", "money", "date", "datetime", "boolean", "choice", "reference", "list")
_LONGEST_NUMBER = 40
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")  # RFC 3339 section 5.6, full-date
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}")
_LONGEST_CURRENCY = 8
_MOST_ZEROS = 40  # 1e999999 is a number, and no text


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record type. Tracked unless it says otherwise; order by sequence, then name.

    type: of FIELD_TYPES. currency: of money that names none. choices: value -> label, {} = any value.
    subtype: the subtype that a change of this field is posted under, "" = a plain log entry. internal:
    no outsider sees its lines. template: the mail that a new value sends, templates: the same by value.
    rots_after: value -> days after which a record that still has it rots; a value that is not named never does.
    """

    name: str
    label: str = ""
    type: str = "text"
    sequence: int = 100
    tracked: bool = True
    currency: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    subtype: str = ""
    internal: bool = False
    template: str = ""
    templates: Mapping[str, str] = field(default_factory=dict)
    rots_after: Mapping[str, int] = field(default_factory=dict)


def is_empty(value: Any) -> bool:
    """Nothing is in the field: null, an empty string or an empty list."""
    return value is None or value in ("", [])


def trouble(rule: Field, value: Any) -> str:
    """What is wrong with a value for a field, "" if nothing is. An empty value fits every type."""
    if is_empty(value):
        return ""
    match rule.type:
        case "number":
            fits = _decimal(value) is not None
        case "money":
            fits = _is_money(value)
        case "date":
            fits = _date(value) is not None
        case "datetime":
            fits = _moment(value) is not None
        case "boolean":
            fits = isinstance(value, bool)
        case "choice":
            if _is_plain(value) and rule.choices and str(value) not in rule.choices:
                return f"{value!r} is none of {', '.join(rule.choices)}"
            fits = _is_plain(value)
        case "reference":
            fits = _is_reference(value)
        case "list":
            fits = isinstance(value, list) and all(_is_reference(item) for item in value)
        case _:
            fits = _is_plain(value)
    return "" if fits else f"{_short(value)} is no {rule.type}"


def same(rule: Field, one: Any, other: Any) -> bool:
    """Two values mean the same: 3 and 3.0, the same thing under another label, a list in another order."""
    if is_empty(one) or is_empty(other):
        return is_empty(one) and is_empty(other)
    return bool(one == other) or bool(_identity(rule, one) == _identity(rule, other))


def key_of(rule: Field, value: Any) -> str:
    """What tells one value of a SINGLE type from another, however its label changes; "" for none."""
    if is_empty(value):
        return ""
    return (
        _key(value)
        if rule.type == "reference"
        else show(rule, value)
        if rule.type == "boolean"
        else str(value)
    )


def show(rule: Field, value: Any) -> str:
    """A value as a person reads it; one that is none of its type (an older one) as it is."""
    if is_empty(value):
        return ""
    match rule.type:
        case "boolean" if isinstance(value, bool):
            return "yes" if value else "no"
        case "choice":
            return str(rule.choices.get(str(value), value))
        case "money" if _is_money(value):
            amount, currency = _amount(rule, value)
            return f"{_number(amount)} {currency}".strip()
        case "number" if _decimal(value) is not None:
            return _number(value)
        case "datetime":
            moment = _moment(value)
            return str(value) if moment is None else _clock(moment)
        case "reference":
            return _name(value)
        case "list" if isinstance(value, list):
            return ", ".join(_name(item) for item in value)
    return str(value)


def read(kind: str, text: str) -> tuple[Any, str]:
    """The value that ``show`` wrote, and the currency of money; (None, "") where the text is none of the kind.

    kind: of FORMATTED. Numbers come as Decimal.

    >>> read("money", "12.50 EUR")
    (Decimal('12.50'), 'EUR')
    """
    match kind:
        case "number" | "money":
            amount, _, currency = text.partition(" " if kind == "money" else "\0")
            number = _decimal(amount)
            fits = number is not None and abs(number.adjusted()) < _MOST_ZEROS
            return (number, currency) if fits else (None, "")
        case "date":
            return _date(text), ""
        case "datetime":
            return _moment(text.replace(" UTC", "Z")), ""
    return None, ""


def _identity(rule: Field, value: Any) -> Any:
    match rule.type:
        case "number":
            return _decimal(value)
        case "money" if _is_money(value):
            amount, currency = _amount(rule, value)
            return _decimal(amount), currency
        case "datetime":
            return _moment(value)
        case "reference":
            return _key(value)
        case "list" if isinstance(value, list):
            return sorted(_key(item) for item in value)
        case "boolean":
            return value
    return str(value)


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" not in value  # PostgreSQL keeps no NUL in a text
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_reference(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return _is_plain(value)
    label = value.get("label", "")
    return _is_plain(value.get("id")) and (label is None or _is_plain(label))


def _is_money(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return _decimal(value) is not None
    currency = value.get("currency", "")
    is_named = currency is None or (
        isinstance(currency, str)
        and (not currency or (currency.isalnum() and len(currency) <= _LONGEST_CURRENCY))
    )
    return is_named and _decimal(value.get("amount")) is not None


def _amount(rule: Field, value: Any) -> tuple[Any, str]:
    if isinstance(value, Mapping):
        return value["amount"], value.get("currency") or rule.currency
    return value, rule.currency


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    text = str(value)
    if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _date(value: Any) -> date | None:
    if not isinstance(value, str) or not _DAY.fullmatch(value):  # fromisoformat knows weeks too
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _moment(value: Any) -> datetime | None:
    """The time in UTC, None where the value is none (RFC 3339 section 5.6)."""
    if not isinstance(value, str) or not _DAY.fullmatch(value[:10]) or value[10:11] not in tuple("Tt "):
        return None
    if not _TIME.match(value[11:]):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _clock(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC" if moment.second else "%Y-%m-%d %H:%M UTC")


def _key(value: Any) -> str:
    return str(value.get("id")) if isinstance(value, Mapping) else str(value)


def _name(value: Any) -> str:
    return str(value.get("label") or value.get("id") or "") if isinstance(value, Mapping) else str(value)


def _number(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
