"""Call addresses that others name, and never be led inside our own network.

A name is resolved once, every address that it has must be a public one, and exactly that address is connected
to: an answer that changes between look and connect (DNS rebinding) gains nothing. Redirects are not followed
here: each address that one names goes through the guard again. No proxy of the environment, no cookie, and no
connection that is kept.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from http.cookiejar import DefaultCookiePolicy
from typing import NamedTuple

import httpx

from gateway import __version__

_TRANSLATED = tuple(
    ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)
"""Addresses that stand for IPv4 ones (RFC 6052, 3056, 4380), whatever those may be."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Denied(Exception):
    """The target is not one that we call."""


class Target(NamedTuple):
    """What is called. url: with an address in the place of the host. host: as the header Host has it."""

    url: httpx.URL
    host: str

    @property
    def name(self) -> str:
        """The name whose certificate must be shown."""
        has_port = ":" in self.host.rpartition("]")[2]
        return (self.host.rpartition(":")[0] if has_port else self.host).strip("[]")


def is_public(address: str) -> bool:
    """An address of the public internet, and not one that leads back to a private one.

    >>> [is_public(a) for a in ("93.184.216.34", "10.0.0.1", "::ffff:127.0.0.1", "169.254.169.254")]
    [True, False, False, False]
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    if mapped is not None:
        return is_public(str(mapped))
    if any(found in net for net in _TRANSLATED if net.version == found.version):
        return False
    return found.is_global and not found.is_multicast


def anywhere(address: str) -> bool:
    """Any address, also of our own network."""
    return True


class Guard:
    """An HTTP client for addresses that others name.

    schemes, ports: that are called, no ports = any. may_call: judges each address of a name. timeout: seconds for each
    step of a call. tls: whom to trust, None = whom this machine trusts. agent: what is said of us beside the name.
    """

    def __init__(
        self, *, schemes: Collection[str], ports: Collection[int] = (), may_call: Callable[[str], bool] = is_public,
        timeout: float, resolve: Resolve | None = None, tls: ssl.SSLContext | None = None, agent: str = "",
    ) -> None:  # fmt: skip
        self._schemes = schemes
        self._ports = ports
        self._may_call = may_call
        self._resolve = resolve or _resolve
        # A connection belongs to one name of an address, and is not kept for another one behind the same address.
        self._http = httpx.AsyncClient(
            timeout=timeout, follow_redirects=False, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0),
            headers={"User-Agent": f"Threadpost/{__version__}{agent}"}, verify=tls or ssl.create_default_context(),
        )  # fmt: skip
        self._http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    async def pinned(self, url: httpx.URL) -> Target:
        """The target behind a URL. Raises Denied, OSError."""
        if url.scheme not in self._schemes:
            raise Denied(f"{url.scheme}:// is not called")
        if not url.host or url.userinfo:
            raise Denied("the address needs a host and no password")
        port = url.port or (443 if url.scheme == "https" else 80)
        if self._ports and port not in self._ports:
            raise Denied(f"port {port} is not called")
        addresses = await self._resolve(url.host, port)
        if not addresses:
            raise OSError(f"{url.host} has no address")
        for address in addresses:
            if not self._may_call(address):
                raise Denied(f"{url.host} is {address}, which is not a public address")
        return Target(url.copy_with(host=addresses[0]), url.netloc.decode("ascii"))

    def stream(
        self, method: str, target: Target, headers: Mapping[str, str], body: bytes | None = None
    ) -> AbstractAsyncContextManager[httpx.Response]:
        """Call a target; its answer is read inside the context. Raises httpx.HTTPError."""
        return self._http.stream(
            method, target.url, content=body, headers={**headers, "Host": target.host},
            extensions={"sni_hostname": target.name},
        )  # fmt: skip

    async def close(self) -> None:
        """Let go of connections."""
        await self._http.aclose()


async def _resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]
