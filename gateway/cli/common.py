"""What the verbs share: the configuration they were asked to use, and how they print."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

if TYPE_CHECKING:
    from gateway.app import App
    from gateway.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

config_option = click.option(
    "--config",
    metavar="FILE",
    default=None,
    help="Configuration file; also THREADPOST_CONFIG. Without: defaults.",
)


@dataclass
class Asked:
    """The configuration that the command line names; ``--config`` may stand before or after the verb."""

    config: str | None = None

    @property
    def file(self) -> Path | None:
        """The configuration file, None = defaults only."""
        name = self.config or os.environ.get("THREADPOST_CONFIG")
        return Path(name) if name else None

    @cached_property
    def settings(self) -> Settings:
        """The settings. Raises ConfigError."""
        from gateway.settings import load

        return load(self.file, os.environ)

    @cached_property
    def app(self) -> App:
        """The app on these settings, with its schema in order. Raises ConfigError."""
        from gateway import log
        from gateway.app import App

        log.configure(self.settings.log.level, self.settings.log.format)
        app = App(self.settings, self.file)
        app.prepare()
        return app


def asks(function: F) -> F:
    """A verb that needs the configuration: its first argument is the ``Asked``."""

    def take(context: click.Context, config: str | None, *args: Any, **kwargs: Any) -> Any:
        asked = context.find_object(Asked) or Asked()
        if config:
            asked.config = config
        return function(asked, *args, **kwargs)

    take.__name__, take.__doc__ = function.__name__, function.__doc__
    take.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
    return config_option(click.pass_context(take))  # type: ignore[return-value]


def print_json(values: Any) -> None:
    """One object on one line."""
    click.echo(msgspec.json.encode(values).decode())


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A plain table on standard output; nothing but a note when it is empty."""
    from rich.console import Console
    from rich.table import Table

    if not rows:
        click.echo("(nothing)")
        return
    table = Table(*header, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console = Console()
    Console(width=None if console.is_terminal else 200).print(table)


json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
