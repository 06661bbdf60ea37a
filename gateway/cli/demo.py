"""``demo``: the whole gateway on loopback, with a few records, people and messages to play with."""

from __future__ import annotations

import shlex
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import click

from gateway.cli.common import Asked, asks

if TYPE_CHECKING:
    from gateway.app import App
    from gateway.settings import Settings
    from store.models.views import ThreadView
    from store.session import Session

ALICE, BOB, CAROL = "alice@corp.example", "bob@corp.example", "carol@customer.example"
PEOPLE = (
    (ALICE, {"name": "Alice Ross", "role": "admin"}),
    (BOB, {"name": "Bob Lind", "internal": True, "role": "member"}),
    (CAROL, {"name": "Carol Jones"}),
)
RECORDS = (
    (
        "ticket",
        "T-1001",
        {
            "title": "Pump P-7 leaks",
            "fields": {"stage": "new", "priority": "normal", "amount": 120},
            "assignee": BOB,
        },
    ),
    ("order", "SO-2042", {"title": "Six spare valves"}),
    ("contract", "C-7", {"title": "Maintenance 2027"}),
)


@click.command()
@asks
def demo(asked: Asked) -> None:
    """Run everything on this machine with demo records; stays in the foreground, `ready` comes last.

    SMTP 127.0.0.1:8025, LMTP 8024, HTTP 8080; mail that goes out lands on the page /dev/outbox.
    """
    from gateway import log
    from gateway.app import App
    from gateway.life import ROLES, run

    settings = asked.settings
    if asked.file is None:
        settings = _demo_settings(settings)
    log.configure("warning" if settings.log.level == "info" else settings.log.level, settings.log.format)
    app = App(settings, asked.file)
    app.prepare()
    thread = fill(app)
    run(app, ROLES, ready=lambda: _greet(app, thread))


def _demo_settings(settings: Settings) -> Settings:
    """Defaults, but the data in a place of its own, and loopback vouches for authors."""
    import msgspec

    directory = "var/demo" if settings.data.dir == "var" else settings.data.dir
    return msgspec.structs.replace(
        settings,
        data=msgspec.structs.replace(settings.data, dir=directory),
        auth=msgspec.structs.replace(settings.auth, trusted_relays=["127.0.0.1"]),
    )


def fill(app: App) -> ThreadView:
    """Enter people, records and a first conversation, once; answers the ticket."""
    from gateway import clock
    from gateway.chatter.partners import put
    from gateway.chatter.records import RecordChange
    from store.queries import thread as threads

    with app.database.write() as session:
        ticket = threads.by_key(session, *RECORDS[0][:2])
        if ticket is not None:
            return ticket
        now = clock.now()
        for email, values in PEOPLE:
            put(session, email, values, now)
        filled = [
            app.records.put(session, RecordChange(record_type, key, values, ALICE), now)[0]
            for record_type, key, values in RECORDS
        ]
        _talk(session, app, filled[0], now)
        return filled[0]


def _talk(session: Session, app: App, ticket: ThreadView, now: datetime) -> None:
    from gateway.chatter.follow import follow
    from gateway.chatter.partners import known
    from gateway.chatter.records import RecordChange
    from gateway.chatter.write import Writing, write

    follow(session, ticket, known(session, CAROL, ""), types=app.types, wanted=None, reason="demo", now=now)
    for kind, author, text in (
        (
            "message",
            CAROL,
            "Good morning,\n\nour pump P-7 leaks at the flange since yesterday. Can somebody have a look?",
        ),
        ("note", BOB, "She has the old gasket; we have the new one in stock."),
        (
            "message",
            BOB,
            "Dear Carol,\n\na new gasket is on its way. Please tell us on Friday whether it holds.",
        ),
    ):
        write(session, ticket, Writing(kind, author, body_text=text), posting=app.posting, now=now)
    app.records.put(
        session,
        RecordChange("ticket", ticket.key, {"fields": {"stage": "in progress", "amount": 180}}, BOB),
        now,
    )


def _greet(app: App, ticket: ThreadView) -> None:
    from gateway import clock
    from gateway.chatter.access import LOGIN_LINK_LIVES, make_link_secret
    from gateway.chatter.partners import known
    from gateway.rules.token import Kind, Token, mint, week_of
    from store.queries import reply_address as reply_addresses

    with app.database.write() as session:
        alice, carol = known(session, ALICE, ""), known(session, CAROL, "")
        secret = make_link_secret(
            session, "login", partner_id=alice.id, payload={}, lives=LOGIN_LINK_LIVES, now=clock.now()
        )
        generation = reply_addresses.generation(session, ticket.id, carol.id)
    domain = app.domains[0]
    token = mint(
        Token(Kind.REPLY, ticket.id, carol.id, generation=generation, week=week_of(clock.now())), app.keys
    )
    address, base = f"{domain.reply}+{token}@{domain.name}", app.settings.web.base_url.rstrip("/")
    mail = f"From: Carol Jones <{CAROL}>\\nTo: {address}\\nSubject: Re: {ticket.title}\\n\\nThank you, the new gasket holds.\\n"
    smtp = app.settings.smtp
    click.echo(
        f"\nThreadpost is running with demo records.\n\n"
        f"  log in as Alice       {base}/login?token={secret}\n"
        f"  the ticket            {base}/r/{ticket.record_type}/{ticket.key}\n"
        f"  mail that went out    {base}/dev/outbox\n"
        f"  what came in          {base}/ledger\n"
        f"  API description       {base}/api/openapi.json\n"
        f"  reply address         {address}\n\n"
        f"Answer as Carol; the reply appears on the ticket and Bob is told:\n\n"
        f"  {sys.executable} -c \"import smtplib; smtplib.SMTP('{smtp.host}', {smtp.port}).sendmail("
        f"'{CAROL}', ['{address}'], '{mail}')\"\n\n"
        f"The command line reaches this installation so, from another terminal:\n\n"
        f"  {_command(app)} token create --name shop --scope admin\n\n"
        f"Stop with Ctrl+C.\n\nready"
    )
    sys.stdout.flush()


def _command(app: App) -> str:
    """How the command line is called to use the data of the demo, from any directory."""
    words = [sys.executable, "-m", "gateway"]
    if app.config_file is not None:
        words += ["--config", str(app.config_file.absolute())]
    return f"THREADPOST_DATA__DIR={shlex.quote(str(app.directory.absolute()))} {shlex.join(words)}"
