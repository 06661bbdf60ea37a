"""The adapter tells the truth: what it reports is what a reader sees, and it misses nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.attack.conftest import Attacked

ADAPTER = Path(__file__).with_name("adapter.py")


def ask(operation: str, **given: Any) -> Any:
    """One question, as the kit asks it."""
    command = [sys.executable, str(ADAPTER), operation]
    return json.loads(
        subprocess.run(
            command, input=json.dumps(given).encode(), stdout=subprocess.PIPE, check=True, timeout=90
        ).stdout
    )


def a_mail(mark: str, author: str, text: str = "All is well.") -> str:
    return f"From: {author}\nTo: someone\nSubject: News {mark}\nMessage-ID: <{mark}@kit.example>\nDate: Mon, 23 Nov 2026 12:00:00 +0000\n\n{text}\n"


def test_the_world_has_what_the_kit_asks_for(attacked: Attacked):
    world = ask("world")

    assert {
        "RA_ALICE",
        "RA_CAROL",
        "RA_DAVE",
        "RB_BOB",
        "RB_ERIN",
        "RX_ALICE",
        "RA_EXPIRED",
        "RA_ALICE_NOTE",
        "MID_A",
        "VERP_A_CAROL",
    } <= world.keys()
    assert world["RA_EXPIRED"] != world["RA_ALICE"]
    assert sorted(ask("followers", record="A")) == [
        "alice@corp.example",
        "carol@customer.example",
        "carolb@customer.example",
    ]
    assert ask("followers", record="B") == ["bob@corp.example"]
    assert ask("record_state", record="X")["active"] is False
    assert ask("suppressed") == []
    assert ask("rss_mb") > 20


def test_a_true_mail_is_found_with_its_author_its_page_and_its_copies(attacked: Attacked):
    since = ask("outbound", since=None)["since"]
    world = attacked.world

    assert (
        attacked.send(
            a_mail("mark-one", world["CAROL"]),
            world["RA_CAROL"],
            reverse_path=world["CAROL"],
            auth="pass",
            author_domain="customer.example",
        )
        == 250
    )

    [post] = ask("find", mark="mark-one")
    assert (post["record"], post["author"], post["state"], post["verified"]) == (
        "A",
        world["CAROL"],
        "posted",
        True,
    )
    assert "All is well." in post["text"] and '<article id="message-' in post["html"]
    assert attacked.told(since) == [world["ALICE"], world["CAROL_B"]]
    assert "<mark-one@kit.example>" in ask("list_message_ids")


def test_a_held_mail_is_found_as_held(attacked: Attacked):
    attacked.send(
        a_mail("mark-two", "mallory@evil.example"),
        attacked.world["RA_ALICE"],
        reverse_path="mallory@evil.example",
    )

    [found] = ask("find", mark="mark-two")
    assert found["state"] == "held"


def test_a_question_costs_little(attacked: Attacked):
    ask("followers", record="A")
    started = time.perf_counter()
    for _ in range(5):
        ask("followers", record="A")
    assert time.perf_counter() - started < 5  # about 0.06 s each on an idle machine
