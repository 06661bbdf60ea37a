"""Ask for the page behind a link and read what it says of itself; no more of it, and no longer, than that takes.

Each address that a redirect names is judged and guarded like the first. Nothing tells who reads, where the link
stood, or who wrote it. Trouble is an outcome: Deferred where asking again can help, else Failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import urljoin

import httpx

from gateway.mail.webpage import Shown, read_page
from gateway.outbound.channels import Deferred, Failed
from gateway.outbound.guard import Denied, Guard, anywhere, is_public

MOST_REDIRECTS = 5
MOST_OCTETS = 256 * 1024
_PORTS = (80, 443)
_HEADERS = {"Accept": "text/html, image/*;q=0.5", "Accept-Encoding": "identity"}
_HEAD_ENDS = b"</head"

Found = Shown | Deferred | Failed


def visiting_guard(*, timeout: float, allow_private: bool = False) -> Guard:
    """The guard of visits. allow_private: any address, of any port."""
    return Guard(
        schemes=("http", "https"), ports=() if allow_private else _PORTS, may_call=anywhere if allow_private else is_public,
        timeout=timeout, agent=" (link preview)",
    )  # fmt: skip


class Visitor:
    """Looks at links. may_be_asked: judges a URL by its looks. timeout: seconds for a link with all its redirects."""

    def __init__(
        self, guard: Guard, *, may_be_asked: Callable[[str], bool], timeout: float = 5.0
    ) -> None:  # fmt: skip
        self._guard = guard
        self._may_be_asked = may_be_asked
        self._timeout = timeout

    async def look(self, url: str) -> Found:
        """What a link leads to."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._follow(url)
        except TimeoutError:
            return Deferred("", f"no answer within {self._timeout:g} s")
        except (Denied, httpx.InvalidURL, ValueError) as trouble:
            return Failed("", str(trouble)[:300])
        except (httpx.HTTPError, OSError) as trouble:
            return Deferred("", f"{type(trouble).__name__}: {trouble}"[:300])

    async def close(self) -> None:
        """Let go of connections."""
        await self._guard.close()

    async def _follow(self, url: str) -> Found:
        for _ in range(MOST_REDIRECTS + 1):
            if not self._may_be_asked(url):
                raise Denied("it leads where nobody is asked")
            target = await self._guard.pinned(httpx.URL(url))
            async with self._guard.stream("GET", target, _HEADERS) as answer:
                if not answer.has_redirect_location:
                    return await _read(answer, url)
                url = urljoin(url, answer.headers["location"]).partition("#")[0]
        return Failed("", f"more than {MOST_REDIRECTS} redirects")


async def _read(answer: httpx.Response, address: str) -> Found:
    status = str(answer.status_code)
    if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return Deferred(status, "the site has trouble")
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not answer.is_success:
        return Failed(status, "the site does not show it")
    if kind.startswith("image/"):
        return Shown("image", image_url=address)
    if kind != "text/html" or answer.headers.get("content-encoding", "identity").lower() != "identity":
        return Failed(status, "it is no page, or packed")  # unpacking could make it any size
    content = await _head(answer)
    shown = await asyncio.to_thread(
        read_page, content, charset=answer.charset_encoding or "", address=address
    )
    return shown or Failed(status, "the page has no title")


async def _head(answer: httpx.Response) -> bytes:
    """The octets of a page until its head ends, or so many."""
    got = bytearray()
    async for chunk in answer.aiter_raw():
        begin = max(0, len(got) - len(_HEAD_ENDS))
        got += chunk
        if len(got) >= MOST_OCTETS or _HEAD_ENDS in got[begin:].lower():
            break
    return bytes(got[:MOST_OCTETS])
