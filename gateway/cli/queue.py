"""``queue``: the outbox."""

from __future__ import annotations

import click

from gateway.cli.common import Asked, asks, json_option, print_json, print_table


@click.group()
def queue() -> None:
    """Mail that goes out."""


@queue.command("list")
@click.option("--state", default=None, help="queued, deferred, sent, failed, bounced, suppressed or skipped.")
@click.option("--limit", default=30, show_default=True, help="How many, newest first.")
@json_option
@asks
def list_(asked: Asked, state: str | None, limit: int, as_json: bool) -> None:
    """List deliveries, newest first."""
    from gateway.chatter.entries import delivery_views

    with asked.app.database.read() as session:
        found = delivery_views(session, state=state, before=None, limit=limit).rows
    if as_json:
        for delivery in found:
            print_json(delivery)
        return
    print_table(
        ["id", "state", "to", "kind", "tries", "status", "detail"],
        [(d.id, d.state, d.address, d.kind, d.attempts, d.status, d.detail[:60]) for d in found],
    )


@queue.command()
@click.argument("delivery_ids", type=int, nargs=-1, required=True)
@asks
def retry(asked: Asked, delivery_ids: tuple[int, ...]) -> None:
    """Try deliveries again now."""
    from gateway import clock
    from store.queries import delivery

    with asked.app.database.write() as session:
        done = [i for i in delivery_ids if delivery.retry(session, i, clock.now())]
    _tell(delivery_ids, done, "queued again")


@queue.command()
@click.argument("delivery_ids", type=int, nargs=-1, required=True)
@asks
def drop(asked: Asked, delivery_ids: tuple[int, ...]) -> None:
    """Give deliveries up; they end as failed."""
    from gateway import clock
    from store.queries import delivery

    with asked.app.database.write() as session:
        done = [
            i for i in delivery_ids if delivery.drop(session, i, "dropped on the command line", clock.now())
        ]
    _tell(delivery_ids, done, "dropped")


def _tell(asked_for: tuple[int, ...], done: list[int], what: str) -> None:
    click.echo(f"{len(done)} {what}")
    left = sorted(set(asked_for) - set(done))
    if left:
        raise click.ClickException(f"not in a state for this, or unknown: {', '.join(map(str, left))}")
