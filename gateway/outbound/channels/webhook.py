"""Tell a host application over HTTP, signed as Standard Webhooks asks; and never be led inside our own network.

The name of the target is resolved once, every address it has must be a public one, and exactly that address
is connected to: an answer that changes between look and connect (DNS rebinding) gains nothing. Redirects are
not followed, proxies of the environment not used. Source: standardwebhooks.com, specification 1.0.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy

import httpx

from gateway import __version__
from gateway.outbound.channels import Deferred, Failed, Outcome, Sent

PREFIX = "whsec_"
ANSWER_OCTETS = 64 * 1024
_TRANSLATED = tuple(
    ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)
"""Addresses that stand for IPv4 ones (RFC 6052, 3056, 4380), whatever those may be."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Denied(Exception):
    """The target is not one that we call."""


def signature(secret: str, event_id: str, at: int, body: bytes) -> str:
    """The webhook-signature of a call. secret: with or without its prefix. at: seconds since 1970.

    >>> signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_1", 1614265330, b"{}")
    'v1,ZztYR0IIDCBCUcYzh8ZE+qsQWpIgtHU7R1hpe8htaD4='
    """
    key = base64.b64decode(secret.removeprefix(PREFIX))
    mac = hmac.new(key, f"{event_id}.{at}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode()


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


class WebhookChannel:
    """Calls targets. timeout: seconds for one call in all. allow_private: any address, and http as well.

    tls: whom to trust, None = whom this machine trusts.
    """

    def __init__(
        self, *, timeout: float = 5.0, allow_private: bool = False, resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        self._timeout = timeout
        self._allow_private = allow_private
        self._resolve = resolve or _resolve
        # A connection belongs to one name of an address, and is not kept for another one behind the same address.
        self._http = httpx.AsyncClient(
            timeout=timeout, follow_redirects=False, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0),
            headers={"User-Agent": f"Threadpost/{__version__}"}, verify=tls or ssl.create_default_context(),
        )  # fmt: skip
        self._http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    async def call(self, url: str, *, secret: str, event_id: str, at: datetime, body: bytes) -> Outcome:
        """Send one event; trouble of the target or the network is an Outcome, never an exception."""
        try:
            async with asyncio.timeout(self._timeout):
                target, host = await self._pinned(httpx.URL(url))
                return await self._post(target, host, _headers(secret, event_id, at, body), body)
        except Denied as trouble:
            return Failed("", str(trouble))
        except TimeoutError:
            return Deferred("", f"no answer within {self._timeout:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as trouble:
            return Deferred("", f"{type(trouble).__name__}: {trouble}"[:300])

    async def close(self) -> None:
        """Let go of connections."""
        await self._http.aclose()

    async def _pinned(self, url: httpx.URL) -> tuple[httpx.URL, str]:
        """The URL with the address in the place of the host, and the host. Raises Denied, OSError."""
        if url.scheme not in (("http", "https") if self._allow_private else ("https",)):
            raise Denied(f"{url.scheme}:// is not called")
        if not url.host or url.userinfo:
            raise Denied("the address needs a host and no password")
        port = url.port or (443 if url.scheme == "https" else 80)
        addresses = await self._resolve(url.host, port)
        if not self._allow_private:
            for address in addresses:
                if not is_public(address):
                    raise Denied(f"{url.host} is {address}, which is not a public address")
        return url.copy_with(host=addresses[0]), url.netloc.decode("ascii")

    async def _post(self, url: httpx.URL, host: str, headers: dict[str, str], body: bytes) -> Outcome:
        name = host.rpartition(":")[0] if ":" in host.rpartition("]")[2] else host
        asked = self._http.stream(
            "POST", url, content=body, headers={**headers, "Host": host},
            extensions={"sni_hostname": name.strip("[]")},
        )  # fmt: skip
        async with asked as answer:
            words = await _words(answer)
        status = str(answer.status_code)
        if answer.is_success:
            return Sent(status, "")
        if answer.status_code == httpx.codes.GONE:
            return Failed(status, words)
        if answer.is_redirect:
            return Deferred(status, "redirects are not followed")
        return Deferred(status, words)


def _headers(secret: str, event_id: str, at: datetime, body: bytes) -> dict[str, str]:
    seconds = int(at.timestamp())
    return {
        "Content-Type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": signature(secret, event_id, seconds, body),
    }


async def _words(answer: httpx.Response) -> str:
    """The beginning of an answer; one that has no end is cut."""
    got = b""
    async for chunk in answer.aiter_raw():
        got += chunk
        if len(got) >= ANSWER_OCTETS:
            break
    return " ".join(got[:ANSWER_OCTETS].decode("utf-8", "replace").split())[:300]


async def _resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]
