"""``config``: what the settings are, what they mean, whether they are right."""

from __future__ import annotations

import click
import msgspec

from gateway.cli.common import Asked, asks
from gateway.cli.exits import EX_CONFIG, Ends

_SECRET = ("password", "secret", "token", "api_key")


@click.group()
def config() -> None:
    """The settings."""


@config.command()
@asks
def show(asked: Asked) -> None:
    """Print the settings in force as JSON; secrets are hidden."""
    values = msgspec.to_builtins(asked.settings)
    click.echo(msgspec.json.format(msgspec.json.encode(_hidden(values))).decode())


@config.command()
def describe() -> None:
    """Print every setting with its documentation, as an example file."""
    from gateway.settings import describe as text

    click.echo(text(), nl=False)


@config.command()
@asks
def check(asked: Asked) -> None:
    """Say what is wrong with the settings; exits 78 when something is."""
    from gateway.settings import check as problems

    found = list(problems(asked.settings))
    for problem in found:
        click.echo(str(problem), err=True)
    if found:
        raise Ends(EX_CONFIG)
    click.echo("the configuration is right")


def _hidden(values: object) -> object:
    if isinstance(values, dict):
        return {
            key: "***" if value and any(word in key for word in _SECRET) else _hidden(value)
            for key, value in values.items()
        }
    return [_hidden(value) for value in values] if isinstance(values, list) else values
