"""A web site on loopback that says what it is told to say, and knows what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from gateway.outbound.guard import Guard, anywhere
from gateway.outbound.visitor import Visitor

HERE = "127.0.0.1"


class Asked(NamedTuple):
    """One request. headers: names in lower case."""

    method: str
    path: str
    headers: dict[str, str]


class Site:
    """Any name leads to it. pages: path -> the whole answer, or several, one after the other; else 404.

    An answer that is None never comes; one that is a number of octets never ends and says nothing. sent: octets that
    were taken of it.
    """

    def __init__(self) -> None:
        self.pages: dict[str, bytes | int | list[bytes | None] | None] = {}
        self.asked: list[Asked] = []
        self.sent = 0
        self.port = 0

    def url(self, path: str, host: str = "shop.example") -> str:
        return f"http://{host}:{self.port}{path}"

    def visitor(
        self, *, may_be_asked: Callable[[str], bool] = lambda url: True, may_call: Callable[[str], bool] = anywhere,
        ports: Sequence[int] = (), timeout: float = 3.0,
    ) -> Visitor:  # fmt: skip
        """One for whom every name but inner.example has the address of this site."""
        guard = Guard(
            schemes=("http", "https"), ports=ports, may_call=may_call, timeout=timeout, resolve=self._resolve
        )
        return Visitor(guard, may_be_asked=may_be_asked, timeout=timeout)

    async def _resolve(self, host: str, port: int) -> list[str]:
        return ["169.254.169.254" if host == "inner.example" else HERE]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, path, _ = head.split(" ", 2)
            lines = [line.partition(":") for line in head.split("\r\n")[1:] if line]
            self.asked.append(Asked(method, path, {name.lower(): value.strip() for name, _, value in lines}))
            await self._answer(path, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, path: str, writer: asyncio.StreamWriter) -> None:
        answer = self.pages.get(path, a_page("", status="404 Not Found"))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if answer is None:
            await asyncio.sleep(30)
        elif isinstance(answer, int):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>No end</title>")
            while self.sent < answer:
                writer.write(b" " * 8192)
                await writer.drain()
                self.sent += 8192
        else:
            writer.write(answer)
            await writer.drain()


def a_page(title: str, *, status: str = "200 OK", kind: str = "text/html; charset=utf-8", more: str = "", headers: Sequence[str] = ()) -> bytes:  # fmt: skip
    """The answer that shows a page."""
    body = f"<!DOCTYPE html><html><head><title>{title}</title>{more}</head><body>Hello</body></html>".encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def elsewhere(location: str) -> bytes:
    """The answer that leads elsewhere."""
    return a_page("Moved", status="302 Found", headers=[f"Location: {location}", "Set-Cookie: who=a; Path=/"])


@asynccontextmanager
async def a_site(host: str = HERE) -> AsyncIterator[Site]:
    """A site that listens at this address."""
    site = Site()
    server = await asyncio.start_server(site.serve, host, 0)
    site.port = server.sockets[0].getsockname()[1]
    yield site
    server.close()
