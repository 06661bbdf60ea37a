"""The life of a served gateway: lock, start the roles, wait for a signal, drain. No mail is lost, none is cut in half."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Collection
from typing import TextIO

import structlog

from gateway import clock
from gateway.app import App
from gateway.errors import ConfigError
from store.queries import inbound

log = structlog.get_logger("life")

ROLES = ("receive", "work", "web", "schedule")
_DRAIN_SECONDS = 8.0


def run(app: App, roles: Collection[str], ready: Callable[[], None] = lambda: None) -> None:
    """Serve on uvloop until a signal ends it. Raises ConfigError when an address is taken."""
    import uvloop

    sys.setswitchinterval(0.002)  # the loop must answer its peers while a worker thread parses
    try:
        uvloop.run(serve(app, roles, ready))
    except OSError as trouble:
        raise ConfigError(str(app.config_file or "defaults"), 0, "port", str(trouble)) from trouble


async def serve(app: App, roles: Collection[str], ready: Callable[[], None] = lambda: None) -> None:
    """Run these roles until SIGTERM or SIGINT, then drain: no mail is lost, none is cut in half."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, app.reload_certificates)
    async with contextlib.AsyncExitStack() as stack:
        is_alone = _lock(app, stack, roles)
        app.bell.hear_others(app.database)
        stack.callback(app.bell.stop)
        if "work" in roles:
            await stack.enter_async_context(_working(app, free_leases=is_alone))
        if "schedule" in roles and app.settings.schedule.enabled:
            await stack.enter_async_context(_ticking(app))
        if "web" in roles:
            await stack.enter_async_context(_answering(app))
        if "receive" in roles:
            await stack.enter_async_context(_receiving(app))
        log.info("ready", roles=",".join(sorted(roles)))
        ready()
        await stop.wait()
        log.info("stopping")
    app.database.close()


def _lock(app: App, stack: contextlib.AsyncExitStack, roles: Collection[str]) -> bool:
    """Hold one lock file a role; answers whether dead leases may be freed. Raises ConfigError."""
    app.directory.mkdir(parents=True, exist_ok=True)
    for role in sorted(roles):
        file: TextIO = stack.enter_context(open(app.directory / f"serve-{role}.lock", "w"))  # noqa: SIM115
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as trouble:
            detail = f"another process serves {role} from {app.directory}"
            raise ConfigError(str(app.config_file or "defaults"), 0, "data.dir", detail) from trouble
    return (
        not app.database.is_postgresql
    )  # there, leases may belong to another machine and run out by themselves


@contextlib.asynccontextmanager
async def _receiving(app: App) -> AsyncIterator[None]:
    doors = app.doors()
    for door in doors:
        await door.start()
    try:
        yield
    finally:
        await asyncio.gather(*(door.stop(_DRAIN_SECONDS) for door in doors))
        await asyncio.to_thread(app.acceptor.close)


@contextlib.asynccontextmanager
async def _working(app: App, *, free_leases: bool) -> AsyncIterator[None]:
    if free_leases:
        await asyncio.to_thread(_free_leases, app)
    workers = [app.worker(number) for number in range(app.settings.work.threads)]
    dispatcher = app.dispatcher()
    await dispatcher.start(free_leases=free_leases)
    callers = app.callers()
    for caller in callers:
        await caller.start(free_leases=free_leases)
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        for worker in workers:
            await asyncio.to_thread(worker.stop)
        await dispatcher.stop()
        for caller in callers:
            await caller.stop()
        await asyncio.to_thread(app.reader.close)


def _free_leases(app: App) -> None:
    with app.database.write() as session:
        inbound.free_leases(session, clock.now())


@contextlib.asynccontextmanager
async def _ticking(app: App) -> AsyncIterator[None]:
    app.timetable.start()
    try:
        yield
    finally:
        await asyncio.to_thread(app.timetable.stop)


@contextlib.asynccontextmanager
async def _answering(app: App) -> AsyncIterator[None]:
    import uvicorn

    web = app.settings.web
    config = uvicorn.Config(
        app.web(), host=web.host, port=web.port, log_config=None, access_log=False,
        lifespan="on", timeout_graceful_shutdown=5, server_header=False, loop="none",
    )  # fmt: skip
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment] # SIGTERM is ours
    listener = _bind(web.host, web.port)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.02)
        if serving.done():
            serving.result()
        yield
    finally:
        server.should_exit = True
        await serving


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener
