"""``tick``: one tick of the timetable by hand, as at any time; what it queues is sent before it returns."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from gateway.cli.common import Asked, asks
from gateway.cli.exits import EX_UNAVAILABLE, Ends

_PATIENCE = 30.0  # seconds for a serve beside us to finish what it took


@click.command()
@click.argument("name")
@click.option(
    "--now", "at", default=None, metavar="TIME", help="As at this time (RFC 3339, UTC without an offset)."
)
@asks
def tick(asked: Asked, name: str, at: str | None) -> None:
    """Run the tick NAME once: scheduled, retries, holds, purge. A time to come is a rehearsal that really sends.

    retries: mail that was put off and is due again. holds: mail held back until a time, such as a mail for later.
    """
    from gateway import clock
    from gateway.schedule.jobs import LATER, TICKS

    if name in LATER:
        raise Ends(EX_UNAVAILABLE, f"tick {name}: {name} arrive in a later release")
    if name not in TICKS:
        raise click.UsageError(f"there is no tick {name!r}; there are {', '.join(sorted((*TICKS, *LATER)))}")
    now = _moment(at) if at else clock.now()
    done = asked.app.timetable.run(name, now)
    stand = asyncio.run(_send(asked, done.deliveries))
    others = "".join(f", {count} {state}" for state, count in sorted(stand.items()) if state != "sent")
    click.echo(f"{name}: {done.things} done, {stand['sent']} sent{others}")


async def _send(asked: Asked, ids: Sequence[int]) -> Counter[str]:
    """Send the deliveries of the tick, whatever time they were queued for, with whatever else is due; answers how
    many of them are in each state then, whether we sent them or a serve beside us."""
    from gateway import clock
    from store.queries import tick as store

    app = asked.app
    with app.database.write() as session:
        store.hurry(session, ids, clock.now())
    dispatcher = app.dispatcher()
    try:
        for _ in range(int(_PATIENCE / 0.1)):
            await dispatcher.drain()
            with app.database.read() as session:
                stand = store.standing(session, ids)
            if not stand["sending"]:
                break
            await asyncio.sleep(0.1)
        return stand
    finally:
        await dispatcher.stop()


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as trouble:
        raise click.BadParameter(f"{text!r} is not a time (RFC 3339)", param_hint="--now") from trouble
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
