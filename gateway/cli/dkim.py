"""``dkim``: keys for signing and what to publish in DNS."""

from __future__ import annotations

import os
from pathlib import Path

import click

from gateway.cli.common import Asked, asks


@click.group()
def dkim() -> None:
    """Keys that sign our mail."""


@dkim.command()
@click.argument("file", type=click.Path())
def keygen(file: str) -> None:
    """Make an RSA-2048 key in FILE, readable by us only."""
    from gateway.mail.dkim import keygen as make

    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as opened:
        opened.write(make())
    click.echo(
        f'{file} written; set dkim_key = "{file}" and dkim_selector, then publish `threadpost dkim dns`',
        err=True,
    )


@dkim.command()
@asks
def dns(asked: Asked) -> None:
    """Print the TXT records of the domains that sign."""
    from gateway.mail.dkim import dns_record

    signing = [domain for domain in asked.settings.domains if domain.dkim_key]
    if not signing:
        raise click.ClickException("no domain has a dkim_key: make one with `threadpost dkim keygen FILE`")
    for domain in signing:
        record = dns_record(Path(domain.dkim_key).read_bytes())
        click.echo(f'{domain.dkim_selector}._domainkey.{domain.name}. IN TXT "{record}"')
