"""``ledger`` and ``replay``: what came in and what became of it."""

from __future__ import annotations

import sys

import click

from gateway.chatter.entries import ENTRY_STATES, ledger_entries, ledger_entry
from gateway.cli.common import ID, Asked, asks, json_option, limit_option, print_json, print_table


@click.group()
def ledger() -> None:
    """Every mail that was accepted."""


@ledger.command("list")
@click.option("--state", type=click.Choice(ENTRY_STATES), default=None, help="Only those in this state.")
@click.option("--query", default="", help="Part of subject, address or Message-ID.")
@limit_option
@json_option
@asks
def list_(asked: Asked, state: str | None, query: str, limit: int, as_json: bool) -> None:
    """List entries, newest first."""
    with asked.app.database.read() as session:
        entries = ledger_entries(session, state=state, query=query, before=None, limit=limit).rows
    if as_json:
        for entry in entries:
            print_json(entry)
        return
    print_table(
        ["id", "received", "state", "from", "subject", "reason"],
        [(e.id, f"{e.received_at:%Y-%m-%d %H:%M}", e.state, e.reverse_path or "<>", e.subject[:40], e.reason[:60]) for e in entries],
    )  # fmt: skip


@ledger.command()
@click.argument("mail_id", type=ID)
@json_option
@asks
def show(asked: Asked, mail_id: int, as_json: bool) -> None:
    """Show one entry with its trace."""
    with asked.app.database.read() as session:
        entry = ledger_entry(session, mail_id)
    if as_json:
        print_json(entry)
        return
    click.echo(f"{entry.id}  {entry.state}  {entry.reason}")
    click.echo(f"from <{entry.reverse_path}> by {entry.door} at {entry.received_at}: {entry.subject}")
    for target in entry.targets:
        click.echo(f"  to {target.forward_path}: {target.state} {target.reason}")
    for line in entry.trace:
        click.echo(f"    {line.step:<13} {line.finding}" + (f"  [{line.reason}]" if line.reason else ""))


@ledger.command()
@click.argument("mail_id", type=ID)
@json_option
@asks
def raw(asked: Asked, mail_id: int, as_json: bool) -> None:
    """Write the raw mail to standard output, octet for octet.

    --json: {id, size, raw}, where raw is base64, because a mail may be in no character set at all.
    """
    from gateway.errors import NotFound
    from store.queries.ledger import entry as entry_of

    app = asked.app
    with app.database.read() as session:
        entry = entry_of(session, mail_id)
    if entry is None:
        raise NotFound(f"there is no entry {mail_id} in the ledger")
    if entry.raw is None and entry.blob is None:
        raise NotFound(f"the octets of entry {mail_id} were purged")
    octets = bytes(entry.raw) if entry.raw is not None else app.blobs.get(entry.blob)
    if as_json:
        print_json({"id": mail_id, "size": len(octets), "raw": octets})
        return
    sys.stdout.buffer.write(octets)


@click.command()
@click.argument("mail_ids", type=ID, nargs=-1, required=True)
@asks
def replay(asked: Asked, mail_ids: tuple[int, ...]) -> None:
    """Carry entries that are held, failed, refused or absorbed through the journey again."""
    from gateway import clock
    from gateway.inbound.desk import replay as again

    app = asked.app
    with app.database.write() as session:
        for mail_id in mail_ids:
            again(session, mail_id, clock.now(), by="the command line")
    click.echo(f"{len(mail_ids)} queued again; a running `threadpost serve` works them")
