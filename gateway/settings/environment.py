"""Settings from the environment: ``THREADPOST_<SECTION>__<NAME>``, and ``THREADPOST_IMAP__<MAILBOX>__<NAME>``.

A variable is meant for us when its name holds ``__`` or is that of a whole section; then it is used or refused.
Other names with our prefix are other people's: THREADPOST_CONFIG, THREADPOST_URL of a host application, and what
Kubernetes makes of the name of a service (THREADPOST_WEB_PORT).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import inspect

from gateway.errors import ConfigError
from gateway.settings.sections import Settings

PREFIX = "THREADPOST_"
ENVIRONMENT = "environment"


class Override(NamedTuple):
    """One variable. steps: the setting that it names, such as ("smtp", "port")."""

    variable: str
    steps: tuple[str, ...]
    value: Any

    @property
    def setting(self) -> str:
        """The setting as it is named to people."""
        return ".".join(self.steps)


def overrides(environ: Mapping[str, str]) -> list[Override]:
    """What the environment says, by variable. Raises ConfigError naming a variable that is of no use."""
    named = {variable: _steps(variable) for variable in sorted(environ) if variable.startswith(PREFIX)}
    return [
        Override(variable, steps, _value(environ[variable], variable, steps))
        for variable, steps in named.items()
        if len(steps) > 1 or steps[0] in Settings.__struct_fields__
    ]


def put(tables: dict[str, Any], override: Override) -> Override:
    """Write it into the tables of a file, over what stands there; answers it with its steps as the file spells
    them. Raises ConfigError where another variable says that there is no table."""
    table, steps = tables, [_spelled(tables, override.steps[0])]
    for step in override.steps[1:]:
        table = table.setdefault(steps[-1], {})
        if not isinstance(table, dict):
            raise _refused(override.variable, f"{'.'.join(steps)} is no table")
        steps.append(_spelled(table, step))
    table[steps[-1]] = override.value
    return override._replace(steps=tuple(steps))


def blamed(found: Sequence[Override], setting: str) -> str:
    """The variable to which a wrong setting is laid, "" when it is none of these."""
    return next((one.variable for one in found if f"{setting}.".startswith((f"{one.setting}.", f"{one.setting}["))), "")  # fmt: skip


def _steps(variable: str) -> tuple[str, ...]:
    return tuple(variable.removeprefix(PREFIX).lower().split("__"))


def _spelled(table: Mapping[str, Any], step: str) -> str:
    """The name as the file spells it: capitals and hyphens do not survive in the environment."""
    return next((name for name in table if name.lower().replace("-", "_") == step), step)


def _value(text: str, variable: str, steps: tuple[str, ...]) -> Any:
    """The text itself for a setting that is text, else what it is as TOML. Raises ConfigError."""
    match _kind(variable, steps):
        case inspect.StrType() | inspect.LiteralType():
            return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _kind(variable: str, steps: tuple[str, ...]) -> inspect.Type:
    """Of what kind a setting is. Raises ConfigError when there is none of this name, or when it is a table."""
    here: inspect.Type | None = inspect.type_info(Settings)
    for count, step in enumerate(steps):
        match here:
            case inspect.StructType():
                here = next((_plain(field.type) for field in here.fields if field.name == step), None)
            case inspect.DictType() if step:
                here = _plain(here.value_type)
            case inspect.ListType():
                whole = PREFIX + "__".join(steps[:count]).upper()
                raise _refused(variable, f"this is a list: give all of it as TOML in {whole}, or in the file")
            case _:
                here = None
    if here is None:
        raise _refused(variable, "there is no such setting")
    if _holds_tables(here):
        raise _refused(variable, f"this is a table: name one of its settings, {variable}__NAME")
    return here


def _holds_tables(kind: inspect.Type) -> bool:
    inside = _plain(kind.value_type) if isinstance(kind, inspect.DictType) else kind
    return isinstance(inside, inspect.StructType)


def _plain(kind: inspect.Type) -> inspect.Type:
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def _refused(variable: str, detail: str) -> ConfigError:
    return ConfigError(ENVIRONMENT, 0, variable, detail)
