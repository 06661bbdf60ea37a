"""How much one mail costs inside: read it, and post it with ten followers, on one process.

CPU milliseconds a mail (process_time), medians of several rounds, SQLite with synchronous=FULL.
``python -m tests.bench.posting [--rounds N] [--mails N] [--profile]``
"""

from __future__ import annotations

import argparse
import cProfile
import importlib.util
import os
import pstats
import random
import statistics
import tempfile
import time
from pathlib import Path
from types import ModuleType

import structlog

from gateway.inbound.worker import Work, enter, read_claimed
from gateway.mail.envelope import Client, Envelope
from gateway.rules.limits import Limits
from store import schema
from store.queries import inbound
from store.session import Database
from tests.builders import World

FOLLOWERS = 10


def load_module() -> ModuleType:
    """perf/load.py, which makes realistic replies; its place by THREADPOST_LOAD."""
    path = Path(os.environ.get("THREADPOST_LOAD", "../shared/perf/load.py"))
    spec = importlib.util.spec_from_file_location("load", path)
    if spec is None or spec.loader is None or not path.exists():
        raise SystemExit(f"{path} is not there: set THREADPOST_LOAD to load.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_mails(world: World, count: int) -> tuple[list[tuple[bytes, str, str]], list[str]]:
    """Replies of known followers to ten threads, as (raw, reverse path, forward-path)."""
    load, rng = load_module(), random.Random(7)
    writers = [world.partner(f"user{n}@cust{n}.example.test") for n in range(10)]
    followers = [world.partner(f"f{n}@corp{n}.example.test") for n in range(FOLLOWERS)]
    threads = [world.ticket(str(n), followers=[*followers, writers[n]]) for n in range(10)]
    mails = []
    for n in range(count):
        writer, thread = writers[n % 10], threads[n % 10]
        address = world.reply_address(thread, writer)
        size = int(3072 * 10 ** rng.random())
        _, raw = load.build(
            rng,
            n,
            writer.email,
            writer.name,
            address,
            f"<root{n % 10}@x.test>",
            [f"<root{n % 10}@x.test>"],
            size,
            f"b{time.time_ns():x}",
        )
        mails.append((raw, writer.email, address))
    return mails, [thread.key for thread in threads]


def one_round(world: World, mails: list[tuple[bytes, str, str]], batch: int) -> tuple[float, float]:
    """CPU ms a mail of reading, and of posting in batches."""
    for raw, reverse_path, address in mails:
        envelope = Envelope(reverse_path, (address,), Client("192.0.2.7"))
        world.acceptor.accept_now("smtp", envelope, [world.acceptor.resolve_now(address)], raw)
    read = post = 0.0
    done = 0
    while done < len(mails):
        started = time.process_time()
        with world.database.write() as session:
            claimed = inbound.claim(
                session, owner="bench", now=world.now, until=world.now.replace(minute=59), at_most=batch
            )
        claim_cost = time.process_time() - started
        started = time.process_time()
        works: list[Work] = [read_claimed(mail, world.reader, world.trust) for mail in claimed]
        read += time.process_time() - started
        started = time.process_time()
        with world.database.write() as session:
            for work in works:
                enter(
                    session,
                    work,
                    world.pipeline.process(session, work.arrived, work.targets, world.now),
                    owner="bench",
                )
        post += time.process_time() - started + claim_cost
        done += len(claimed)
    return 1000 * read / len(mails), 1000 * post / len(mails)


def main(argv: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mails", type=int, default=200)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args(argv)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with tempfile.TemporaryDirectory() as directory:
        database = Database(f"sqlite:///{directory}/bench.db")
        schema.upgrade(database)
        world = World(database, Path(directory), limits=Limits(mails=0))
        rounds = {batch: [] for batch in (1, 16)}
        mails, _ = make_mails(world, asked.mails * asked.rounds * len(rounds))
        profile = cProfile.Profile()
        for _ in range(asked.rounds):
            for batch, results in rounds.items():
                part, mails = mails[: asked.mails], mails[asked.mails :]
                if asked.profile:
                    profile.enable()
                results.append(one_round(world, part, batch))
                profile.disable()
        print(f"one mail, {FOLLOWERS} followers, SQLite synchronous=FULL, CPU ms (median of {asked.rounds})")
        print(f"{'mails a transaction':>20} {'read':>8} {'post':>8}")
        for batch, results in rounds.items():
            print(
                f"{batch:>20} {statistics.median(r for r, _ in results):>8.2f} {statistics.median(p for _, p in results):>8.2f}"
            )
        if asked.profile:
            pstats.Stats(profile).sort_stats("tottime").print_stats(35)
        world.close()


if __name__ == "__main__":
    main()
