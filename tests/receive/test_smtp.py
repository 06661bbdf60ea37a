"""The SMTP door, spoken to over real sockets on loopback."""

from __future__ import annotations

import asyncio
import errno
import shutil
import subprocess
from typing import Any

import pytest

from gateway.errors import StoreBusy
from gateway.inbound.accept import Acceptor
from gateway.inbound.authenticate import Hop, Peers
from gateway.inbound.spool import Spool
from gateway.receive.limits import Limits
from store.models import InboundMail
from tests.receive.peer import DOMAIN, MAIL, SALES, SUPPORT, Peer, an_acceptor, an_open_door, peer_of, stored

HOP = Hop(Peers(["127.0.0.1"]), ("mx.example.com",), xforward=True)


@pytest.fixture
def acceptor(database, tmp_path):
    return an_acceptor(database, tmp_path)


async def test_a_mail_is_in_the_ledger_when_250_is_said(database, acceptor):
    async with an_open_door(acceptor) as door, peer_of(door) as peer:
        await peer.greet()
        assert await peer.envelope(SUPPORT, SALES, SUPPORT.upper()) == ["250 2.1.0 Ok"] + ["250 2.1.5 Ok"] * 3

        said = await peer.data(MAIL + b"..\r\n..b\r\n")

        assert said.startswith("250 2.0.0 Ok: queued as ")
        assert stored(database) == [(MAIL + b".\r\n.b\r\n", "carol@outside.test", [SUPPORT, SALES])]


async def test_the_greeting_offers_what_is_there_and_nothing_else(acceptor):
    async with an_open_door(acceptor, max_size=1000) as door, peer_of(door) as peer:
        offers = (await peer.greet()).split("\n")

    assert offers == [
        "250-mx.example.test", "250-PIPELINING", "250-SIZE 1000", "250-8BITMIME", "250-SMTPUTF8",
        "250 ENHANCEDSTATUSCODES",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        (["MAIL FROM:<a@outside.test>"], ["503 5.5.1"]),
        (["EHLO x", f"RCPT TO:<{SUPPORT}>"], ["250", "503 5.5.1"]),
        (["EHLO x", "DATA"], ["250", "503 5.5.1"]),
        (["EHLO x", "MAIL FROM:<>", "DATA"], ["250", "250", "503 5.5.1"]),
        (["EHLO x", "MAIL FROM:<>", "MAIL FROM:<>"], ["250", "250", "503 5.5.1"]),
        (["EHLO x", "MAIL FROM:<>", f"RCPT TO:<{SUPPORT}>", "RSET", "DATA"], ["250", "250", "250", "250", "503 5.5.1"]),
        (["EHLO x", "MAIL FROM:<>", f"RCPT TO:<{SUPPORT}>", "EHLO x", "DATA"], ["250", "250", "250", "250", "503 5.5.1"]),
        (["EHLO x", "MAIL FROM:<>", f"RCPT TO:<nobody@{DOMAIN}>"], ["250", "250", "550 5.1.1 No such address here"]),
        (["EHLO x", "MAIL FROM:<>", f"RCPT TO:<reply+aaaa@{DOMAIN}>"], ["250", "250", "550 5.1.1 No such address here"]),
        (["EHLO x", "MAIL FROM:<>", "RCPT TO:<a@elsewhere.test>"], ["250", "250", "550 5.1.1 No such address here"]),
        (["EHLO x", "MAIL FROM:<>", "RCPT TO:<postmaster>"], ["250", "250", "250 2.1.5"]),
        (["EHLO x", "MAIL FROM:<spam@outside.test>", f"RCPT TO:<{SUPPORT}>"], ["250", "250", "554 5.7.1"]),
        (["EHLO x", "MAIL FROM:<> SIZE=999999999999"], ["250", "552 5.3.4"]),
        (["VRFY ann", "EXPN staff", "HELP", "NOOP", "AUTH PLAIN x", "STARTTLS", "XFORWARD ADDR=192.0.2.1"],
         ["252 2.1.5", "502 5.5.1", "214 2.0.0", "250 2.0.0", "500 5.5.1", "502 5.5.1", "550 5.7.0"]),
        (["EHLO", "EHLO x", "MAIL FROM:<a\0b@outside.test>", "MAIL FROM:<a@b>\rRCPT TO:<c@d>"],
         ["501 5.5.4", "250", "500 5.5.2", "500 5.5.2"]),
        (["x" * 3000, "NOOP", "QUIT"], ["500 5.5.6", "250", "221 2.0.0"]),
    ],
)  # fmt: skip
async def test_a_dialogue(acceptor, lines, codes):
    async with an_open_door(acceptor) as door, peer_of(door) as peer:
        await peer.hear()

        replies = [await peer.say(line) for line in lines]

    assert [reply[: len(code)] for reply, code in zip(replies, codes, strict=True)] == codes


async def test_a_pipelined_session_is_answered_in_order(database, acceptor):
    async with an_open_door(acceptor) as door, peer_of(door) as peer:
        envelope = f"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<{SUPPORT}>\r\nDATA\r\n".encode()
        peer.send(envelope + MAIL + b".\r\nNOOP\r\nQUIT\r\n")

        codes = [(await peer.hear())[:3] for _ in range(8)]

    assert codes == ["220", "250", "250", "250", "354", "250", "250", "221"]
    assert len(stored(database)) == 1


@pytest.mark.parametrize("trick", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"a\nb", b"a\rb"])
async def test_a_mail_with_a_bare_line_end_is_refused_as_one_mail(database, acceptor, trick):
    async with an_open_door(acceptor) as door, peer_of(door) as peer:
        await peer.greet()
        await peer.envelope(SUPPORT)

        said = await peer.data(MAIL + trick + b"MAIL FROM:<admin@corp.test>\r\nDATA\r\n")

        assert said.startswith("554 5.6.0")
        assert (await peer.say("NOOP")).startswith("250")
    assert stored(database) == []


async def test_a_mail_over_the_limit_is_read_to_its_end_and_not_stored(database, acceptor, tmp_path):
    async with an_open_door(acceptor, max_size=2_000_000) as door, peer_of(door) as peer:
        await peer.greet()
        await peer.envelope(SUPPORT)

        assert (await peer.data(b"x" * 3_000_000 + b"\r\n")).startswith("552 5.3.4")
        await peer.envelope(SUPPORT)
        assert (await peer.data(b"x" * 1_900_000 + b"\r\n")).startswith("250 2.0.0")
    assert len(stored(database)) == 1
    assert list((tmp_path / "blobs" / "spool").iterdir()) == []


async def test_a_peer_that_goes_on_far_beyond_the_limit_is_cut_off(database, acceptor):
    async with an_open_door(acceptor, max_size=100_000) as door, peer_of(door) as peer:
        await peer.greet()
        await peer.envelope(SUPPORT)
        await peer.say("DATA")
        peer.send(b"x" * 600_000)

        assert (await peer.hear())[:9] in ("552 5.3.4", "")
        assert await peer.is_closed()


async def test_a_connection_lost_in_the_data_stores_nothing(database, acceptor):
    async with an_open_door(acceptor) as door:
        for abruptly in (True, False):
            async with peer_of(door) as peer:
                await peer.greet()
                await peer.envelope(SUPPORT)
                await peer.say("DATA")
                peer.send(MAIL + b"half\r\n.\r")
                await peer.writer.drain()
                if abruptly:
                    peer.writer.transport.abort()
                else:
                    peer.writer.write_eof()
                    assert await peer.is_closed()
        await until(lambda: door.sessions == 0)
    assert stored(database) == []


class BusyAcceptor(Acceptor):
    """The database is away."""

    async def resolve(self, forward_path: str) -> Any:
        if forward_path == SALES:
            raise StoreBusy("locked by /secret/path")
        return await super().resolve(forward_path)

    async def accept(self, *arguments: Any) -> int:
        raise RuntimeError("secret detail")


async def test_trouble_of_ours_is_451_and_tells_nothing(database, tmp_path):
    acceptor = an_acceptor(database, tmp_path, acceptor=BusyAcceptor)
    async with an_open_door(acceptor) as door, peer_of(door) as peer:
        await peer.greet()
        replies = await peer.envelope(SALES, SUPPORT)

        said = await peer.data(MAIL)

        assert replies[1:] == [
            "451 4.3.0 Requested action aborted: local error in processing",
            "250 2.1.5 Ok",
        ]
        assert said == "451 4.3.0 Requested action aborted: local error in processing"
        assert (await peer.envelope(SUPPORT))[1].startswith("250")


class FullDisk(Spool):
    """A spool whose disk takes no octet."""

    def write(self, chunk: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


class FullAcceptor(Acceptor):
    """An acceptor on a full disk."""

    def spool(self) -> Spool:
        return FullDisk(self._blobs, in_memory=0)


async def test_a_full_disk_is_452_at_the_end_of_the_data(database, tmp_path):
    acceptor = an_acceptor(database, tmp_path, acceptor=FullAcceptor)
    async with an_open_door(acceptor) as door, peer_of(door) as peer:
        await peer.greet()
        await peer.envelope(SUPPORT)

        assert (await peer.data(MAIL * 2000)).startswith("452 4.3.1")
        assert (await peer.say("NOOP")).startswith("250")
    assert stored(database) == []


@pytest.mark.parametrize(
    "first",
    [b"GET / HTTP/1.1\r\nHost: x\r\n\r\nEHLO x\r\n", b"\x16\x03\x01\x02\x00\x01\r\n", b"PRI * HTTP/2.0\r\n"],
)
async def test_a_peer_that_speaks_another_protocol_is_closed(acceptor, first):
    async with an_open_door(acceptor) as door, peer_of(door) as peer:
        await peer.hear()
        peer.send(first)

        assert not (await peer.hear()).startswith("2")
        assert await peer.is_closed()


@pytest.mark.parametrize(
    ("line", "answered"), [(f"RCPT TO:<nobody@{DOMAIN}>", "550"), ("JUNK", "500"), ("NOOP", "250")]
)
async def test_a_peer_that_goes_on_and_on_is_closed_but_never_a_hop(acceptor, line, answered):
    limits = Limits(errors=5, idle_commands=5)
    async with an_open_door(acceptor, limits=limits) as door, peer_of(door) as peer:
        await peer.greet()
        await peer.say("MAIL FROM:<>")
        replies = [(await peer.say(line))[:9] for _ in range(8)]
        assert "421 4.7.0" in replies

    async with an_open_door(acceptor, limits=limits, hops=[HOP]) as door, peer_of(door) as peer:
        await peer.greet()
        await peer.say("MAIL FROM:<>")
        assert {(await peer.say(line))[:3] for _ in range(30)} == {answered}


async def test_a_guesser_behind_a_hop_is_cut_off_in_the_end(acceptor):
    async with (
        an_open_door(acceptor, limits=Limits(hop_errors=50), hops=[HOP]) as door,
        peer_of(door) as peer,
    ):
        await peer.greet()
        await peer.say("MAIL FROM:<>")
        replies = [(await peer.say(f"RCPT TO:<reply+{n}@{DOMAIN}>"))[:9] for n in range(51)]

        assert replies[-1] == "421 4.7.0" or "421 4.7.0" in replies
        assert replies[:49] == ["550 5.1.1"] * 49


async def test_too_many_recipients_are_deferred_and_the_others_kept(database, acceptor):
    async with an_open_door(acceptor, max_recipients=2) as door, peer_of(door) as peer:
        await peer.greet()
        replies = await peer.envelope(SUPPORT, SALES, SUPPORT)

        assert replies[3].startswith("452 4.5.3")
        assert (await peer.data(MAIL)).startswith("250")
    assert stored(database)[0][2] == [SUPPORT, SALES]


async def test_at_the_cap_the_session_idle_longest_gives_way(acceptor):
    async with an_open_door(acceptor, limits=Limits(connections=2)) as door, peer_of(door) as first:
        await first.greet()
        await first.say("MAIL FROM:<>")
        async with peer_of(door) as second:
            await second.greet()
            async with peer_of(door) as third:
                assert (await third.hear()).startswith("220")
                assert (await second.hear()).startswith("421 4.7.0")
                assert (await first.say(f"RCPT TO:<{SUPPORT}>")).startswith("250")
                await third.say("EHLO x")
                await third.say("MAIL FROM:<>")
                async with peer_of(door) as fourth:
                    assert (await fourth.hear()).startswith("421 4.7.0")


async def test_a_silent_peer_and_a_dripping_one_are_closed(acceptor):
    limits = Limits(command_seconds=0.4, chunk_seconds=5, data_seconds=0.4, slowest_octets=1_000_000)
    async with (
        an_open_door(acceptor, limits=limits) as door,
        peer_of(door) as silent,
        peer_of(door) as dripping,
    ):
        await silent.hear()
        await dripping.greet()
        await dripping.envelope(SUPPORT)
        await dripping.say("DATA")
        drip = asyncio.create_task(drip_octets(dripping))

        assert (await silent.hear()).startswith("421 4.4.2")
        said = await dripping.hear()  # who still sends may lose our last words to a TCP reset
        assert said == "" or said.startswith("421 4.4.2")
        drip.cancel()
        assert await dripping.is_closed()


async def drip_octets(peer: Peer) -> None:
    while True:
        peer.send(b"x")
        await asyncio.sleep(0.05)


async def test_an_endless_line_is_cut_off(acceptor):
    async with an_open_door(acceptor) as door, peer_of(door) as peer:
        await peer.hear()
        peer.send(b"A" * 3_000_000)

        assert (await peer.hear())[:9] in ("500 5.5.6", "")
        assert await peer.is_closed()


async def test_closing_lets_a_running_mail_end_and_sends_the_idle_away(database, acceptor):
    async with (
        an_open_door(acceptor) as door,
        peer_of(door) as idle,
        peer_of(door) as running,
        peer_of(door) as stuck,
    ):
        await idle.greet()
        for peer in (running, stuck):
            await peer.greet()
            await peer.envelope(SUPPORT)
            assert (await peer.say("DATA")).startswith("354")
        running.send(MAIL[:20])
        port = door.port

        closing = asyncio.create_task(door.stop(1.0))
        assert (await idle.hear()).startswith("421 4.3.2")
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", port)
        assert (await running.say(MAIL[20:] + b".")).startswith("250 2.0.0")
        assert (await running.hear()).startswith("421 4.3.2")
        assert (await stuck.hear()).startswith("421 4.3.2")
        await closing
    assert [raw for raw, _, _ in stored(database)] == [MAIL]


async def test_a_hop_may_tell_the_true_client_for_one_mail(database, acceptor):
    async with an_open_door(acceptor, hops=[HOP]) as door, peer_of(door) as peer:
        assert "XFORWARD NAME ADDR" in await peer.greet()
        assert await peer.say("XFORWARD ADDR=192.0.2.7 HELO=true.outside.test") == "250 2.0.0 Ok"
        for _ in range(2):
            await peer.envelope(SUPPORT)
            assert (await peer.say("XFORWARD ADDR=192.0.2.8")).startswith("503")
            await peer.data(MAIL)
    with database.read() as session:
        mail = InboundMail.table()
        first, second = session.execute(mail.select().order_by(mail.c.id)).all()
    assert first.client["address"] == "192.0.2.7" and first.client["xforward"] is True
    assert first.client["helo"] == "true.outside.test" and first.client["peer"] == "127.0.0.1"
    assert second.client["address"] == "127.0.0.1" and second.client["xforward"] is False


async def test_sixteen_peers_at_once_lose_and_double_nothing(database, acceptor):
    async def send(door: Any, number: int) -> None:
        async with peer_of(door) as peer:
            await peer.greet()
            for turn in range(5):
                await peer.envelope(SUPPORT)
                assert (await peer.data(b"Subject: %d.%d\r\n\r\n" % (number, turn))).startswith("250")

    async with an_open_door(acceptor) as door:
        await asyncio.gather(*(send(door, number) for number in range(16)))

    assert len({raw for raw, _, _ in stored(database)}) == len(stored(database)) == 80


@pytest.mark.real_peer
@pytest.mark.skipif(shutil.which("swaks") is None, reason="swaks is not installed")
async def test_swaks_delivers(database, acceptor):
    async with an_open_door(acceptor) as door:
        command = [
            "swaks",
            "--server",
            f"127.0.0.1:{door.port}",
            "--to",
            SUPPORT,
            "--from",
            "carol@outside.test",
        ]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=60, check=False)

    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    assert len(stored(database)) == 1


async def until(true: Any, seconds: float = 5) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)
