"""Write the example configuration: every setting with its default and its documentation."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from gateway.settings.doors import Imap
from gateway.settings.section import Section
from gateway.settings.sections import Domain, Settings
from gateway.settings.trust import Auth, Hop

HEAD = """\
# Configuration of Threadpost. Every setting stands here with its default, commented out.
# Written by `threadpost config describe`; do not edit the copy in the source tree by hand.
# Any setting can also be given as THREADPOST_<SECTION>__<NAME> in the environment (lists and tables as TOML; of a
# mailbox, THREADPOST_IMAP__<MAILBOX>__<NAME>; the domains all at once in THREADPOST_DOMAINS).
"""


def describe() -> str:
    """The text of config/threadpost.toml."""
    blocks = [HEAD]
    for info in msgspec.structs.fields(Settings):
        if info.name == "domains":
            blocks.append(_block("[[domains]]", Domain))
        elif info.name == "imap":
            blocks.append(_block("[imap.NAME]", Imap))
        else:
            blocks.append(_block(f"[{info.name}]", get_type_hints(Settings)[info.name]))
        if info.name == "auth":
            blocks.append(_block("[[auth.hops]]", Hop))
    return "\n".join(blocks)


def _block(title: str, section: type[Section]) -> str:
    head = [*_comment(" ".join((section.__doc__ or "").split())), f"#{title}"]
    return "\n".join([*head, *_settings(section)]) + "\n"


def _settings(section: type[Section]) -> Iterator[str]:
    hints = get_type_hints(section, include_extras=True)
    for info in msgspec.structs.fields(section):
        if section is Auth and info.name == "hops":
            continue
        kind, meta = get_args(hints[info.name])
        yield from _comment(meta.description)
        yield f"#{info.name} = {toml_value(_default(info, kind))}"


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, 106, initial_indent="# ", subsequent_indent="# ", break_long_words=False)


def _default(info: msgspec.structs.FieldInfo, kind: Any) -> Any:
    """The default of a setting; of one that must be given, nothing of its kind."""
    if info.default is not msgspec.NODEFAULT:
        return info.default
    if info.default_factory is not msgspec.NODEFAULT:
        return info.default_factory()
    return (get_origin(kind) or kind)()


def toml_value(value: Any) -> str:
    """A default as TOML: text, number, truth, or an empty list or table."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return repr(value)
