"""``threadpost tick``: what is due at a time is done, and sent, before the command returns."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from gateway import clock
from gateway.app import App
from gateway.chatter.records import RecordChange
from gateway.chatter.scheduled import schedule
from gateway.chatter.write import Writing, write
from gateway.client import follow, put_partner, put_record, schedule_message
from gateway.settings import load
from store.queries import follower as followers
from store.queries import partner as partners
from tests.conftest import BOTH
from tests.served import Installation, NextHop

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def hop():
    with NextHop() as hop:
        yield hop


@pytest.fixture
def environment(tmp_path: Path, hop: NextHop) -> dict[str, str]:
    return {
        "THREADPOST_DATA__DIR": f'"{tmp_path / "var"}"',
        "THREADPOST_RELAY__URL": f'"smtp://127.0.0.1:{hop.port}"',
    }


def tick(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", "tick", *words], cwd=ROOT, capture_output=True, text=True, timeout=60,
        env={"PATH": os.environ["PATH"], **environment},
    )  # fmt: skip


def say(app: App, text: str) -> None:
    """A message of now, whose mail waits until somebody sends it."""
    with app.database.write() as session:
        thread, _ = app.records.put(session, RecordChange("ticket", "1", {"title": "Pump"}), clock.now())
        write(
            session,
            thread,
            Writing("message", "alice@corp.example", body_text=text),
            posting=app.posting,
            now=clock.now(),
        )


def in_days(days: int) -> str:
    return (clock.now() + timedelta(days=days)).isoformat()


def keep_for_later(app: App, text: str) -> None:
    now = clock.now()
    with app.database.write() as session:
        thread, _ = app.records.put(session, RecordChange("ticket", "1", {"title": "Pump"}), now)
        schedule(
            session,
            thread,
            Writing("message", "alice@corp.example", body_text=text),
            now + timedelta(days=2),
            creator=None,
            now=now,
        )


@pytest.fixture
def app(environment: dict[str, str], sqlite_template: Path, tmp_path: Path) -> App:
    (tmp_path / "var").mkdir()
    shutil.copy(sqlite_template, tmp_path / "var" / "threadpost.db")
    app = App(load(None, environment))
    app.prepare()
    now = clock.now()
    with app.database.write() as session:
        partners.add(session, email="alice@corp.example", name="Alice", internal=True, role="member", now=now)
        olga = partners.add(
            session, email="olga@outside.example", name="Olga", internal=False, role="", now=now
        )
        thread, _ = app.records.put(session, RecordChange("ticket", "1", {"title": "Pump"}), now)
        followers.follow(session, thread.id, [(olga, frozenset({"discussions"}))], reason="test", now=now)
    return app


def test_t135_a_tick_in_days_to_come_posts_and_sends_before_it_returns(app: App, environment, hop: NextHop):
    keep_for_later(app, "See you.")

    early = tick(environment, "scheduled")
    assert early.returncode == 0, early.stderr
    assert hop.arrived() == []
    late = tick(environment, "scheduled", "--now", (clock.now() + timedelta(days=3)).isoformat())

    assert late.returncode == 0 and "1 done, 1 sent" in late.stdout
    assert len(hop.to("olga@outside.example", "See you.")) == 1
    assert (
        tick(environment, "scheduled", "--now", (clock.now() + timedelta(days=3)).isoformat()).returncode == 0
    )
    assert len(hop.arrived()) == 1


def test_t135_two_ticks_at_once_post_each_message_once(app: App, environment, hop: NextHop):
    for number in range(20):
        keep_for_later(app, f"Message {number:02}.")
    at = (clock.now() + timedelta(days=3)).isoformat()

    both = [threading.Thread(target=tick, args=(environment, "scheduled", "--now", at)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()

    assert len({str(one.mail["Message-ID"]) for one in hop.arrived()}) == 20
    assert len(hop.arrived()) == 20


def test_a_tick_tells_what_was_put_off_and_retries_try_it_when_it_is_due(app: App, environment, hop: NextHop):
    keep_for_later(app, "See you.")
    hop.answers["olga@outside.example"] = ["451 4.2.1 not now", "451 4.2.1 not yet"]

    put_off = tick(environment, "scheduled", "--now", in_days(3))
    early = tick(environment, "retries")
    again = tick(environment, "retries", "--now", in_days(3))
    late = tick(environment, "retries", "--now", in_days(3))

    assert "scheduled: 1 done, 0 sent, 1 deferred" in put_off.stdout
    assert "retries: 0 done, 0 sent" in early.stdout
    assert "retries: 1 done, 0 sent, 1 deferred" in again.stdout
    assert "retries: 1 done, 1 sent" in late.stdout
    assert len(hop.to("olga@outside.example", "See you.")) == 1
    assert "retries: 0 done, 0 sent" in tick(environment, "retries", "--now", in_days(3)).stdout


def test_with_the_next_hop_away_nothing_counts_as_sent(app: App, environment, hop: NextHop):
    away = environment | {"THREADPOST_RELAY__URL": "smtp://127.0.0.1:1"}
    keep_for_later(app, "One.")
    keep_for_later(app, "Two.")

    told = tick(away, "scheduled", "--now", in_days(3))
    later = tick(environment, "retries", "--now", in_days(3))

    assert told.returncode == 0 and "scheduled: 2 done, 0 sent, " in told.stdout
    assert later.returncode == 0 and len(hop.arrived()) == 2


def test_holds_send_what_waits_for_a_time_when_that_has_come(app: App, environment, hop: NextHop):
    """The mail of the second post is beyond the limit of its record and waits until the hour is over."""
    busy = App(load(None, environment | {"THREADPOST_LIMITS__FANOUT_PER_RECORD_HOUR": "1"}))
    say(busy, "At once.")
    say(busy, "In an hour.")

    early = tick(environment, "holds")
    late = tick(environment, "holds", "--now", (clock.now() + timedelta(hours=2)).isoformat())

    assert "holds: 0 done, 0 sent" in early.stdout
    assert "holds: 1 done, 1 sent" in late.stdout
    assert [len(hop.to("olga@outside.example", text)) for text in ("At once.", "In an hour.")] == [1, 1]


@pytest.mark.parametrize("base", BOTH)
def test_beside_a_running_server_a_tick_counts_what_that_sent(
    request: pytest.FixtureRequest, tmp_path: Path, hop: NextHop, base: str
):
    url = request.getfixturevalue("postgresql_cluster").empty() if base == "postgresql" else ""
    gateway = Installation(tmp_path / "served", relay=hop, database_url=url)
    gateway.start()
    gateway.client(put_partner("alice@corp.example", name="Alice", internal=True))
    gateway.client(put_record("ticket", "1", title="Pump"))
    gateway.client(follow("ticket", "1", "olga@outside.example"))
    for number in range(5):
        gateway.client(
            schedule_message(
                "ticket", "1", author="alice@corp.example", body_text=f"Message {number}.", send_at=in_days(2)
            )
        )

    told = gateway.run("tick", "scheduled", "--now", in_days(3))
    gateway.close()
    if url:
        request.getfixturevalue("postgresql_cluster").drop(url)

    assert told.stdout == b"scheduled: 5 done, 5 sent\n", told.stderr
    assert len(hop.to("olga@outside.example")) == 5


@pytest.mark.parametrize("name", ["digests", "reminders"])
def test_a_tick_of_what_is_not_built_says_so(environment, name: str):
    done = tick(environment, name)

    assert done.returncode == 69 and "later release" in done.stderr


def test_an_unknown_tick_is_a_usage_error(environment):
    wrong = tick(environment, "tomorrow")

    assert wrong.returncode == 64 and "scheduled" in wrong.stderr
    assert tick(environment, "scheduled", "--now", "soon").returncode == 64
