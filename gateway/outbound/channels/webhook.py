"""Tell a host application over HTTP, signed as Standard Webhooks asks.

Where it may be told is the guard's to say; redirects are not followed. Source: standardwebhooks.com,
specification 1.0.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ssl
from datetime import datetime

import httpx

from gateway.outbound.channels import Deferred, Failed, Outcome, Sent
from gateway.outbound.guard import Denied, Guard, Resolve, Target, anywhere, is_public

PREFIX = "whsec_"
ANSWER_OCTETS = 64 * 1024


def signature(secret: str, event_id: str, at: int, body: bytes) -> str:
    """The webhook-signature of a call. secret: with or without its prefix. at: seconds since 1970.

    >>> signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_1", 1614265330, b"{}")
    'v1,ZztYR0IIDCBCUcYzh8ZE+qsQWpIgtHU7R1hpe8htaD4='
    """
    key = base64.b64decode(secret.removeprefix(PREFIX))
    mac = hmac.new(key, f"{event_id}.{at}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode()


class WebhookChannel:
    """Calls targets. timeout: seconds for one call in all. allow_private: any address, and http as well.

    tls: whom to trust, None = whom this machine trusts.
    """

    def __init__(
        self, *, timeout: float = 5.0, allow_private: bool = False, resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        self._timeout = timeout
        self._guard = Guard(
            schemes=("http", "https") if allow_private else ("https",), may_call=anywhere if allow_private else is_public,
            timeout=timeout, resolve=resolve, tls=tls,
        )  # fmt: skip

    async def call(self, url: str, *, secret: str, event_id: str, at: datetime, body: bytes) -> Outcome:
        """Send one event; trouble of the target or the network is an Outcome, never an exception."""
        try:
            async with asyncio.timeout(self._timeout):
                target = await self._guard.pinned(httpx.URL(url))
                return await self._post(target, _headers(secret, event_id, at, body), body)
        except Denied as trouble:
            return Failed("", str(trouble))
        except TimeoutError:
            return Deferred("", f"no answer within {self._timeout:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as trouble:
            return Deferred("", f"{type(trouble).__name__}: {trouble}"[:300])

    async def close(self) -> None:
        """Let go of connections."""
        await self._guard.close()

    async def _post(self, target: Target, headers: dict[str, str], body: bytes) -> Outcome:
        async with self._guard.stream("POST", target, headers, body) as answer:
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
