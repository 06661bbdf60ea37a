"""Who we are to our readers: brand, page, domains with their prefixes and DKIM signers."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlsplit

from gateway.mail.dkim import Signer
from gateway.rules.file_link import mint_link
from gateway.rules.token import Keys

MARKER = "##- Please reply above this line -##"


@dataclass(frozen=True, slots=True)
class SendingDomain:
    """One of our domains as mail leaves from it. signers: [] = unsigned."""

    name: str
    signers: tuple[Signer, ...] = ()
    reply: str = "reply"
    bounce: str = "bounce"
    leave: str = "leave"
    notifications: str = "notifications"


@dataclass(frozen=True, slots=True)
class House:
    """What every mail needs to know of us. domains: at least one, the first is the default.

    base_url: of the web pages, no slash at its end, "" = there are none.
    """

    brand: str
    base_url: str
    domains: tuple[SendingDomain, ...]
    keys: Keys
    language: str = "en"
    by_name: Mapping[str, SendingDomain] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {domain.name: domain for domain in self.domains})

    def domain(self, name: str) -> SendingDomain:
        """The domain of a thread; one that we do not have any more gives the first."""
        return self.by_name.get(name, self.domains[0])

    def is_ours(self, address: str) -> bool:
        """Whether an address, in lower case, is one of the gateway: mail to it comes back to us."""
        return address.rpartition("@")[2] in self.by_name

    def record_url(self, record_type: str, key: str) -> str:
        """The page of a record."""
        return (
            f"{self.base_url}/r/{quote(record_type, safe='')}/{quote(key, safe='')}" if self.base_url else ""
        )

    def file_url(self, file_id: int, made_at: datetime) -> str:
        """Where a file that no mail carries is fetched, "" if there are no pages."""
        return f"{self.base_url}/files/{mint_link(file_id, made_at, self.keys)}" if self.base_url else ""

    def leave_url(self, token: str) -> str:
        """Where a mail program unsubscribes with one POST (RFC 8058: https only); "" if it cannot."""
        url = urlsplit(self.base_url)
        safe = url.scheme == "https" or (url.scheme == "http" and _is_loopback(url.hostname or ""))
        return f"{self.base_url}/leave/{token}" if safe else ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
