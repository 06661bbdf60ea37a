"""``serve``: run the gateway."""

from __future__ import annotations

import click

from gateway.cli.common import Asked, asks


@click.command()
@click.option(
    "--only", default="receive,work,web,schedule", show_default=True, metavar="ROLES", help="Comma list."
)
@asks
def serve(asked: Asked, only: str) -> None:
    """Run until SIGTERM: doors for mail, worker and dispatcher, HTTP, timetable."""
    from gateway.life import ROLES, run

    roles = [role.strip() for role in only.split(",") if role.strip()]
    for role in roles:
        if role not in ROLES:
            raise click.UsageError(f"--only: {role!r} is none of {', '.join(ROLES)}")
    run(asked.app, roles, ready=lambda: click.echo("ready", err=True))
