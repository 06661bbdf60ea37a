"""Start, share, drain and fall: the life of the gateway's processes."""

from __future__ import annotations

import smtplib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.builders import a_mail
from tests.served import DOMAIN, HERE, Installation, NextHop, until

ALICE, CAROL = "alice@corp.example", "carol@customer.example"
SUPPORT = f"support@{DOMAIN}"


@pytest.fixture
def hop() -> Iterator[NextHop]:
    with NextHop() as hop:
        yield hop


@pytest.fixture
def gateway(store_url: str, tmp_path: Path, hop: NextHop) -> Iterator[Installation]:
    """An installation on which nothing runs yet."""
    gateway = Installation(tmp_path / "gateway", relay=hop, database_url=store_url)
    yield gateway
    gateway.close()


def titles(gateway: Installation) -> list[str]:
    return [record["title"] for record in gateway.get("/records", type="ticket")["items"]]


def states(gateway: Installation) -> list[str]:
    return [entry["state"] for entry in gateway.get("/ledger", limit="200")["items"]]


def test_processes_that_share_a_store_see_each_others_work_within_a_second(
    gateway: Installation, hop: NextHop
):
    gateway.start(only="receive")  # makes the schema
    for process in [gateway.launch(only=role) for role in ("work", "web")]:
        process.wait_until_ready()
    gateway.api.put(f"/partners/{ALICE}", json={"internal": True}).raise_for_status()
    gateway.api.put("/records/ticket/1", json={"title": "Shared"}).raise_for_status()
    gateway.api.post("/records/ticket/1/followers", json={"email": CAROL}).raise_for_status()

    begun = time.monotonic()
    gateway.send(a_mail(CAROL, subject="From one process to the next"), SUPPORT)
    until(lambda: "From one process to the next" in titles(gateway), what="the record")
    seconds_in = time.monotonic() - begun
    begun = time.monotonic()
    message = {"kind": "message", "author": ALICE, "body_text": "Out again"}
    gateway.api.post("/records/ticket/1/messages", json=message).raise_for_status()
    until(lambda: hop.to(CAROL, "Out again"), what="the mail")
    seconds_out = time.monotonic() - begun

    assert (seconds_in < 1.0, seconds_out < 1.0) == (True, True), (seconds_in, seconds_out)


def test_a_role_is_served_once_from_one_directory(tmp_path: Path):
    gateway = Installation(tmp_path)
    server = gateway.start(only="web")

    second = gateway.run("serve", "--only", "web")

    assert server.stop() == 0
    assert second.returncode == 78
    assert b"another process serves web" in second.stderr


def test_a_running_data_finishes_when_the_server_is_asked_to_stop(gateway: Installation):
    server = gateway.start()
    raw = a_mail(CAROL, subject="Just in time")
    peer = smtplib.SMTP(HERE, gateway.smtp, timeout=20)
    peer.ehlo()
    peer.mail(CAROL)
    peer.rcpt(SUPPORT)
    peer.putcmd("DATA")
    assert peer.getreply()[0] == 354
    peer.send(raw[:50])

    server.terminate()
    time.sleep(0.3)
    with pytest.raises(OSError):
        socket.create_connection((HERE, gateway.smtp), 1)
    peer.send(raw[50:] + b".\r\n")
    finished = peer.getreply()
    peer.close()

    assert finished[0] == 250
    assert server.wait() == 0
    [kept] = gateway.run("ledger", "list", "--json").stdout.splitlines()
    assert b'"received"' in kept or b'"posted"' in kept


def test_after_kill_9_the_work_goes_on_within_five_seconds(gateway: Installation):
    victim = gateway.start(only="receive")
    for number in range(20):
        gateway.send(a_mail(CAROL, subject=f"Before the fall {number}"), SUPPORT)
    victim.kill()

    gateway.start()
    begun = time.monotonic()
    until(lambda: states(gateway) == ["posted"] * 20, seconds=10, what="the posts")

    assert time.monotonic() - begun < 5.0
    assert sorted(titles(gateway)) == sorted(f"Before the fall {number}" for number in range(20))


def test_what_a_killed_worker_held_goes_on_within_five_seconds(tmp_path: Path, hop: NextHop):
    """On SQLite, where a lock tells that nobody else lives; on PostgreSQL a lease runs out by itself."""
    with closing(Installation(tmp_path, relay=hop, more="[limits]\nrecords_per_author = 0\n")) as gateway:
        victim = gateway.start()
        mails = [a_mail(CAROL, subject=f"In the fall {number}") for number in range(120)]

        def send() -> None:
            for raw in mails:
                gateway.send(raw, SUPPORT)

        sending = threading.Thread(target=_until_it_breaks, args=(send,))
        sending.start()
        until(lambda: "posted" in states(gateway), what="the first post")
        victim.kill()
        sending.join(20)
        gateway.start()
        begun = time.monotonic()
        until(lambda: set(states(gateway)) == {"posted"}, seconds=10, what="the posts")

        assert time.monotonic() - begun < 5.0


def _until_it_breaks(work: object) -> None:
    assert callable(work)
    try:
        work()
    except (OSError, smtplib.SMTPException):
        return
