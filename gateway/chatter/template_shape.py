"""What a template may hold, asked when it is written: so that it can be filled in when it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.chatter.partners import address_or_bad_value
from gateway.errors import BadShape, BadValue, FieldError
from gateway.rules.language import is_language
from gateway.rules.send_at import send_at
from gateway.templating import BadPlaceholder, check_placeholders

NAMES: Mapping[str, frozenset[str]] = {
    "record": frozenset({"type", "label", "key", "title", "url", "fields", "shown"}),
    "author": frozenset({"name", "email"}),
    "reader": frozenset({"name", "email", "language"}),
}
TEXTS = ("subject", "body_html", "body_text")
_MOST_LETTERS = 200_000


def check(values: Mapping[str, Any], now: datetime) -> None:
    """Refuse a template that could not be filled in. values: its columns. Raises BadValue, BadShape naming the place."""
    for tag, texts in values["variants"].items():
        _check_shape(tag, texts)
        wrong = sorted(set(texts) - set(TEXTS))
        if wrong:
            raise BadValue.of(f"variants/{tag}/{wrong[0]}", f"a variant has {', '.join(TEXTS)}")
    sources = _sources(values)
    if len(values["send_at"]) + sum(len(source) for _, source in sources) > _MOST_LETTERS:
        raise BadValue.of("body_html", f"a template has at most {_MOST_LETTERS} letters")
    for pointer, source in sources:
        try:
            check_placeholders(source, NAMES)
        except BadPlaceholder as trouble:
            raise BadValue.of(pointer, str(trouble)) from trouble
    for index, source in enumerate(values["recipients"]):
        if "{" not in source:
            address_or_bad_value(source, f"recipients/{index}")
    _check_send_at(values["send_at"], now)


def used(row: Any) -> frozenset[str]:
    """The names that the texts of a template use, as ``check_placeholders`` tells them."""
    values = {name: getattr(row, name) for name in (*TEXTS, "variants", "recipients")}
    texts: Sequence[tuple[str, str]] = [
        one for one in _sources(values) if not one[0].startswith("recipients")
    ]
    return frozenset().union(*(check_placeholders(source, NAMES) for _, source in texts))


def _sources(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every text with placeholders, with its pointer."""
    found = [(name, values[name]) for name in TEXTS]
    for tag, texts in values["variants"].items():
        found += [(f"variants/{tag}/{name}", text) for name, text in texts.items()]
    return found + [(f"recipients/{index}", source) for index, source in enumerate(values["recipients"])]


def _check_send_at(source: str, now: datetime) -> None:
    """Raise BadValue where no moment can come of it; it is told by the record alone, for all readers alike."""
    try:
        check_placeholders(source, {"record": NAMES["record"]})
        if "{" not in source:
            send_at(source, now)
    except BadPlaceholder as trouble:
        raise BadValue.of("send_at", str(trouble)) from trouble
    except ValueError as trouble:
        raise BadValue.of("send_at", "name a time or a date, a step such as +3d, or both") from trouble


def _check_shape(tag: str, texts: Any) -> None:
    """Raise BadShape for a variant that is no object of texts, BadValue for one of no language."""
    if not is_language(tag):
        raise BadValue.of(
            f"variants/{tag.replace('~', '~0').replace('/', '~1')}",
            f"{tag!r} is no language tag, such as it or de-AT",
        )
    if not isinstance(texts, dict):
        raise BadShape("a variant is an object", [FieldError(f"#/variants/{tag}", "expected an object")])
    for name, text in texts.items():
        if not isinstance(text, str):
            raise BadShape("a variant has texts", [FieldError(f"#/variants/{tag}/{name}", "expected a text")])
