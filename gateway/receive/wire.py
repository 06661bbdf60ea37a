"""The wire half of a mail session: octets in, replies out, deadlines, TLS; no mail command is known here.

A subclass of aiosmtpd's protocol class. Its line-by-line reading, its timer for each command and its
exceptions told to the peer are replaced: a mail costs a few searches over chunks, a peer that never reads
or never ends a line costs bounded memory, and closing never loses the last reply.
"""

from __future__ import annotations

import asyncio
import math
import ssl
from typing import Any

from aiosmtpd.smtp import SMTP

from gateway.receive import reply
from gateway.receive.limits import Limits, plain_address

_INBOX_OCTETS = 256 * 1024  # more than this is left in the kernel until it is wanted
_ENDLESS_OCTETS = 1024 * 1024
_LINGER_SECONDS = 5.0
_HANDSHAKE_SECONDS = 30.0


class LineTooLong(Exception):
    """A command line over the limit; is_endless: its end was not even waited for."""

    def __init__(self, *, is_endless: bool) -> None:
        super().__init__()
        self.is_endless = is_endless


class Wire(SMTP):
    """One connection. deadline: loop time after which the door closes it; peer: IP address or "unix"."""

    def __init__(self, limits: Limits, loop: asyncio.AbstractEventLoop) -> None:
        # aiosmtpd's own __init__ inspects every method for each connection, for hooks that are not used
        asyncio.StreamReaderProtocol.__init__(self, asyncio.StreamReader(loop=loop), loop=loop)
        self.loop = loop
        self.limits = limits
        self.peer = ""
        self.deadline = math.inf
        self.is_tls = False
        self.is_open = False
        self._link: asyncio.Transport | None = None
        self._inbox = b""
        self._ended = False
        self._resting = False  # reading is paused
        self._arrival: asyncio.Future[None] | None = None
        self._can_write: asyncio.Future[None] | None = None
        self._dialogue: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._link = transport  # type: ignore[assignment]
        self.peer = _peer_of(transport)
        self.is_open = True
        self._dialogue = self.loop.create_task(self._handle_client())

    def data_received(self, data: bytes) -> None:
        self._inbox = self._inbox + data if self._inbox else data
        if len(self._inbox) > _INBOX_OCTETS and not self._resting and self._link is not None:
            self._resting = True
            self._link.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        self._ended = True
        self._wake()
        return not self.is_tls  # the last replies can still be written

    def connection_lost(self, error: Exception | None) -> None:
        self._ended = True
        self.is_open = False
        self._inbox = b""
        self._wake()
        self.resume_writing()

    def pause_writing(self) -> None:
        self._can_write = self.loop.create_future()

    def resume_writing(self) -> None:
        if self._can_write is not None and not self._can_write.done():
            self._can_write.set_result(None)
        self._can_write = None

    async def next_line(self) -> bytes | None:
        """The next line with its line end, None when the peer has ended. Raises LineTooLong."""
        skipped = 0
        while True:
            end = self._inbox.find(b"\n") + 1
            if end:
                line, self._inbox = self._inbox[:end], self._inbox[end:]
                if skipped or len(line) > self.limits.command_octets:
                    raise LineTooLong(is_endless=False)
                return line
            if len(self._inbox) > self.limits.command_octets:
                skipped += len(self._inbox)
                self._inbox = b""
                if skipped > _ENDLESS_OCTETS:
                    raise LineTooLong(is_endless=True)
            if not await self._more():
                return None

    async def next_chunk(self) -> bytes:
        """Whatever has arrived, b"" when the peer has ended."""
        if not self._inbox:
            await self._more()
        chunk, self._inbox = self._inbox, b""
        return chunk

    def give_back(self, octets: bytes) -> None:
        """Put octets of a chunk back, to be read as lines."""
        self._inbox = octets + self._inbox

    def say(self, text: str) -> None:
        """Write one reply."""
        if self.is_open and self._link is not None:
            self._link.write(text.encode("ascii") + b"\r\n")

    async def until_written(self) -> None:
        """Wait while the peer reads more slowly than we answer."""
        if self._can_write is not None:
            await self._can_write

    def hang_up(self) -> None:
        """Close after what was said has been sent; a peer that does not read it is cut off soon."""
        if not self.is_open or self._link is None:
            return
        self.is_open = False
        self._ended = True
        self._inbox = b""
        self._link.close()
        self.loop.call_later(_LINGER_SECONDS, self._link.abort)
        self._wake()

    def dismiss(self, why: str) -> None:
        """Say the last word, a 421, and close."""
        self.say(why)
        self.hang_up()

    def cut(self) -> None:
        """Close at once, without a word."""
        if self._link is not None:
            self._link.abort()

    async def start_tls(self, context: ssl.SSLContext) -> bool:
        """Put TLS under the session; False when the handshake failed. What was sent in clear is forgotten."""
        if self._link is None:
            return False
        self.say(reply.READY_FOR_TLS)
        self._inbox = b""  # RFC 3207 section 4.2; commands smuggled in behind STARTTLS
        try:
            link = await self.loop.start_tls(
                self._link, self, context, server_side=True, ssl_handshake_timeout=_HANDSHAKE_SECONDS
            )
        except OSError:  # ssl.SSLError is one
            return False
        self.is_tls = link is not None
        self._link = link or self._link
        return self.is_tls

    async def _more(self) -> bool:
        """Wait for octets; False when there will be none."""
        if self._ended:
            return False
        if self._resting and self._link is not None:
            self._resting = False
            self._link.resume_reading()
        self._arrival = self.loop.create_future()
        await self._arrival
        return bool(self._inbox) or not self._ended

    def _wake(self) -> None:
        if self._arrival is not None:
            if not self._arrival.done():
                self._arrival.set_result(None)
            self._arrival = None


def _peer_of(transport: asyncio.BaseTransport) -> str:
    name: Any = transport.get_extra_info("peername")
    return plain_address(name[0]) if isinstance(name, tuple) else "unix"
