"""``parse``, ``explain`` and ``inject``: single mails."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway.cli.common import Asked, asks, print_json


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line (the only form there is).")
@click.argument("files", nargs=-1, required=True, type=click.Path())
def parse(as_json: bool, files: tuple[str, ...]) -> None:
    """Say what we read in mails: one JSON object a line, in the order of the FILES."""
    from gateway.mail.summary import summarise

    for name in files:
        try:
            raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        except OSError as trouble:
            print_json({"file": name, "error": trouble.strerror or str(trouble)})
            continue
        print_json(summarise(raw, name))


@click.command()
@click.argument("file", type=click.Path())
@click.option(
    "--rcpt", "rcpts", multiple=True, metavar="ADDR", help="Forward-path; without: To and Cc of the mail."
)
@click.option(
    "--from", "reverse_path", default=None, metavar="ADDR", help="Reverse-path; without: From of the mail."
)
@click.option("--peer", default="", metavar="IP", help="As if this peer had handed it over by SMTP.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@asks
def explain(
    asked: Asked, file: str, rcpts: tuple[str, ...], reverse_path: str | None, peer: str, as_json: bool
) -> None:
    """Carry a mail through the whole journey, roll everything back, and tell what would happen and why."""
    from gateway import clock
    from gateway.inbound.explain import explain as explained
    from gateway.mail.envelope import Client
    from gateway.mail.parse import parse as read

    raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    mail, app = read(raw), asked.app
    to = list(rcpts) or [address.addr_spec for address in (*mail.to, *mail.cc)]
    if not to:
        raise click.UsageError("the mail names no recipient: give --rcpt")
    author = mail.author.addr_spec if mail.author else ""
    told = explained(
        raw, reverse_path=author if reverse_path is None else reverse_path, forward_paths=to,
        client=Client(peer, peer=peer), door="smtp" if peer else "explain", acceptor=app.acceptor,
        database=app.database, reader=app.reader, pipeline=app.pipeline, trust=app.trust, now=clock.now,
    )  # fmt: skip
    app.reader.close()
    if as_json:
        print_json(told.to_json())
        return
    for path, outcome, trace in told.ends:
        click.echo(
            f"{path}: {click.style(outcome.state, bold=True)}"
            + (f" ({outcome.reason})" if outcome.reason else "")
        )
        for line in trace.lines:
            click.echo(
                f"  {line['step']:<13} {line['finding']}"
                + (f"  [{line['reason']}]" if line["reason"] else "")
            )
    for address, state, why in told.told:
        click.echo(f"  {'would tell' if state in ('queued', 'inbox') else 'would not tell'} {address}: {why}")


@click.command()
@click.option(
    "--rcpt", "rcpts", multiple=True, required=True, metavar="ADDR", help="Forward-path; may be repeated."
)
@click.option(
    "--from", "reverse_path", default="", metavar="REVERSE", help="Reverse-path; empty = the null path."
)
@asks
def inject(asked: Asked, rcpts: tuple[str, ...], reverse_path: str) -> None:
    """Accept a mail from standard input, for pipe(8).

    Exits 0, 67 for an unknown recipient, 65 for bad mail, 75 when it should be tried again.
    """
    from gateway.errors import ConfigError, GatewayError, UnknownRecipient
    from gateway.mail.envelope import Client, Envelope
    from store.session import StoreUnavailable

    raw = sys.stdin.buffer.read()
    try:
        app = asked.app  # raises ConfigError
        targets = [app.acceptor.resolve_now(path) for path in rcpts]
        if len(raw) > app.settings.smtp.max_size:
            raise _Ends(65, f"the mail has {len(raw)} octets, the limit is {app.settings.smtp.max_size}")
        if not raw.strip():
            raise _Ends(65, "the mail is empty")
        mail_id = app.acceptor.accept_now(
            "inject", Envelope(reverse_path.strip("<>"), rcpts, Client()), targets, raw
        )
    except UnknownRecipient as trouble:
        raise _Ends(67, f"unknown recipient {trouble}") from trouble
    except (
        StoreUnavailable,
        OSError,
        ConfigError,
    ) as trouble:  # a mail must not bounce for our configuration
        raise _Ends(75, f"try again later: {trouble}") from trouble
    except GatewayError as trouble:
        raise _Ends(75 if trouble.code < 500 else 65, str(trouble)) from trouble
    click.echo(f"queued as {mail_id}", err=True)


class _Ends(click.ClickException):
    """Ends the process with a code of sysexits.h."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.exit_code = code  # type: ignore[misc] # click declares it for the class
