"""The SMTP door: a listening socket, its sessions, and how it is closed without losing a mail."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import structlog

from gateway.inbound.accept import Acceptor
from gateway.inbound.authenticate import Hop
from gateway.receive import reply
from gateway.receive.clients import Clients
from gateway.receive.dialogue import Counter
from gateway.receive.limits import Census, Limits, Standing
from gateway.receive.session import Session
from gateway.receive.tls import ServerTls

MAX_SIZE = 50 * 1024 * 1024
_BACKLOG = 1024
_UNIX_MODE = 0o660


class SmtpDoor:
    """Serves SMTP on a TCP address, a unix socket, or a socket that was opened for us.

    host, port: 0 takes a free port, see ``port`` after the start. path: a unix socket instead. listener: a
    bound socket instead (socket activation). name: what the ledger calls this door. postmaster_domain:
    where ``<postmaster>`` without domain lives. tls: offers STARTTLS. hops: front MTAs, of which those with
    xforward may tell the true client. trusted_relays: IP, CIDR or "unix"; neither they nor hops are throttled.
    """

    session: ClassVar[type[Session]] = Session

    def __init__(
        self,
        acceptor: Acceptor,
        *,
        hostname: str,
        postmaster_domain: str,
        host: str = "127.0.0.1",
        port: int = 0,
        path: Path | None = None,
        listener: socket.socket | None = None,
        name: str = "smtp",
        max_size: int = MAX_SIZE,
        max_recipients: int = 200,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        hops: Sequence[Hop] = (),
        trusted_relays: Sequence[str] = (),
        tls: ServerTls | None = None,
        log: Any = None,
    ) -> None:
        self._host, self._port, self._path, self._listener = host, port, path, listener
        self._server: asyncio.Server | None = None
        self._watch: asyncio.Task[None] | None = None
        self._counter = Counter(
            acceptor=acceptor, name=name, hostname=hostname, postmaster_domain=postmaster_domain,
            max_size=max_size, max_recipients=max_recipients, limits=limits,
            standing=Standing(hops, trusted_relays), tls=tls, log=(log or structlog.get_logger()).bind(door=name),
            census=Census(limits), clients=Clients(limits),
        )  # fmt: skip

    @property
    def port(self) -> int:
        """The TCP port that is served; 0 before the start and on a unix socket."""
        if self._server is None or self._path is not None:
            return 0
        name = self._server.sockets[0].getsockname()
        return int(name[1]) if isinstance(name, tuple) else 0

    @property
    def sessions(self) -> int:
        """How many sessions are open."""
        return len(self._counter.census.sessions)

    async def start(self) -> None:
        """Listen. Raises OSError when the address is taken."""
        loop = asyncio.get_running_loop()

        def open_session() -> Session:
            return self.session(self._counter, loop)

        if self._path is not None:
            self._server = await loop.create_unix_server(open_session, str(self._path), backlog=_BACKLOG)
            os.chmod(self._path, _UNIX_MODE)
        elif self._listener is not None:
            self._server = await loop.create_server(open_session, sock=self._listener, backlog=_BACKLOG)
        else:
            self._server = await loop.create_server(open_session, self._host, self._port, backlog=_BACKLOG)
        self._watch = loop.create_task(self._watch_deadlines())

    async def stop(self, drain_seconds: float = 10.0) -> None:
        """Close: no new session, 421 to those that wait, time for a mail that is under way, then 421."""
        if self._server is None:
            return
        self._counter.is_closing = True
        self._server.close()
        for session in self._open():
            if not session.is_busy:
                session.dismiss(reply.SHUTTING_DOWN)
        await self._emptied(drain_seconds)
        for session in self._open():
            session.dismiss(reply.SHUTTING_DOWN)
        await self._emptied(1.0)
        for session in self._open():
            session.cut()
        if self._watch is not None:
            self._watch.cancel()
        if self._path is not None:
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()
        self._server = None

    def _open(self) -> list[Session]:
        return [guest for guest in self._counter.census.sessions if isinstance(guest, Session)]

    async def _emptied(self, seconds: float) -> None:
        """Wait until no session is left, at most so long."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._counter.census.emptied.wait(), seconds)

    async def _watch_deadlines(self) -> None:
        """Close sessions whose time has run out; one look a second costs less than a timer a command."""
        limits = self._counter.limits
        pause = min(1.0, limits.command_seconds / 4, limits.chunk_seconds / 4, limits.data_seconds / 4)
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(pause)
            now = loop.time()
            for session in self._open():
                if session.deadline < now:
                    self._counter.log.info("session timed out", peer=session.peer)
                    session.dismiss(reply.TIMED_OUT)
