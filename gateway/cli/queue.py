"""``queue``: the outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import click

from gateway.chatter.entries import DELIVERY_STATES, DeliveryView, delivery_view, delivery_views
from gateway.cli.common import ID, Asked, asks, json_option, limit_option, print_json, print_table
from gateway.cli.exits import EX_DATAERR, Ends
from store.queries import delivery as deliveries
from store.session import Session


@click.group()
def queue() -> None:
    """Mail that goes out."""


@queue.command("list")
@click.option("--state", type=click.Choice(DELIVERY_STATES), default=None, help="Only those in this state.")
@limit_option
@json_option
@asks
def list_(asked: Asked, state: str | None, limit: int, as_json: bool) -> None:
    """List deliveries, newest first."""
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
@click.argument("delivery_ids", type=ID, nargs=-1, required=True)
@json_option
@asks
def retry(asked: Asked, delivery_ids: tuple[int, ...], as_json: bool) -> None:
    """Try deliveries again now; exits 65 when one of them is not in a state for this, or unknown."""
    from gateway import clock

    now = clock.now()
    _change(
        asked, delivery_ids, lambda session, i: deliveries.retry(session, i, now), "queued again", as_json
    )


@queue.command()
@click.argument("delivery_ids", type=ID, nargs=-1, required=True)
@json_option
@asks
def drop(asked: Asked, delivery_ids: tuple[int, ...], as_json: bool) -> None:
    """Give deliveries up; they end as skipped. Exits 65 when one of them does not wait, or is unknown."""
    from gateway import clock

    now, why = clock.now(), "dropped on the command line"
    _change(asked, delivery_ids, lambda session, i: deliveries.drop(session, i, why, now), "dropped", as_json)


def _change(
    asked: Asked, ids: tuple[int, ...], act: Callable[[Session, int], bool], what: str, as_json: bool
) -> None:
    """Do it to each that it can be done to, tell of those, and name the others."""
    wanted = list(dict.fromkeys(ids))
    with asked.app.database.write() as session:
        done = [delivery_id for delivery_id in wanted if act(session, delivery_id)]
        found = {view.id: view for view in _views(session, wanted)}
    if as_json:
        for delivery_id in done:
            print_json(found[delivery_id])
    else:
        click.echo(f"{len(done)} {what}")
    left = [f"{i} is {found[i].state}" if i in found else f"there is no delivery {i}" for i in wanted if i not in done]  # fmt: skip
    if left:
        raise Ends(EX_DATAERR, f"not {what}: {', '.join(left)}")


def _views(session: Session, ids: list[int]) -> Iterator[DeliveryView]:
    rows = (deliveries.one(session, delivery_id) for delivery_id in ids)
    return (delivery_view(row) for row in rows if row is not None)
