"""Which links get a preview, when is one looked at, and when is it given up? Pure.

To look at a link is to ask for it: a GET can confirm, unsubscribe, or tell that somebody reads. So only links of
colleagues are looked at unless the house says otherwise, and those of our own mails never.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from gateway.mail.dmarc import organisational_domain
from gateway.mail.links import host_of

WINDOW = timedelta(seconds=10)
MOST_ATTEMPTS = 3
_DELAYS = (timedelta(minutes=1), timedelta(minutes=10))


@dataclass(frozen=True, slots=True)
class Which:
    """Which links are looked at. own: hosts of ours, whose links act (leave, confirm, reply). most: of one message.

    everyone: also links of outsiders. allow_private: also addresses and names of our own network.
    """

    own: frozenset[str] = frozenset()
    most: int = 3
    everyone: bool = False
    allow_private: bool = False

    def chosen(self, urls: Iterable[str]) -> list[str]:
        """The first links of a message that may be looked at."""
        return list(islice(filter(self.may_be_asked, urls), self.most))

    def may_be_asked(self, url: str) -> bool:
        """The link leads neither to us nor, by its looks, into a private network."""
        host = host_of(url)
        return bool(host) and host not in self.own and (self.allow_private or not _looks_private(host))

    def are_asked_of(self, *, internal: bool, own_words: bool) -> bool:
        """The links of such an author are looked at. own_words: he wrote them, and did not pass on what another wrote."""
        return self.everyone or (internal and own_words)


def _looks_private(host: str) -> bool:
    """An address in place of a name, or a name without a dot. What a name leads to is seen when it is called."""
    last = host.rpartition(".")[2]
    # "127.1" and "0x7f.1" are addresses too: programs read any name that ends in a number as one.
    return _is_address(host) or "." not in host or last.isdigit() or last.startswith("0x")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def domain_of(url: str) -> str:
    """Under which a link is counted: its registrable domain, or its whole host where there is none.

    >>> domain_of("https://shop.example.co.uk/x")
    'example.co.uk'
    """
    host = host_of(url)
    return host if _is_address(host) else organisational_domain(host)


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """When to ask again after so many attempts (1 = the first failed), None = give up."""
    return now + _DELAYS[attempts - 1] if attempts < MOST_ATTEMPTS else None


def within_share(
    due: Sequence[tuple[int, str]], asked: Mapping[str, int], *, per_domain: int
) -> tuple[list[int], list[int]]:
    """Who may be asked now and who waits: of (id, domain) in their order, the ids.

    asked: how often each domain was asked within the window.
    """
    counts, now, later = Counter(asked), list[int](), list[int]()
    for preview_id, domain in due:
        counts[domain] += 1
        (now if counts[domain] <= per_domain else later).append(preview_id)
    return now, later
