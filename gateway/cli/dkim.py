"""``dkim``: keys for signing and what to publish in DNS."""

from __future__ import annotations

import os
from pathlib import Path

import click

from gateway.cli.common import Asked, asks
from gateway.cli.exits import EX_CANTCREAT, EX_CONFIG, Ends, of_file


@click.group()
def dkim() -> None:
    """Keys that sign our mail."""


@dkim.command()
@click.argument("file", type=click.Path())
def keygen(file: str) -> None:
    """Make an RSA-2048 key in FILE, readable by us only."""
    from gateway.mail.dkim import keygen as make

    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as trouble:
        raise of_file(EX_CANTCREAT, file, trouble) from trouble
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
        raise Ends(EX_CONFIG, "no domain has a dkim_key: make one with `threadpost dkim keygen FILE`")
    for domain in signing:
        try:
            record = dns_record(Path(domain.dkim_key).read_bytes())
        except (OSError, ValueError) as trouble:
            raise Ends(EX_CONFIG, f"dkim_key of {domain.name}: {domain.dkim_key}: {trouble}") from trouble
        click.echo(f'{domain.dkim_selector}._domainkey.{domain.name}. IN TXT "{record}"')
