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
from gateway.chatter.write import Writing
from gateway.settings import load
from store.queries import follower as followers
from store.queries import partner as partners
from tests.served import NextHop

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


def test_an_unknown_tick_is_a_usage_error(environment):
    wrong = tick(environment, "tomorrow")

    assert wrong.returncode == 64 and "scheduled" in wrong.stderr
    assert tick(environment, "scheduled", "--now", "soon").returncode == 64
