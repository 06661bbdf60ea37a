"""``doctor``: look at what the gateway stands on, and say what is not well."""

from __future__ import annotations

import os
import shutil
import smtplib
import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import click

from gateway.cli.common import Asked, asks
from gateway.cli.exits import EX_UNAVAILABLE, Ends
from gateway.errors import GatewayError
from store.trouble import StoreUnavailable

_LEAST_FREE = 500 * 1024 * 1024
Finding = tuple[bool, str]


@click.command()
@asks
def doctor(asked: Asked) -> None:
    """Check settings, disk, database, clock, keys, TLS, DNS and relay; exits 69 when something is not well."""
    _ = asked.settings  # what cannot be read at all ends here
    is_well = True
    for examine in (_settings, _disk, _database, _keys, _tls, _dns, _relay):
        for well, words in _found(examine, asked):
            is_well &= well
            click.echo(click.style("ok   " if well else "BAD  ", fg="green" if well else "red") + words)
    if not is_well:
        raise Ends(EX_UNAVAILABLE)


def _found(examine: Callable[[Asked], Iterator[Finding]], asked: Asked) -> Iterator[Finding]:
    """What an examination finds; one that comes to no end has found that."""
    try:
        yield from examine(asked)
    except (GatewayError, StoreUnavailable, OSError) as trouble:
        yield False, str(trouble)


def _settings(asked: Asked) -> Iterator[Finding]:
    from gateway.settings import check

    problems = list(check(asked.settings))
    yield from ((False, str(problem)) for problem in problems)
    if not problems:
        yield True, f"settings of {asked.file or 'the defaults'}"


def _disk(asked: Asked) -> Iterator[Finding]:
    directory = Path(asked.settings.data.dir)
    directory.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(directory).free
    yield free > _LEAST_FREE, f"{free // 1024**2} MiB free in {directory}"
    yield os.access(directory, os.W_OK), f"{directory} can be written"


def _database(asked: Asked) -> Iterator[Finding]:
    started = time.perf_counter()
    with asked.app.database.write() as session:
        session.exec_driver_sql("SELECT 1")
    yield True, f"the database answers in {(time.perf_counter() - started) * 1000:.0f} ms"
    yield (
        time.time() > 1_780_000_000,
        f"the clock says {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} UTC",
    )


def _keys(asked: Asked) -> Iterator[Finding]:
    file = asked.app.directory / "keys.toml"
    _ = asked.app.keys
    mode = file.stat().st_mode & 0o777
    yield (
        mode & 0o077 == 0,
        f"{file} is readable by us only" if mode & 0o077 == 0 else f"{file} has mode {mode:o}: chmod 600",
    )


def _tls(asked: Asked) -> Iterator[Finding]:
    from gateway.receive.tls import server_context

    for name, door in (("smtp", asked.settings.smtp), ("lmtp", asked.settings.lmtp)):
        if door.tls_certificate:
            yield _tried(
                partial(
                    server_context, Path(door.tls_certificate), Path(door.tls_key) if door.tls_key else None
                ),
                f"{name}: the certificate {door.tls_certificate} can be used",
            )


def _dns(asked: Asked) -> Iterator[Finding]:
    from dns import exception, resolver

    for domain in asked.settings.domains:
        if domain.name.endswith((".localhost", ".test", ".example")):
            yield True, f"{domain.name}: a domain for tests, DNS is not asked"
            continue
        names = [(domain.name, "MX")] + (
            [(f"{domain.dkim_selector}._domainkey.{domain.name}", "TXT")] if domain.dkim_selector else []
        )
        for name, kind in names:
            try:
                answer = resolver.resolve(name, kind, lifetime=5)
                yield True, f"{name} {kind}: {'; '.join(str(record)[:60] for record in answer)}"
            except exception.DNSException as trouble:
                yield False, f"{name} {kind}: {trouble}"


def _relay(asked: Asked) -> Iterator[Finding]:
    url = urlsplit(asked.settings.relay.url)
    if url.scheme not in ("smtp", "smtps") or not url.hostname:
        yield True, "no relay: mail stays in the outbox"
        return
    kind = smtplib.SMTP_SSL if url.scheme == "smtps" else smtplib.SMTP
    host, port = url.hostname, url.port or (465 if url.scheme == "smtps" else 25)

    def ask() -> object:
        with kind(host, port, timeout=10) as client:
            return client.ehlo()

    yield _tried(ask, f"the relay {host}:{port} answers")


def _tried(action: Callable[[], object], words: str) -> Finding:
    try:
        action()
    except (OSError, smtplib.SMTPException, socket.gaierror, ValueError) as trouble:
        return False, f"{words}: no, {trouble}"
    return True, words
