"""``parse``, ``explain`` and ``inject``: single mails."""

from __future__ import annotations

import os
import sys

import click

from gateway.cli.common import Asked, asks, print_json, read_mail
from gateway.cli.exits import EX_DATAERR, EX_NOINPUT, EX_NOUSER, EX_TEMPFAIL, Ends


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line (the only form there is).")
@click.argument("files", nargs=-1, required=True, type=click.Path())
def parse(as_json: bool, files: tuple[str, ...]) -> None:
    """Say what we read in mails: one JSON object a line, in the order of the FILES.

    A file that cannot be read has a line with its error; then the command exits 66.
    """
    from gateway.mail.summary import summarise

    unread = []
    for name in files:
        shown = os.fsencode(name).decode(errors="replace")  # a name may be in no character set
        try:
            raw = read_mail(name)
        except Ends as end:
            unread.append(end)
            print_json({"file": shown, "error": end.text.removeprefix(f"{name}: ")})
        else:
            print_json(summarise(raw, shown))
    if unread:
        raise Ends(EX_NOINPUT, "; ".join(end.text for end in unread))


@click.command()
@click.argument("file", type=click.Path())
@click.option(
    "--rcpt", "rcpts", multiple=True, metavar="ADDR", help="Forward-path; without: To and Cc of the mail."
)
@click.option(
    "--from", "reverse_path", default=None, metavar="ADDR", help="Reverse-path; without: Return-Path or From."
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
    from gateway.mail.origin import presumed_reverse_path
    from gateway.mail.parse import parse as read

    raw = read_mail(file)
    mail, app = read(raw), asked.app
    to = list(rcpts) or [address.addr_spec for address in (*mail.to, *mail.cc)]
    if not to:
        raise click.UsageError("the mail names no recipient: give --rcpt")
    told = explained(
        raw, reverse_path=presumed_reverse_path(raw) if reverse_path is None else reverse_path, forward_paths=to,
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
@click.argument("more", nargs=-1, metavar="[ADDR]...")
@click.option(
    "--rcpt",
    "rcpts",
    multiple=True,
    required=True,
    metavar="ADDR",
    help="Forward-path; may be repeated, and more may follow it.",
)
@click.option(
    "--from", "reverse_path", default=None, metavar="REVERSE",
    help="Reverse-path, empty = the null path; without: Return-Path or From of the mail.",
)  # fmt: skip
@asks
def inject(asked: Asked, more: tuple[str, ...], rcpts: tuple[str, ...], reverse_path: str | None) -> None:
    """Accept a mail from standard input, for pipe(8).

    Exits 0, 67 for an unknown recipient, 65 for bad mail, a bad or a blocked reverse-path, 75 when it should be
    tried again, which is whatever is a fault of ours. All recipients or none: of two, one of them unknown, the
    known one gets nothing either. Further recipients may follow the first, which is what Postfix makes of
    ${recipient}; better let a pipe call it once for each, and name the reverse-path; with Postfix:
    threadpost_destination_recipient_limit = 1, and argv=threadpost inject --rcpt ${recipient} --from ${sender}.
    """
    from gateway.errors import GatewayError, UnknownRecipient

    try:
        mail_id = _injected(asked, (*rcpts, *more), reverse_path)
    except Ends:
        raise
    except UnknownRecipient as trouble:
        raise Ends(EX_NOUSER, f"unknown recipient {trouble}") from trouble
    except Exception as trouble:  # a mail must not bounce for a fault of ours, such as a broken store
        is_its_own = isinstance(trouble, GatewayError) and trouble.code >= 500 and not _is_ours(trouble)
        words = f"{type(trouble).__name__}: {trouble}".partition("\n")[0]
        raise (
            Ends(EX_DATAERR, words) if is_its_own else Ends(EX_TEMPFAIL, f"try again later: {words}")
        ) from trouble
    click.echo(f"queued as {mail_id}", err=True)


def _injected(asked: Asked, rcpts: tuple[str, ...], reverse_path: str | None) -> int:
    """Accept the mail on standard input; answers its id in the ledger."""
    from gateway.mail.address import normalise
    from gateway.mail.envelope import Client, Envelope
    from gateway.mail.origin import presumed_reverse_path

    raw = sys.stdin.buffer.read()
    named = None if reverse_path is None else reverse_path.strip().removeprefix("<").removesuffix(">")
    if named and not normalise(named):
        raise Ends(EX_DATAERR, f"{named!r} is not an e-mail address")
    app = asked.app  # raises ConfigError
    targets = [app.acceptor.resolve_now(path) for path in rcpts]
    if len(raw) > app.settings.smtp.max_size:
        raise Ends(EX_DATAERR, f"the mail has {len(raw)} octets, the limit is {app.settings.smtp.max_size}")
    if not raw.strip():
        raise Ends(EX_DATAERR, "the mail is empty")
    if named and app.acceptor.is_blocked_now(named):
        raise Ends(EX_DATAERR, f"mail from {named} is blocked")
    envelope = Envelope(presumed_reverse_path(raw) if named is None else named, rcpts, Client())
    return app.acceptor.accept_now("inject", envelope, targets, raw)


def _is_ours(trouble: Exception) -> bool:
    from gateway.errors import ConfigError

    return isinstance(trouble, ConfigError)
