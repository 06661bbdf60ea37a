"""Tracked upserts in one batch, and one follower for all: how long a host waits for 1,000 records.

Rounds on a fresh store: all new, all changed (a plain entry each), all changed under a subtype that
the assignee of each record follows, so that each makes a notice and a mail; one more partner follows
all of them (limit 1 second). SQLite with synchronous=FULL, and PostgreSQL where its programs are found.
``python -m tests.bench.records [--records N] [--profile]``
"""

from __future__ import annotations

import argparse
import contextlib
import cProfile
import pstats
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import structlog

from gateway.chatter import bulk
from gateway.chatter.batch import put_batch
from gateway.chatter.plan import RecordChange
from store import schema
from store.queries import follower as followers
from store.queries.access_filter import EVERYTHING
from store.session import Database
from tests import postgres
from tests.builders import World

LIMIT_SECONDS = 1.5


@contextlib.contextmanager
def databases(directory: Path) -> Iterator[dict[str, str]]:
    """The URL of an empty database of each kind that can be had."""
    urls = {"SQLite": f"sqlite:///{directory}/bench.db"}
    with contextlib.ExitStack() as stack:
        try:
            urls["PostgreSQL"] = stack.enter_context(postgres.cluster()).empty()
        except postgres.NoServer as trouble:
            print(f"without PostgreSQL: {trouble}")
        yield urls


def upsert(world: World, items: list[RecordChange]) -> tuple[float, list[int]]:
    """Seconds that one batch takes, and the threads that it wrote."""
    started = time.perf_counter()
    with world.database.write() as session:
        known = world.types.all(session)
        done = put_batch(session, items, records=world.records, known_types=known, now=world.now)
    return time.perf_counter() - started, [thread.id for thread, _ in done]


def follow(world: World, names: list[tuple[str, str]]) -> float:
    """Seconds in which one partner becomes a follower of all of these records, in one call."""
    carol = world.partner("carol@customer.example")
    started = time.perf_counter()
    with world.database.write() as session:
        many = bulk.find(session, names, [carol.email], reader=EVERYTHING, add=True, now=world.now)
        assert bulk.follow_all(session, many, types=world.types, wanted=None, now=world.now) == len(names)
    return time.perf_counter() - started


def measure(world: World, count: int) -> dict[str, float]:
    """Seconds of each round."""
    bob = world.partner("bob@corp.example", internal=True)

    def items(**values: object) -> list[RecordChange]:
        return [RecordChange("ticket", f"K-{n}", values) for n in range(count)]

    new = items(title="A record", fields={"stage": "new", "amount": 10}, assignee=bob.email)
    created, ids = upsert(world, new)
    changed, _ = upsert(world, items(fields={"amount": 20}))
    with world.database.write() as session:
        for thread_id in ids:
            followers.set_subtypes(session, thread_id, bob.id, frozenset({"stage_changed"}))
    told, _ = upsert(world, items(fields={"stage": "won", "amount": 30}))
    followed = follow(world, [("ticket", f"K-{n}") for n in range(count)])
    return {
        "created and assigned": created,
        "changed": changed,
        "changed and told": told,
        "followed by one more": followed,
    }


def main(argv: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args(argv)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    profile = cProfile.Profile()
    with tempfile.TemporaryDirectory() as directory, databases(Path(directory)) as urls:
        print(f"{asked.records} tracked upserts in one batch, seconds (limit {LIMIT_SECONDS})")
        for name, url in urls.items():
            database = Database(url)
            schema.upgrade(database)
            world = World(database, Path(directory) / name)
            if asked.profile:
                profile.enable()
            for what, seconds in measure(world, asked.records).items():
                print(
                    f"{name:>12} {what:<22} {seconds:>7.3f}{'' if seconds < LIMIT_SECONDS else '  TOO SLOW'}"
                )
            profile.disable()
            world.close()
            database.close()
    if asked.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
