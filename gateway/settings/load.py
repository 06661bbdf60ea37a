"""Read the configuration: a TOML file, then the environment, checked against ``sections``.

A wrong setting is named with its file and line, because the reader has an editor open.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import msgspec

from gateway.errors import ConfigError
from gateway.settings.environment import ENVIRONMENT, PREFIX, Override, blamed, overrides, put
from gateway.settings.sections import Settings

_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")
_UNKNOWN = re.compile(r"unknown field `([^`]+)`")
_MISSING = re.compile(r"required field `([^`]+)`")
_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"^\s*([A-Za-z0-9_.\"'-]+?)\s*=")


def load(path: Path | str | None, environ: Mapping[str, str]) -> Settings:
    """The settings of a file (None = THREADPOST_CONFIG, else no file) under those of the environment.

    Raises ConfigError.
    """
    chosen = str(path) if path else environ.get(f"{PREFIX}CONFIG", "")
    text = _read(chosen) if chosen else ""
    tables = _parse(chosen, text)
    from_file = _convert(tables, chosen, text)  # first alone, so that a mistake is laid to the right source
    found = [put(tables, override) for override in overrides(environ)]
    return _convert(tables, ENVIRONMENT, "", found) if found else from_file


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as trouble:
        raise ConfigError(file, 0, "file", str(getattr(trouble, "strerror", None) or trouble)) from trouble


def _parse(file: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as trouble:
        place = re.search(r"at line (\d+)", str(trouble))
        line = int(place[1]) if place else text.count("\n") + 1
        raise ConfigError(file, line, "syntax", str(trouble)) from trouble


def _convert(tables: dict[str, Any], file: str, text: str, found: Sequence[Override] = ()) -> Settings:
    try:
        return msgspec.convert(tables, Settings)
    except msgspec.ValidationError as trouble:
        setting, detail = _named(str(trouble))
        setting = _spelled_out(tables, setting, str(trouble))
        if variable := blamed(found, setting):
            detail = f"{detail} ({variable})"
        raise ConfigError(file, find_line(text, setting) if text else 0, setting, detail) from trouble


def _spelled_out(tables: dict[str, Any], setting: str, message: str) -> str:
    """The setting with the name of the table where msgspec says ``[...]`` of any: the one that alone makes it
    complain in these words."""
    head, *tails = setting.split("[...]")
    steps = head.split(".")
    for tail in tails:
        inside: Any = reduce(getitem, steps, tables)
        name = next(name for name in inside if _complaint(_only(tables, steps, name)) == message)
        tables = _only(tables, steps, name)
        steps = [*steps, name, *tail.split(".")[1:]]
    return ".".join(steps) if tails else setting


def _only(table: dict[str, Any], steps: Sequence[str], name: str) -> dict[str, Any]:
    """The tables with nothing but this name in the one to which the steps lead."""
    if not steps:
        return {name: table[name]}
    return {**table, steps[0]: _only(table[steps[0]], steps[1:], name)}


def _complaint(tables: dict[str, Any]) -> str:
    try:
        msgspec.convert(tables, Settings)
    except msgspec.ValidationError as trouble:
        return str(trouble)
    return ""


def _named(message: str) -> tuple[str, str]:
    """The setting (``smtp.max_siz``, ``domains[0].name``) and the detail of a validation error.

    >>> _named("Object contains unknown field `max_siz` - at `$.smtp`")
    ('smtp.max_siz', 'there is no such setting')
    """
    place = _PLACE.search(message)
    parent = place[1] if place else ""
    detail = message[: place.start()] if place else message
    for pattern, words in ((_UNKNOWN, "there is no such setting"), (_MISSING, "this setting is needed")):
        if field := pattern.search(detail):
            return f"{parent}.{field[1]}".lstrip("."), words
    return parent, detail


def find_line(text: str, setting: str) -> int:
    """The line (first = 1) where a setting stands, or its table where it is missing; 0 if neither.

    >>> find_line("[smtp]\\nport = 1\\n[lmtp]\\nport = 2", "lmtp.port")
    4
    """
    steps = re.sub(r"\[(\.\.\.|\d+)\]", r".\1", setting).split(".")
    best, depth, table, counts = 0, 0, [], {}  # type: ignore[var-annotated]
    for number, line in enumerate(text.splitlines(), 1):
        here = table
        if header := _HEADER.match(line):
            table = [part.strip(" \"'") for part in header[2].split(".")]
            if header[1] == "[[":
                name = ".".join(table)
                counts[name] = counts.get(name, -1) + 1
                table = [*table, str(counts[name])]
            here = table
        elif key := _KEY.match(line):
            here = [*table, *(part.strip(" \"'") for part in key[1].split("."))]
        else:
            continue
        shared = _shared(here, steps)
        if shared == len(here) and shared > depth:
            best, depth = number, shared
    return best


def _shared(left: list[str], right: list[str]) -> int:
    """How many steps from the start are equal; "..." equals anything."""
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other and other != "...":
            break
        count += 1
    return count
