"""Posting over the HTTP API with ten followers: CPU ms of the serving process for each post.

A real server (role ``web`` alone, so that no mail is sent beside it), one client that keeps its connection. Posts and
calls of /healthz take turns in rounds of fifty, so that the ratio holds on a machine that others use; medians of the
rounds. Goal: 150 posts a second and core, that is 6.6 ms.
``python -m tests.bench.api [--rounds N]``
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
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


def cpu_ms(server: psutil.Process, work: Callable[[], None]) -> tuple[float, float]:
    """CPU ms of the server, and ms by the clock, for each of POSTS calls."""
    before, started = server.cpu_times(), time.perf_counter()
    for _ in range(POSTS):
        work()
    wall, after = time.perf_counter() - started, server.cpu_times()
    spent = after.user + after.system - before.user - before.system
    return 1000 * spent / POSTS, 1000 * wall / POSTS


def main(rounds: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as directory:
        gateway = Installation(Path(directory))
        try:
            server = psutil.Process(gateway.start(only="web").process.pid)
            fill(gateway.api)
            body = {"kind": "message", "author": "alice@corp.example", "body_text": "We look into it. " * 20}

            def post() -> None:
                gateway.api.post(PATH, json=body).raise_for_status()

            def look() -> None:
                gateway.api.get(f"{gateway.base_url}/healthz").raise_for_status()

            cpu_ms(server, post)
            measured = [(cpu_ms(server, post), cpu_ms(server, look)) for _ in range(rounds)]
        finally:
            gateway.close()
    posts = statistics.median(post[0] for post, _ in measured)
    wall = statistics.median(post[1] for post, _ in measured)
    base = statistics.median(look[0] for _, look in measured)
    verdict = "met" if posts <= GOAL_MS else "missed"
    print(
        f"post with 10 followers: {posts:.2f} CPU ms ({1000 / posts:.0f}/s a core), {wall:.1f} ms by the clock"
    )
    print(f"/healthz: {base:.2f} CPU ms; ratio {posts / base:.1f}; goal {GOAL_MS} ms {verdict}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    main(parser.parse_args().rounds)
