"""Which addresses belong to the gateway itself, so that nobody is given one. Pure.

Mail to such an address comes back to us: a partner who had one would be told of his own answer, and a loop
would begin (chatter-features T106). People may have addresses in a domain of ours; only those with a meaning
are ours. Source: DESIGN section 3, "Addresses that must exist", and section 5.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from gateway.rules.token import Kind

POSTMASTER, ABUSE = MUST_EXIST = ("postmaster", "abuse")
"""Local parts that every domain has: RFC 5321 section 4.5.1, RFC 2142 section 4."""


@dataclass(frozen=True, slots=True)
class OwnDomain:
    """One of our domains and what its local parts mean. reply, bounce, leave: the token prefixes."""

    name: str
    reply: str = "reply"
    bounce: str = "bounce"
    leave: str = "leave"
    notifications: str = "notifications"
    catchall: bool = False

    @property
    def prefixes(self) -> Mapping[str, Kind | None]:
        """Prefix -> the kind of token that may stand behind it, None = a reply of any kind."""
        return {self.reply: None, self.bounce: Kind.BOUNCE, self.leave: Kind.LEAVE}


def is_reserved(address: str, domains: Sequence[OwnDomain]) -> bool:
    """A normalised address has a meaning of its own in one of our domains, whatever aliases there are.

    >>> is_reserved("reply+abc@threads.example", [OwnDomain("threads.example")])
    True
    >>> is_reserved("carla@threads.example", [OwnDomain("threads.example")])
    False
    """
    local_part, _, name = address.rpartition("@")
    own = next((domain for domain in domains if domain.name == name), None)
    if own is None:
        return False
    return local_part.partition("+")[0] in own.prefixes or local_part in (own.notifications, *MUST_EXIST)


def is_ours(address: str, *, aliases: Collection[str], domains: Sequence[OwnDomain]) -> bool:
    """Mail to a normalised address comes to the gateway. aliases: the addresses that open records."""
    return address in aliases or is_reserved(address, domains)
