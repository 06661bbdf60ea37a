"""The whole gateway under load: one process, SQLite with synchronous=FULL, ten followers told of each mail.

Prints accepted and posted rates with CPU ms a mail, the latency of the door, the time from 250 to posted, the
time from a post to its tenth follower's mail, memory of all processes, and that nothing was lost or doubled.
``python -m tests.bench.gateway [--mails N] [--shared DIR]``
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import psutil

from gateway.app import App
from gateway.chatter.access import create_token
from gateway.chatter.partners import put
from gateway.chatter.records import RecordChange
from gateway.rules.token import Kind, Token, mint
from gateway.settings import load
from store.queries import follower as followers

FOLLOWERS = 11  # the author and ten who are told
THREADS = 20


class Gateway:
    """A served gateway with its world, a sink behind it, and what they cost."""

    def __init__(self, directory: Path, shared: Path, *, sends: bool = True) -> None:
        self.directory, self.shared = directory, shared
        directory.mkdir(exist_ok=True)
        self.smtp, self.http, self.relay = (free_port() for _ in range(3))
        self.config = directory / "threadpost.toml"
        self.config.write_text(
            f'[data]\ndir = "{directory}/var"\n[[domains]]\nname = "threads.example.test"\n'
            f"[smtp]\nport = {self.smtp}\n[lmtp]\nenabled = false\n[web]\nport = {self.http}\n"
            f'base_url = "http://127.0.0.1:{self.http}"\n[relay]\nurl = "smtp://127.0.0.1:{self.relay}"\n'
            f'[auth]\ntrusted_relays = ["127.0.0.1"]\n[log]\nlevel = "error"\n'
        )
        self.addresses = self._fill()
        self.sink: subprocess.Popen[bytes] | None = None
        if sends:
            self.sink = self._start_sink()
        command = [sys.executable, "-m", "gateway", "serve", "--config", str(self.config)]
        self.server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        wait_for(self.smtp)
        wait_for(self.http)
        self.peak = 0.0
        self._watching = True
        threading.Thread(target=self._watch, daemon=True).start()

    def _start_sink(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, self.shared / "perf/sink.py", "--port", str(self.relay), "--uvloop", "--flush-every", "0.02",
             "--out", str(self.directory / "sink.jsonl")], stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def _fill(self) -> list[str]:
        app = App(load(self.config, {}), self.config)
        app.prepare()
        now = datetime.now(UTC)
        with app.database.write() as session:
            people = [
                put(session, f"user{n}@cust{n}.example.test", {"name": f"User {n}"}, now)[0]
                for n in range(FOLLOWERS)
            ]
            put(session, "alice@corp.example", {"role": "admin", "name": "Alice"}, now)
            self.token = create_token(session, name="bench", scopes=["admin"], now=now)
            addresses = []
            for number in range(THREADS):
                thread, _ = app.records.put(
                    session, RecordChange("ticket", f"B-{number}", {"title": f"Bench {number}"}), now
                )
                followers.follow(
                    session,
                    thread.id,
                    [(p.id, frozenset({"discussions"})) for p in people],
                    reason="bench",
                    now=now,
                )
                addresses.append(f"reply+{mint(Token(Kind.REPLY, thread.id), app.keys)}@threads.example.test")
        app.database.close()
        (self.directory / "addresses.txt").write_text("\n".join(addresses) + "\n")
        return addresses

    def processes(self) -> list[psutil.Process]:
        main = psutil.Process(self.server.pid)
        return [main, *main.children(recursive=True)]

    def cpu(self) -> float:
        """CPU seconds of all processes so far."""
        return sum(sum(process.cpu_times()[:4]) for process in self.processes()[:1])

    def memory(self) -> float:
        """Resident MiB of all processes now."""
        total = 0
        for process in self.processes():
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        return total / 1024**2

    def _watch(self) -> None:
        while self._watching:
            try:
                self.peak = max(self.peak, self.memory())
            except psutil.NoSuchProcess:
                return
            time.sleep(0.05)

    def ask(self, question: str) -> list[tuple]:
        """Rows of the database, read beside the server."""
        with sqlite3.connect(
            f"file:{self.directory}/var/threadpost.db?mode=ro", uri=True, timeout=20
        ) as connection:
            return connection.execute(question).fetchall()

    def settle(self, seconds: float = 300) -> float:
        """Wait until every accepted mail is at its end and the outbox is empty; answers the seconds."""
        started = time.time()
        while time.time() - started < seconds:
            is_open = self.ask(
                "SELECT 1 FROM inbound_target WHERE state IN ('received','processing') LIMIT 1"
            )
            if not is_open and not self.ask(
                "SELECT 1 FROM delivery WHERE state IN ('queued','deferred') LIMIT 1"
            ):
                return time.time() - started
            time.sleep(0.05)
        raise SystemExit("the gateway did not come to rest")

    def wait_posted(self) -> None:
        """Wait until no accepted mail is open."""
        while self.ask("SELECT 1 FROM inbound_target WHERE state IN ('received','processing') LIMIT 1"):
            time.sleep(0.02)

    def load(self, mails: int, connections: int, *, rate: float = 0) -> dict:
        """Run load.py; answers its figures. The log of what was acknowledged: sent.tsv."""
        log = self.directory / "sent.tsv"
        command = [
            sys.executable, self.shared / "perf/load.py", "--port", str(self.smtp), "--rcpts", self.directory / "addresses.txt",
            "-m", str(mails), "-c", str(connections), "--senders", str(FOLLOWERS), "--log", log, "--json",
            "--seed", str(time.time_ns() % 1_000_000), *(["--rate", str(rate)] if rate else []),
        ]  # fmt: skip
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def stop(self) -> None:
        self._watching = False
        self.server.send_signal(signal.SIGTERM)
        self.server.wait(30)
        if self.sink is not None:
            self.sink.terminate()
            self.sink.wait(10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(400):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port}")


def proven(gateway: Gateway) -> tuple[int, int, int]:
    """(acknowledged, lost, doubled): the log of load.py against the messages of the threads."""
    sent = [line.split("\t") for line in (gateway.directory / "sent.tsv").read_text().splitlines()]
    acknowledged = {row[0] for row in sent if row[2] == "250"}
    stored = Counter(row[0] for row in gateway.ask("SELECT header_id FROM message_ref WHERE NOT ours"))
    return (
        len(acknowledged),
        sum(stored[mid] == 0 for mid in acknowledged),
        sum(count > 1 for count in stored.values()),
    )


def from_250_to_posted(gateway: Gateway) -> tuple[float, float]:
    """Median and p99 of the seconds from the 250 that load.py read to the posting."""
    told = {
        row[0]: float(row[4])
        for row in (line.split("\t") for line in (gateway.directory / "sent.tsv").read_text().splitlines())
    }
    rows = gateway.ask(
        "SELECT m.message_id, a.created_at FROM arrival a JOIN inbound_mail m ON m.id = a.inbound_id"
    )
    posted = {mid: datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() for mid, at in rows}
    waits = sorted(max(0.0, posted[mid] - at) for mid, at in told.items() if mid in posted)
    return waits[len(waits) // 2], waits[int(len(waits) * 0.99)]


def to_the_tenth_follower(gateway: Gateway, times: int = 7) -> float:
    """Median ms from the call that posts a message to the last follower's mail at the sink."""
    waits = []
    for number in range(times):
        body = json.dumps(
            {"kind": "message", "author": "alice@corp.example", "body_text": f"Hello {number}"}
        ).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{gateway.http}/api/v1/records/ticket/B-{number}/messages", body,
            {"Authorization": f"Bearer {gateway.token}", "Content-Type": "application/json"},
        )  # fmt: skip
        started = time.time()
        message_id = json.load(urllib.request.urlopen(request))["message_id"]
        arrived: list[float] = []
        while len(arrived) < FOLLOWERS and time.time() - started < 10:
            time.sleep(0.03)
            lines = (gateway.directory / "sink.jsonl").read_text().splitlines()
            arrived = [row["t"] for row in map(json.loads, lines) if row["mid"] == message_id]
        waits.append(1000 * (max(arrived) - started))
    return sorted(waits)[len(waits) // 2]


def large_mails(gateway: Gateway, count: int = 4, size: int = 25 * 1024**2) -> tuple[float, float]:
    """Send so many large mails at once; answers (peak MiB of all processes, seconds until all are posted)."""
    import base64
    import smtplib

    chunk = base64.encodebytes(os.urandom(57 * 1000)).replace(b"\n", b"\r\n")
    payload = chunk * (size // len(chunk))
    gateway.peak = 0.0

    def send(number: int) -> None:
        raw = (
            f"From: user{number}@cust{number}.example.test\r\nTo: x\r\nSubject: large {number}\r\nMessage-ID: <large{number}.{time.time_ns()}@x>\r\n"
            "MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=big.bin\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n"
        ).encode() + payload
        with smtplib.SMTP("127.0.0.1", gateway.smtp, timeout=120) as client:
            client.sendmail(f"user{number}@cust{number}.example.test", [gateway.addresses[number]], raw)

    senders = [threading.Thread(target=send, args=(number,)) for number in range(count)]
    started = time.time()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    gateway.settle()
    return gateway.peak, time.time() - started


def main(argv: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=2000)
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("THREADPOST_SHARED", "../shared")))
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as directory:
        for sends, measure in ((False, report_posting), (True, report)):
            gateway = Gateway(Path(directory) / str(sends), asked.shared.absolute(), sends=sends)
            try:
                measure(gateway, asked.mails)
            finally:
                gateway.stop()


def report_posting(gateway: Gateway, mails: int) -> None:
    """From the door to posted, notices and deliveries queued; the next hop is down, so nothing is sent meanwhile."""
    print("accept to posted, ten deliveries queued, next hop down")
    print(f"{'connections':>11} {'accepted/s':>10} {'door p99 ms':>11} {'posted/s':>8} {'CPU ms a mail':>13}")
    for connections in (8, 8, 32):
        cpu, started = gateway.cpu(), time.time()
        figures = gateway.load(mails, connections)
        gateway.wait_posted()
        seconds = time.time() - started
        cost = 1000 * (gateway.cpu() - cpu) / mails
        print(
            f"{connections:>11} {figures['accepted_per_s']:>10.0f} {figures['p99_ms']:>11.1f} {mails / seconds:>8.0f} {cost:>13.2f}"
        )


def report(gateway: Gateway, mails: int) -> None:
    """Measure and print."""
    print(
        f"idle: {gateway.memory():.0f} MiB; post to the tenth follower: {to_the_tenth_follower(gateway):.0f} ms (median)"
    )
    gateway.load(200, 8)
    gateway.settle()
    best = 0.0
    print(
        f"{'connections':>11} {'accepted/s':>10} {'door p99 ms':>11} {'posted/s':>8} {'CPU ms to posted':>16} {'.. and ten told':>15} lost doubled"
    )
    for connections in (8, 32):
        cpu, started = gateway.cpu(), time.time()
        figures = gateway.load(mails, connections)
        gateway.wait_posted()
        posted_seconds = time.time() - started
        cpu_posted = gateway.cpu() - cpu
        gateway.settle()
        _, lost, doubled = proven(gateway)
        best = max(best, mails / posted_seconds)
        print(
            f"{connections:>11} {figures['accepted_per_s']:>10.0f} {figures['p99_ms']:>11.1f} {mails / posted_seconds:>8.0f} "
            f"{1000 * cpu_posted / mails:>16.2f} {1000 * (gateway.cpu() - cpu) / mails:>15.2f} {lost:>4} {doubled:>7}"
        )
    figures = gateway.load(mails // 2, 8, rate=best / 2)
    gateway.settle()
    median, p99 = from_250_to_posted(gateway)
    print(
        f"at half load ({best / 2:.0f}/s): door p99 {figures['p99_ms']:.1f} ms; from 250 to posted: median {median * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms"
    )
    print(f"memory of all processes, peak so far: {gateway.peak:.0f} MiB")
    peak, seconds = large_mails(gateway)
    print(f"four mails of 25 MiB at once: peak {peak:.0f} MiB, all posted after {seconds:.1f} s")


if __name__ == "__main__":
    main()
