"""A client for whom a hop speaks has limits of his own, and the hop's other clients feel nothing of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.inbound.authenticate import Hop, Peers
from gateway.receive.clients import Clients
from gateway.receive.limits import Limits
from tests.receive.peer import DOMAIN, MAIL, SALES, SUPPORT, Peer, an_acceptor, an_open_door, peer_of, stored

HOP = Hop(Peers(["127.0.0.1", "10.0.0.9"]), ("mx.example.com",), xforward=True)
GUESSER, CAROL = "192.0.2.66", "192.0.2.7"
TOO_MANY = "450 4.7.0 Too many errors of that client; try again later"
TOO_BUSY = "450 4.7.0 Too many mails at once from that client; try again later"


@pytest.fixture
def acceptor(database, tmp_path):
    return an_acceptor(database, tmp_path)


def test_errors_count_for_a_while_and_for_their_client_only():
    known = Clients(Limits(errors=3, client_seconds=60))
    for second in (0, 10, 20):
        assert known.deferral(GUESSER, second) == ""
        known.blame(GUESSER, second)

    assert known.deferral(GUESSER, 20) == known.deferral(GUESSER, 59) == TOO_MANY
    assert known.deferral(CAROL, 20) == ""
    assert known.deferral(GUESSER, 60) == "", "after a while he may try again"
    known.blame(GUESSER, 60)
    assert known.deferral(GUESSER, 60) == "", "and begins at one"


def test_open_transactions_count_until_they_end():
    known = Clients(Limits(connections_per_client=2))

    assert [known.enter(GUESSER) for _ in range(3)] == [True, True, False]
    assert known.enter(CAROL)
    known.leave(GUESSER)
    assert known.enter(GUESSER)
    assert not known.enter(GUESSER)


def test_of_a_flood_of_addresses_the_youngest_are_remembered_only():
    known = Clients(Limits(errors=1), most_known=100)

    for number in range(1000):
        known.blame(f"2001:db8::{number}", 0)

    remembered = [number for number in range(1000) if known.deferral(f"2001:db8::{number}", 1)]
    assert remembered == list(range(900, 1000))


async def forwarded(peer: Peer, client: str, *recipients: str) -> list[str]:
    """What the recipients of a mail of this client are answered."""
    assert (await peer.say(f"XFORWARD ADDR={client} HELO=outside.test")).startswith("250")
    return (await peer.envelope(*recipients))[1:]


def some(count: int, first: int = 0) -> list[str]:
    return [f"reply+{number}@{DOMAIN}" for number in range(first, first + count)]


@pytest.mark.parametrize("lmtp", [True, False])
async def test_a_guesser_is_put_off_in_every_session_of_the_hop_and_others_are_not(
    database, acceptor, lmtp: bool
):
    verb = "LHLO" if lmtp else "EHLO"
    settings: dict[str, Any] = {"lmtp": lmtp, "hops": [HOP], "limits": Limits(errors=5)}
    async with an_open_door(acceptor, **settings) as door, peer_of(door) as one, peer_of(door) as other:
        for peer in (one, other):
            await peer.greet(verb)

        guessed = await forwarded(one, GUESSER, *some(7), SUPPORT)
        assert [said[:3] for said in guessed] == ["550"] * 5 + ["450"] * 3 and guessed[-1] == TOO_MANY
        assert await one.say("DATA") == TOO_MANY, "sent behind its recipients, as a hop does, it is no error"
        await one.say("RSET")
        assert await forwarded(other, GUESSER, SUPPORT) == [TOO_MANY]
        await other.say("RSET")
        for peer in (one, other):
            assert await forwarded(peer, CAROL, SUPPORT) == ["250 2.1.5 Ok"]
            assert (await peer.data(MAIL)).startswith("250")
            assert (await peer.envelope(SUPPORT))[1] == "250 2.1.5 Ok", "nor is the hop itself"
            await peer.data(MAIL)

    assert len(stored(database)) == 4


async def test_a_client_has_so_many_mails_at_once_through_a_hop(database, acceptor):
    settings: dict[str, Any] = {"lmtp": True, "hops": [HOP], "limits": Limits(connections_per_client=1)}
    async with an_open_door(acceptor, **settings) as door, peer_of(door) as one, peer_of(door) as other:
        for peer in (one, other):
            await peer.greet("LHLO")

        assert await forwarded(one, GUESSER, SUPPORT) == ["250 2.1.5 Ok"]
        assert await forwarded(other, GUESSER, SUPPORT, SALES) == [TOO_BUSY] * 2
        await other.say("RSET")
        assert await forwarded(other, CAROL, SUPPORT) == ["250 2.1.5 Ok"]
        await other.say("RSET")
        await one.data(MAIL)
        assert await forwarded(other, GUESSER, SUPPORT) == ["250 2.1.5 Ok"], "when his mail has ended"
        other.writer.close()
        async with asyncio.timeout(10):
            while door.sessions > 1:
                await asyncio.sleep(0.01)
        assert await forwarded(one, GUESSER, SUPPORT) == ["250 2.1.5 Ok"], "or its session"


async def test_addresses_that_are_hops_themselves_have_no_limits_of_a_client(acceptor):
    async with an_open_door(acceptor, hops=[HOP], limits=Limits(errors=3)) as door, peer_of(door) as peer:
        await peer.greet()

        replies = await forwarded(peer, "10.0.0.9", *some(10))

        assert {said[:3] for said in replies} == {"550"}


async def test_a_stranger_cannot_put_his_errors_on_another(acceptor):
    settings: dict[str, Any] = {
        "hops": [Hop(Peers(["10.0.0.9"]), (), xforward=True)],
        "limits": Limits(errors=3),
    }
    async with an_open_door(acceptor, **settings) as door, peer_of(door) as peer:
        assert "XFORWARD" not in await peer.greet()

        assert await peer.say(f"XFORWARD ADDR={CAROL}") == "550 5.7.0 Not for you"

        replies = await peer.envelope(*some(2))
        assert [said[:3] for said in replies] == ["250", "550", "550"]
        assert (await peer.hear()).startswith("421 4.7.0"), "the errors are his own"
