"""What the verbs share: the configuration they were asked to use, and how they print."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from gateway.cli.exits import EX_NOINPUT, of_file
from store.trouble import StoreUnavailable

if TYPE_CHECKING:
    from gateway.app import App
    from gateway.settings import Settings


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
        """The app on these settings, with its schema in order. Raises ConfigError, StoreUnavailable."""
        from gateway import log
        from gateway.app import App

        log.configure(self.settings.log.level, self.settings.log.format)
        app = App(self.settings, self.file)
        try:
            app.prepare()
        except StoreUnavailable as trouble:
            raise StoreUnavailable(f"{app.database.url!r}: {trouble}") from trouble
        return app


def read_mail(name: str) -> bytes:
    """The octets of a file, of standard input where it is named -."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as trouble:
        raise of_file(EX_NOINPUT, name, trouble) from trouble


def _remember(context: click.Context, _: click.Parameter, file: str | None) -> None:
    if file:
        context.find_root().ensure_object(Asked).config = file


config_option = click.option(
    "--config", metavar="FILE", default=None, expose_value=False, callback=_remember,
    help="Configuration file; also THREADPOST_CONFIG. Without: defaults.",
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
limit_option = click.option(
    "--limit",
    type=click.IntRange(1, 1_000_000),
    default=30,
    show_default=True,
    help="How many, newest first.",
)
ID = click.IntRange(1, 2**63 - 1)  # of a row of ours
asks = click.make_pass_decorator(Asked, ensure=True)  # a verb's first argument is the ``Asked``


def take_config(command: click.Command) -> click.Command:
    """Let --config stand after a verb too, and after each verb under it, whether it needs one or not."""
    if not any(parameter.name == "config" for parameter in command.params):
        config_option(command)
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        take_config(below)
    return command


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
