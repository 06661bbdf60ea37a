"""How fast does mail go out? One message to many followers, one process, SQLite with synchronous=FULL.

    python -m tests.bench.dispatch --sink PATH [--mails 10000] [--signed] [--followers 10] [--width 16]

--sink: a next hop with the command line of sink.py (--port, --out, --uvloop, --verify, --expected). Prints
the rate by wall clock, CPU ms of this process a mail, and what the sink's own check found; then the time
from one idle post to the last of a few followers' mails.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop
from sqlalchemy import insert

from gateway.mail.dkim import Signer, keygen
from gateway.outbound.channels.email import Email, Relay
from gateway.outbound.house import SendingDomain
from store.bell import ring
from store.models import Base, Delivery, Follower, Notice, Partner
from store.queries import delivery as deliveries
from store.session import Database
from tests.outbound.a_house import a_dispatcher, a_house, a_message, a_partner, a_thread

BODY = (
    "<p>"
    + "</p>\n<p>".join(
        f"Paragraph {n}: the pump arrived and was fitted, pressure holds at {n} bar." for n in range(40)
    )
    + "</p>"
)


def a_full_database(directory: Path, mails: int) -> tuple[Database, int, int]:
    database = Database(f"sqlite:///{directory}/bench.db")
    Base.metadata.create_all(database.engine)
    now = datetime.now(UTC)
    with database.write() as session:
        thread_id = a_thread(session)
        author_id = a_partner(session, "Alice Adams", internal=True)
        people = [
            {
                "id": 1000 + n,
                "email": f"reader{n}@people.test",
                "name": f"Reader {n}",
                "notify": {},
                "created_at": now,
            }
            for n in range(mails)
        ]
        session.execute(insert(Partner.table()), people)
        session.execute(
            insert(Follower.table()),
            [
                {
                    "thread_id": thread_id,
                    "partner_id": one["id"],
                    "subtypes": frozenset(["discussions"]),
                    "created_at": now,
                }
                for one in people
            ],
        )
    return database, thread_id, author_id


def post(database: Database, thread_id: int, author_id: int, readers: int, number: int) -> float:
    """Queue one message to the first so many readers; answers the time of the commit's begin."""
    now = datetime.now(UTC)
    with database.write() as session:
        header_id = f"<bench-{number}@threads.acme.test>"
        message_id = a_message(
            session, thread_id, author_id, body_html=BODY, body_text=BODY, date=now, message_id=header_id
        )
        rows: list[dict[str, Any]] = [
            {"kind": "message", "channel": "email", "message_id": message_id, "thread_id": thread_id,
             "partner_id": 1000 + n, "address": f"reader{n}@people.test", "reason": "follower", "payload": None,
             "header_id": header_id, "created_at": now, "due_at": now}
            for n in range(readers)
        ]  # fmt: skip
        session.execute(insert(Delivery.table()), rows)
        session.execute(
            insert(Notice.table()),
            [
                {
                    "message_id": message_id,
                    "partner_id": 1000 + n,
                    "channel": "email",
                    "state": "queued",
                    "reason": "follower",
                }
                for n in range(readers)
            ],
        )
        ring(session, "deliveries")
        return time.time()


async def run(args: argparse.Namespace, directory: Path) -> dict[str, Any]:
    began = time.perf_counter()
    database, thread_id, author_id = a_full_database(directory, args.mails)
    signers = (Signer("threads.acme.test", "s1", keygen()),) if args.signed else ()
    house = a_house(domains=(SendingDomain("threads.acme.test", signers),))
    channel = Email(Relay.of(f"smtp://127.0.0.1:{args.port}"), width=args.width)
    dispatcher = a_dispatcher(database, channel, house=house, clock=lambda: datetime.now(UTC))
    await dispatcher.start()
    found: dict[str, Any] = {
        "mails": args.mails,
        "signed": args.signed,
        "setup_s": round(time.perf_counter() - began, 2),
    }

    post(database, thread_id, author_id, args.followers, 0)
    await all_sent(database, dispatcher, args.followers)
    latencies = []
    for number in range(1, 6):
        await asyncio.sleep(0.2)
        asked = time.perf_counter()
        await asyncio.to_thread(post, database, thread_id, author_id, args.followers, number)
        await all_sent(database, dispatcher, args.followers * (number + 1))
        latencies.append(round((time.perf_counter() - asked) * 1000, 1))
    found["idle_post_to_last_recorded_ms"] = latencies

    before = dispatcher.counts["sent"]
    asked = time.perf_counter()
    await asyncio.to_thread(post, database, thread_id, author_id, args.mails, 99)
    found["queued_s"] = round(time.perf_counter() - asked, 3)
    cpu, asked = time.process_time(), time.perf_counter()
    await all_sent(database, dispatcher, before + args.mails)
    wall, cpu = time.perf_counter() - asked, time.process_time() - cpu
    found |= {"mails_per_s": round(args.mails / wall, 1), "cpu_ms_per_mail": round(cpu / args.mails * 1000, 3),
              "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}  # fmt: skip
    await dispatcher.stop()
    with database.read() as session:
        found["states"] = deliveries.counts(session)
    database.close()
    return found


async def all_sent(database: Database, dispatcher: Any, count: int) -> None:
    while dispatcher.counts["sent"] < count:
        await asyncio.sleep(0.002)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--sink", default=os.environ.get("THREADPOST_SHARED", "../shared") + "/perf/sink.py")
    ask.add_argument("--port", type=int, default=2599)
    ask.add_argument("--mails", type=int, default=10_000)
    ask.add_argument("--followers", type=int, default=10)
    ask.add_argument("--width", type=int, default=16)
    ask.add_argument("--signed", action="store_true")
    args = ask.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        out, expected = directory / "sink.jsonl", directory / "expected.txt"
        sink = subprocess.Popen(
            [sys.executable, args.sink, "--port", str(args.port), "--out", str(out), "--uvloop"]
        )
        try:
            time.sleep(0.7)
            found = uvloop.run(run(args, directory))
        finally:
            sink.terminate()
            sink.wait(10)
        pairs = [f"<bench-99@threads.acme.test>\treader{n}@people.test" for n in range(args.mails)]
        pairs += [
            f"<bench-{m}@threads.acme.test>\treader{n}@people.test"
            for m in range(6)
            for n in range(args.followers)
        ]
        expected.write_text("\n".join(pairs) + "\n")
        check = subprocess.run(
            [sys.executable, args.sink, "--verify", str(out), "--expected", str(expected)],
            capture_output=True,
            text=True,
        )
        verdict = json.loads(check.stdout)
        found["sink"] = {key: verdict[key] for key in ("pairs", "duplicated", "lost", "unexpected")}
        found["loadavg"] = os.getloadavg()[0]
        print(json.dumps(found, indent=1))
        sys.exit(check.returncode)


if __name__ == "__main__":
    main()
