"""What one peer, and all peers together, may take of a door; and who of them is let in.

A limit never costs a mail: at a cap the session that has idled longest before MAIL is closed with 421,
and every number here stands above what an honest peer needs (RFC 5321 section 4.5.3).
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.inbound.authenticate import Hop, Peers


@dataclass(frozen=True, slots=True)
class Limits:
    """Counts and seconds of one door.

    errors: 5xx replies in a session, then 421. hop_errors: the same for hops and trusted relays, between two
    accepted mails: no honest hop comes near, and a guesser behind one is cut off. idle_commands: NOOP, RSET,
    VRFY, greetings and the like between two accepted mails, then 421. data_seconds and slowest_octets: a mail may take data_seconds
    plus one second for every slowest_octets received, so that a drip of octets ends and a slow link lives.
    connections_per_client counts addresses that are neither hop nor trusted relay. A client for whom a hop speaks has
    connections_per_client transactions at a time, and his errors count for client_seconds (clients.py).
    """

    connections: int = 500
    connections_per_client: int = 50
    errors: int = 20
    hop_errors: int = 200
    idle_commands: int = 100
    command_octets: int = 2048
    command_seconds: float = 300.0  # RFC 5321 section 4.5.3.2.7
    chunk_seconds: float = 180.0  # RFC 5321 section 4.5.3.2.5
    data_seconds: float = 600.0
    slowest_octets: int = 1024
    client_seconds: float = 600.0


def plain_address(address: str) -> str:
    """Write an IP address in its one form: without zone, an IPv4 address never as ``::ffff:...``.

    >>> plain_address("::ffff:192.0.2.1")
    '192.0.2.1'
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


class Standing:
    """Who a peer is to a door, by its address alone."""

    def __init__(self, hops: Sequence[Hop] = (), trusted_relays: Iterable[str] = ()) -> None:
        self._hops = tuple(hops)
        self._trusted_relays = Peers(tuple(trusted_relays))

    def may_forward(self, peer: str) -> bool:
        """XFORWARD is taken from this peer."""
        return any(hop.xforward and peer in hop.peers for hop in self._hops)

    def is_throttled(self, peer: str) -> bool:
        """Limits on connections, errors and idle commands hold for this peer."""
        return peer not in self._trusted_relays and not any(peer in hop.peers for hop in self._hops)


class Guest(Protocol):
    """What the census must know of a session."""

    peer: str
    throttled: bool

    @property
    def idle_since(self) -> float | None: ...

    def dismiss(self, why: str) -> None: ...


class Census:
    """The open sessions of one door. emptied: set while there are none."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._per_client: Counter[str] = Counter()
        self.sessions: set[Guest] = set()
        self.emptied = asyncio.Event()
        self.emptied.set()

    def admit(self, guest: Guest) -> bool:
        """Let a session in, at the cost of the one idle longest if there is no room; or say no."""
        crowded = guest.throttled and self._per_client[guest.peer] >= self._limits.connections_per_client
        if crowded and not self._make_room(guest.peer):
            return False
        if len(self.sessions) >= self._limits.connections and not self._make_room(None):
            return False
        self.sessions.add(guest)
        self.emptied.clear()
        self._per_client[guest.peer] += 1
        return True

    def leave(self, guest: Guest) -> None:
        """Forget a session; one that was never let in or has left is no matter."""
        if guest not in self.sessions:
            return
        self.sessions.remove(guest)
        if not self.sessions:
            self.emptied.set()
        self._per_client[guest.peer] -= 1
        if not self._per_client[guest.peer]:
            del self._per_client[guest.peer]

    def _make_room(self, peer: str | None) -> bool:
        idle = [
            (since, id(guest), guest)
            for guest in self.sessions
            if (peer is None or guest.peer == peer) and (since := guest.idle_since) is not None
        ]
        if not idle:
            return False
        longest = min(idle)[2]
        self.leave(longest)
        longest.dismiss("421 4.7.0 Too many connections")
        return True
