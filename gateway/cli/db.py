"""``db``: the schema of the database."""

from __future__ import annotations

import click

from gateway.cli.backup import backup, restore
from gateway.cli.common import Asked, asks
from gateway.cli.exits import EX_DATAERR, Ends


@click.group()
def db() -> None:
    """The database."""


@db.command()
@asks
def migrate(asked: Asked) -> None:
    """Bring the schema to this release; `serve` does it too."""
    from store import schema

    click.echo(f"schema {schema.current(asked.app.database)}")


@db.command()
@asks
def check(asked: Asked) -> None:
    """Say whether the schema fits this release; exits 65 when it does not."""
    from gateway.app import App, refuse_what_cannot_work
    from store import schema

    refuse_what_cannot_work(asked.settings, asked.file)
    database = App(asked.settings, asked.file).database
    missing = schema.pending(database)
    differences = [] if missing else schema.differences(database)
    for line in (*missing, *differences):
        click.echo(str(line), err=True)
    if missing or differences:
        raise Ends(EX_DATAERR)
    click.echo(f"schema {schema.current(database)} is right")


db.add_command(backup)
db.add_command(restore)
