"""The LMTP door: one answer for each accepted recipient, on every path (RFC 2033 section 4.2)."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from typing import Any

import pytest

from gateway.inbound.accept import Acceptor
from gateway.receive.lmtp import LmtpDoor
from tests.receive.peer import DOMAIN, MAIL, SALES, SUPPORT, Peer, an_acceptor, an_open_door, peer_of, stored


@pytest.fixture
def acceptor(database, tmp_path):
    return an_acceptor(database, tmp_path)


async def test_three_recipients_of_which_one_is_refused_get_two_answers(database, acceptor):
    async with an_open_door(acceptor, lmtp=True) as door, peer_of(door) as peer:
        await peer.greet("LHLO")
        replies = await peer.envelope(SUPPORT, f"nobody@{DOMAIN}", SALES)

        first = await peer.data(MAIL)
        second = await peer.hear()

        assert [reply[:3] for reply in replies] == ["250", "250", "550", "250"]
        assert first == second and first.startswith("250 2.0.0 Ok: queued as ")
        assert (await peer.say("NOOP")).startswith("250")
    assert [paths for _, _, paths in stored(database)] == [[SUPPORT, SALES]]


async def test_a_recipient_named_twice_is_one_target_and_two_answers(database, acceptor):
    async with an_open_door(acceptor, lmtp=True) as door, peer_of(door) as peer:
        await peer.greet("LHLO")
        await peer.envelope(SUPPORT, SUPPORT)

        assert [(await peer.data(MAIL))[:3], (await peer.hear())[:3]] == ["250", "250"]
        assert (await peer.say("QUIT")).startswith("221")
    assert [paths for _, _, paths in stored(database)] == [[SUPPORT]]


class BrokenAcceptor(Acceptor):
    """Accepts nothing, for a reason nobody foresaw."""

    async def accept(self, *arguments: Any) -> int:
        raise RuntimeError("secret detail")


@pytest.mark.parametrize(
    ("content", "broken", "status"),
    [
        (b"a\nb\r\n", False, "554 5.6.0"),
        (b"x" * 5000 + b"\r\n", False, "552 5.3.4"),
        (MAIL, True, "451 4.3.0"),
    ],
)
async def test_a_mail_that_is_not_taken_is_told_to_each_recipient(
    database, tmp_path, content, broken, status
):
    acceptor = an_acceptor(database, tmp_path, acceptor=BrokenAcceptor if broken else Acceptor)
    async with an_open_door(acceptor, lmtp=True, max_size=4000) as door, peer_of(door) as peer:
        await peer.greet("LHLO")
        await peer.envelope(SUPPORT, SALES)

        replies = [await peer.data(content), await peer.hear()]

        assert [reply[:9] for reply in replies] == [status, status]
        assert "secret" not in replies[0]
        assert (await peer.say("NOOP")).startswith("250")
    assert stored(database) == []


async def test_smtp_greetings_are_not_known(acceptor):
    async with an_open_door(acceptor, lmtp=True) as door, peer_of(door) as peer:
        await peer.hear()

        assert [(await peer.say(line))[:3] for line in ("EHLO x", "HELO x", "LHLO x")] == [
            "500",
            "500",
            "250",
        ]


async def test_a_unix_socket_serves_and_is_gone_afterwards(database, acceptor, tmp_path):
    path = tmp_path / "lmtp.sock"
    door = LmtpDoor(acceptor, hostname="mx.example.test", postmaster_domain=DOMAIN, path=path)
    await door.start()
    peer = Peer(*await asyncio.open_unix_connection(str(path)))
    await peer.greet("LHLO")
    await peer.envelope(SUPPORT)

    assert (await peer.data(MAIL)).startswith("250")

    await door.stop(0.2)
    assert (await peer.hear()).startswith("421")
    assert not path.exists()
    peer.writer.close()


@pytest.mark.real_peer
@pytest.mark.skipif(shutil.which("swaks") is None, reason="swaks is not installed")
async def test_swaks_delivers_to_two(database, acceptor):
    async with an_open_door(acceptor, lmtp=True) as door:
        command = [
            "swaks",
            "--protocol",
            "LMTP",
            "--server",
            f"127.0.0.1:{door.port}",
            "--to",
            f"{SUPPORT},{SALES}",
        ]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=60, check=False)

    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    assert [paths for _, _, paths in stored(database)] == [[SUPPORT, SALES]]
