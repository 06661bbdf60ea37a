"""Posting over the HTTP API with ten followers: CPU ms of the serving process for each post.

A real server (role ``web`` alone, so that no mail is sent beside it). Posts and calls of /healthz take turns in rounds of
fifty, so that the ratio holds on a machine that others use; medians of the rounds. Once with one client that keeps its
connection, once with four at the same time: one client leaves the core asleep while a post waits for the disk, and a core
that wakes up spends several times as much on the same work. Goal: 150 posts a second and core, that is 6.6 ms.
``python -m tests.bench.api [--rounds N]``
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil

from tests.served import Installation

POSTS = 50
GOAL_MS = 6.6
PATH = "/records/ticket/bench/messages"


def fill(api: httpx.Client) -> None:
    """A colleague who writes, a record, ten followers."""
    api.put("/partners/alice@corp.example", json={"name": "Alice", "internal": True}).raise_for_status()
    api.put("/records/ticket/bench", json={"title": "Bench"}).raise_for_status()
    for number in range(10):
        body = {"email": f"follower{number}@customer{number}.example"}
        api.post("/records/ticket/bench/followers", json=body).raise_for_status()


def cpu_ms(server: psutil.Process, work: Callable[[int], None], clients: int) -> tuple[float, float]:
    """CPU ms of the server, and ms by the clock, for each of POSTS calls. work: takes the number of its client."""
    before, started = server.cpu_times(), time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(lambda client: [work(client) for _ in range(POSTS // clients)], range(clients)))
    wall, after = time.perf_counter() - started, server.cpu_times()
    spent = after.user + after.system - before.user - before.system
    calls = POSTS // clients * clients
    return 1000 * spent / calls, 1000 * wall / calls


def measure(gateway: Installation, server: psutil.Process, clients: int, rounds: int) -> None:
    """Measure with so many clients at the same time, and print."""
    body = {"kind": "message", "author": "alice@corp.example", "body_text": "We look into it. " * 20}
    with ExitStack() as stack:
        token = gateway.api.headers["Authorization"]
        https = [
            stack.enter_context(
                httpx.Client(base_url=gateway.api.base_url, headers={"Authorization": token}, timeout=30)
            )
            for _ in range(clients)
        ]

        def post(client: int) -> None:
            https[client].post(PATH, json=body).raise_for_status()

        def look(client: int) -> None:
            https[client].get(f"{gateway.base_url}/healthz").raise_for_status()

        cpu_ms(server, post, clients)
        measured = [(cpu_ms(server, post, clients), cpu_ms(server, look, clients)) for _ in range(rounds)]
    posts = statistics.median(post[0] for post, _ in measured)
    wall = statistics.median(post[1] for post, _ in measured)
    base = statistics.median(look[0] for _, look in measured)
    verdict = "met" if posts <= GOAL_MS else "missed"
    print(
        f"{clients} at once: a post with 10 followers {posts:.2f} CPU ms ({1000 / posts:.0f}/s a core), {wall:.1f} ms"
        f" by the clock; /healthz {base:.2f} CPU ms, ratio {posts / base:.1f}; goal {GOAL_MS} ms {verdict}"
    )


def main(rounds: int) -> None:
    """Measure with one client and with four."""
    with tempfile.TemporaryDirectory() as directory:
        gateway = Installation(Path(directory))
        try:
            server = psutil.Process(gateway.start(only="web").process.pid)
            fill(gateway.api)
            for clients in (1, 4):
                measure(gateway, server, clients, rounds)
        finally:
            gateway.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    main(parser.parse_args().rounds)
