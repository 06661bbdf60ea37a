"""Race the SMTP door, durable before 250, against a stock aiosmtpd that throws every mail away.

    python tests/bench/accept.py --load PATH/load.py [--messages 4000] [--runs 3] [--connections 8 32]

Both are servers of their own process on uvloop; the runs alternate, the medians are printed with the CPU
time of the server for each mail. The door writes to SQLite with synchronous=FULL in a directory that is
thrown away. PATH of the load generator also comes from the environment, THREADPOST_LOAD.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import uvloop

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
RECIPIENT = "support@threads.example.test"


@dataclass(frozen=True)
class Run:
    """One run of the load generator against one server."""

    rate: float
    cpu_ms: float
    p99_ms: float
    lost: int


async def serve_stock() -> None:
    """A stock aiosmtpd whose handler answers 250 and does nothing."""
    from aiosmtpd.smtp import SMTP

    class Nothing:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            return "250 2.0.0 Ok"

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Nothing(), enable_SMTPUTF8=True, data_size_limit=50 * 1024 * 1024, loop=loop),
        "127.0.0.1",
        0,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


async def serve_door(directory: Path) -> None:
    """Our door with a real Acceptor."""
    import structlog

    from gateway.receive.smtp import SmtpDoor

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    door = SmtpDoor(
        acceptor_in(directory), hostname="bench.example.test", postmaster_domain="threads.example.test"
    )
    await door.start()
    print(door.port, flush=True)
    profile = os.environ.get("BENCH_PROFILE")
    if not profile:
        await asyncio.Event().wait()
        return
    import cProfile

    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    with cProfile.Profile() as watching:
        await stopped.wait()
    watching.dump_stats(profile)


def acceptor_in(directory: Path) -> Any:
    """An Acceptor on a new SQLite database that knows one alias."""
    from sqlalchemy import insert

    from gateway.inbound.accept import Acceptor, OwnDomain
    from gateway.rules.token import Keys
    from store.blobs import BlobStore
    from store.models import Alias
    from store.models.base import Base
    from store.queries import types
    from store.session import Database

    database = Database(f"sqlite:///{directory}/bench.sqlite")
    Base.metadata.create_all(database.engine)
    now = datetime.now(UTC)
    with database.write() as session:
        types.put_record_type(session, "ticket", "Ticket", {}, now)
        session.execute(insert(Alias.table()).values(address=RECIPIENT, record_type="ticket", created_at=now))
    return Acceptor(
        database=database, blobs=BlobStore(directory / "blobs"), domains=[OwnDomain("threads.example.test")],
        keys=Keys({0: b"k" * 32}, 0), now=lambda: datetime.now(UTC),
    )  # fmt: skip


@contextlib.contextmanager
def server(kind: str, directory: Path) -> Iterator[tuple[psutil.Process, int]]:
    """Run one server as a process; yields it and its port."""
    command = [sys.executable, str(Path(__file__).resolve()), "--serve", kind, "--directory", str(directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield psutil.Process(process.pid), int(process.stdout.readline())
        finally:
            process.terminate()


def load(tool: str, recipients: Path, process: psutil.Process, port: int, *, messages: int, connections: int,
         rate: float = 0) -> Run:  # fmt: skip
    """Send mails at one server and measure."""
    before = sum(process.cpu_times()[:2])
    command = [sys.executable, tool, "--port", str(port), "--rcpts", str(recipients), "-m", str(messages),
               "-c", str(connections), "--json", *(["--rate", str(rate)] if rate else [])]  # fmt: skip
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout
    answer = json.loads(said.splitlines()[-1])
    cpu = (sum(process.cpu_times()[:2]) - before) / messages * 1000
    return Run(answer["accepted_per_s"], cpu, answer["p99_ms"], messages - answer["accepted"])


def race(arguments: argparse.Namespace) -> None:
    """Run both servers at the same time, load them in turn, print medians."""
    with tempfile.TemporaryDirectory(prefix="threadpost-bench-") as directory:
        recipients = Path(directory, "recipients.txt")
        recipients.write_text(RECIPIENT + "\n")
        with server("stock", Path(directory)) as stock, server("door", Path(directory)) as door:
            for connections in arguments.connections:
                table: dict[str, list[Run]] = {"stock": [], "door": []}
                for _ in range(arguments.runs):
                    for name, (process, port) in (("stock", stock), ("door", door)):
                        table[name].append(
                            load(arguments.load, recipients, process, port, messages=arguments.messages,
                                 connections=connections)
                        )  # fmt: skip
                half = statistics.median(run.rate for run in table["door"]) / 2
                calm = load(arguments.load, recipients, *door, messages=int(half * 4), connections=connections,
                            rate=half)  # fmt: skip
                show(connections, table, calm)


def show(connections: int, table: dict[str, list[Run]], calm: Run) -> None:
    """Print one block of the table."""
    median = {name: statistics.median(run.rate for run in runs) for name, runs in table.items()}
    for name, runs in table.items():
        cpu = statistics.median(run.cpu_ms for run in runs)
        p99 = statistics.median(run.p99_ms for run in runs)
        lost = sum(run.lost for run in runs)
        rates = " ".join(f"{run.rate:.0f}" for run in runs)
        print(f"{name:6} {connections:3} connections: {median[name]:7.0f} mails/s ({rates}), {cpu:.3f} CPU ms a mail, "
              f"p99 {p99:.1f} ms, not accepted {lost}")  # fmt: skip
    print(f"ratio  {connections:3} connections: {median['door'] / median['stock']:.2f}; at half load "
          f"({calm.rate:.0f}/s) p99 {calm.p99_ms:.1f} ms, {calm.cpu_ms:.3f} CPU ms a mail", flush=True)  # fmt: skip


def main() -> None:
    """Read the arguments; race, or be one of the servers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--load", default=os.environ.get("THREADPOST_LOAD", str(ROOT.parent / "shared/perf/load.py"))
    )
    parser.add_argument("--messages", type=int, default=4000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=[8, 32])
    parser.add_argument("--serve", choices=("stock", "door"), help=argparse.SUPPRESS)
    parser.add_argument("--directory", type=Path, default=Path(), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve is None:
        race(arguments)
        return
    uvloop.run(serve_stock() if arguments.serve == "stock" else serve_door(arguments.directory))


if __name__ == "__main__":
    main()
