"""``tick``: one tick of the timetable by hand, as at any time; what it queues is sent before it returns."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import click

from gateway.cli.common import Asked, asks

_PATIENCE = 30.0  # seconds for a serve beside us to finish what it took


@click.command()
@click.argument("name")
@click.option(
    "--now", "at", default=None, metavar="TIME", help="As at this time (RFC 3339, UTC without an offset)."
)
@asks
def tick(asked: Asked, name: str, at: str | None) -> None:
    """Run the tick NAME once: scheduled, purge. A time to come is a rehearsal that really sends."""
    from gateway import clock
    from gateway.schedule.jobs import TICKS

    if name not in TICKS:
        raise click.UsageError(f"there is no tick {name!r}; there are {', '.join(sorted(TICKS))}")
    now = _moment(at) if at else clock.now()
    app = asked.app
    done = app.timetable.run(name, now)
    sent = asyncio.run(_send(asked, now))
    click.echo(f"{name}: {done} done, {sent} sent")


async def _send(asked: Asked, since: datetime) -> int:
    """Send what was queued since then, whatever time it was queued for."""
    from gateway import clock
    from store.queries import scheduled as store

    app = asked.app
    with app.database.write() as session:
        store.hurry(session, since, clock.now())
    dispatcher = app.dispatcher()
    try:
        sent = await dispatcher.drain()
        for _ in range(int(_PATIENCE / 0.1)):
            with app.database.read() as session:
                if not store.in_flight(session, since):
                    break
            await asyncio.sleep(0.1)
        return sent
    finally:
        await dispatcher.stop()


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as trouble:
        raise click.BadParameter(f"{text!r} is not a time (RFC 3339)", param_hint="--now") from trouble
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
