"""Who vouches for the author: a relay that authenticated him, or what a configured hop found (DESIGN section 5).

Rules about From come first. A peer in ``trusted_relays`` has authenticated the author itself. A hop's
Authentication-Results count only in the block which that hop prepended. Everything else proves nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from gateway.mail.address import domain_of, normalise
from gateway.mail.authres import hop_block, verdict_of_hop
from gateway.mail.dmarc import is_aligned
from gateway.mail.envelope import Client
from gateway.mail.message import ParsedMail
from gateway.rules.authorship import Verdict

_WIRE_DOORS = frozenset({"smtp", "lmtp"})  # trusted_relays say nothing about /raw, inject or IMAP


class Peers:
    """A list of IP addresses, CIDR blocks and ``unix``."""

    def __init__(self, entries: Collection[str]) -> None:
        self._unix = "unix" in entries
        self._networks: list[IPv4Network | IPv6Network] = [
            ip_network(entry, strict=False) for entry in entries if entry != "unix"
        ]

    def __contains__(self, peer: str) -> bool:
        if peer == "unix" or not peer:
            return self._unix and peer == "unix"
        address = ip_address(peer.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None) or address
        return any(mapped.version == network.version and mapped in network for network in self._networks)


@dataclass(frozen=True, slots=True)
class Hop:
    """A front MTA that checks SPF, DKIM and DMARC for us. spam_headers: (name, value), lower case."""

    peers: Peers
    authserv_ids: tuple[str, ...]
    xforward: bool = False
    spam_headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom we believe. own_domains: names of our ``[[domains]]``. own_addresses: which we ourselves write from."""

    own_domains: frozenset[str]
    trusted_relays: Peers
    hops: tuple[Hop, ...] = ()
    dkim_aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    own_addresses: frozenset[str] = frozenset()

    def hop_of(self, peer: str) -> Hop | None:
        """The hop that this peer is, None if it is none."""
        return next((hop for hop in self.hops if peer in hop.peers), None)


def spam_headers(client: Client, trust: Trust) -> tuple[tuple[str, str], ...]:
    """The spam marks that count for mail of this client."""
    hop = trust.hop_of(client.peer or client.address)
    return hop.spam_headers if hop else ()


def authenticate(
    mail: ParsedMail, topmost: Sequence[tuple[str, str]], client: Client, door: str, trust: Trust
) -> Verdict:
    """What is known about the author: ``pass``, ``fail`` or ``none``, with the reason.

    topmost: the first header fields, undecoded, see mail/topmost.
    """
    if mail.author is None:
        return Verdict("fail", _why_no_author(mail))
    author = normalise(mail.author.addr_spec)
    peer = client.peer or client.address
    if client.authenticated_as and client.authenticated_as == author:
        return Verdict("pass", "logged in as this address")
    if door in _WIRE_DOORS and peer in trust.trusted_relays:
        return Verdict("pass", f"handed over by the trusted relay {peer}")
    hop = trust.hop_of(peer)
    # todo: our own SPF, DKIM and DMARC stand here; until then mail without a hop or relay is `claimed`
    found = Verdict("none", "nobody vouches for the author")
    if hop is not None and door in _WIRE_DOORS:
        found = _by_hop(topmost, domain_of(author), hop, trust)
    if domain_of(author) in trust.own_domains and found.result != "pass":
        return Verdict("fail", f"From is in a domain of ours, without authentication: {found.reason}")
    return found


def _by_hop(topmost: Sequence[tuple[str, str]], author_domain: str, hop: Hop, trust: Trust) -> Verdict:
    found = verdict_of_hop(
        hop_block(topmost, hop.authserv_ids),
        author_domain,
        lambda domain, of: is_aligned(domain, of, aliases=trust.dkim_aliases),
    )
    return Verdict(found.result, f"the hop says: {found.reason}")


def _why_no_author(mail: ParsedMail) -> str:
    about_from = [defect for defect in mail.defects if "from" in defect.lower() or "author" in defect.lower()]
    return about_from[0] if about_from else "no single readable author in From"
