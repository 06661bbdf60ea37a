"""The whole server is killed again and again under load: what was acknowledged is there, and there once.

Four senders keep a history, as one does for a database that is not trusted: each attempt ended as
acknowledged (250), as refused, or as unknown because the connection broke. After what was not
acknowledged the same mail is sent again.
"""

from __future__ import annotations

import itertools
import random
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import a_mail
from tests.served import HERE, Installation, NextHop, Running, until

MAILS, SENDERS, KILLS = 300, 4, 8
AUTHOR = "carol@customer.example"
READERS = ("alice@corp.example", "dora@customer.example")


class History:
    """What became of each mail, as its sender saw it; safe to use from several threads."""

    def __init__(self) -> None:
        self.acknowledged: set[int] = set()
        self.refused: dict[int, str] = {}
        self.unknown = 0
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def next_number(self) -> int | None:
        """The next mail to send, None after the last."""
        with self._lock:
            number = next(self._numbers)
        return number if number < MAILS else None


@pytest.fixture
def hop() -> Iterator[NextHop]:
    with NextHop() as hop:
        yield hop


@pytest.fixture
def gateway(sqlite_template: Path, tmp_path: Path, hop: NextHop) -> Iterator[Installation]:
    """On SQLite, where whoever starts frees what the dead one held; on PostgreSQL leases run out by themselves."""
    gateway = Installation(tmp_path / "gateway", relay=hop, more="[limits]\nmails_per_author = 0\n")
    yield gateway
    gateway.close()


def header_id(number: int) -> str:
    return f"<fall-{number}@customer.example>"


def send_all(gateway: Installation, address: str, history: History) -> None:
    """One sender: every mail until it is acknowledged."""
    while (number := history.next_number()) is not None:
        raw = a_mail(
            AUTHOR, to=address, subject=f"Fall {number}", text=f"Fall {number}.", message_id=header_id(number)
        )
        while number not in history.acknowledged and number not in history.refused:
            try:
                with smtplib.SMTP(HERE, gateway.smtp, timeout=10) as peer:
                    peer.sendmail(AUTHOR, [address], raw)
                    history.acknowledged.add(number)
            except smtplib.SMTPResponseException as trouble:
                if trouble.smtp_code >= 500:
                    history.refused[number] = str(trouble)
            except (OSError, smtplib.SMTPException):
                history.unknown += 1
            time.sleep(0.02)


def fall(gateway: Installation, server: Running, history: History) -> Running:
    """Kill and start again while the senders send; answers the last process."""
    chance = random.Random(KILLS)
    for fallen in range(KILLS):
        share = MAILS * (fallen + chance.random()) / KILLS  # spread over the load, at no special moment
        until(lambda share=share: len(history.acknowledged) >= share, seconds=60, what="the load")
        server.kill()
        server = gateway.start()
    return server


def posted(gateway: Installation) -> list[dict]:
    """Every message of the thread."""
    found, before = [], {}
    while True:
        page = gateway.get("/records/ticket/1/messages", kind="message", limit="200", **before)
        found += page["items"]
        if not page["next"]:
            return found
        before = {"before": str(page["next"])}


def is_done(gateway: Installation) -> bool:
    """Nothing waits to be posted or sent."""
    waiting = [gateway.get("/ledger", state=state)["items"] for state in ("received", "processing")]
    return not any(waiting) and not gateway.get("/deliveries", state="queued")["items"]


@pytest.mark.timeout(240)
def test_eight_kills_lose_nothing_and_post_nothing_twice(gateway: Installation, hop: NextHop):
    server, history = gateway.start(), History()
    gateway.api.put("/records/ticket/1", json={"title": "Falls"}).raise_for_status()
    for follower in (*READERS, AUTHOR):
        gateway.api.post("/records/ticket/1/followers", json={"email": follower}).raise_for_status()
    address = gateway.get("/records/ticket/1")["reply_address"]
    senders = [threading.Thread(target=send_all, args=(gateway, address, history)) for _ in range(SENDERS)]

    for sender in senders:
        sender.start()
    fall(gateway, server, history)
    for sender in senders:
        sender.join(60)
    until(lambda: is_done(gateway), seconds=60, what="the end of all work")

    messages = posted(gateway)
    copies = Counter(message["body_text"] for message in messages)
    assert history.refused == {}
    assert history.acknowledged == set(range(MAILS))
    assert {f"Fall {number}." for number in history.acknowledged} - set(copies) == set(), (
        "acknowledged and lost"
    )
    assert {text: count for text, count in copies.items() if count > 1} == {}, "posted twice"
    told = Counter((mail["Message-ID"], recipient) for _, recipient, mail in hop.arrived())
    owed = {(message["message_id"], reader) for message in messages for reader in READERS}
    assert set(told) == owed, "each reader is told of each message, under the one Message-ID that it has"
    assert sum(told.values()) - len(owed) <= 16 * KILLS, (
        "at most one mail in doubt for each connection and fall"
    )
