"""The composition root: settings in, a running gateway out. Nobody else reads settings or constructs rooms."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import fcntl
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO

import structlog

from gateway import clock
from gateway.chatter.post import Posting
from gateway.chatter.records import Records
from gateway.chatter.types import Types, seed
from gateway.data import data_dir
from gateway.errors import ConfigError
from gateway.inbound import desk
from gateway.inbound.accept import Acceptor, OwnDomain
from gateway.inbound.authenticate import Hop, Peers, Trust
from gateway.inbound.confirm import Confirmation
from gateway.inbound.pipeline import Pipeline
from gateway.inbound.reader import Reader
from gateway.inbound.worker import Worker
from gateway.keyring import load_or_create
from gateway.mail import ids
from gateway.mail.dkim import Signer
from gateway.outbound.channels import Channel
from gateway.outbound.channels.email import Email, Relay
from gateway.outbound.channels.maildir import Maildir
from gateway.outbound.dispatcher import Dispatcher
from gateway.outbound.house import House, SendingDomain
from gateway.outbound.pipeline import Pipeline as OutboundPipeline
from gateway.outbound.render import Renderer
from gateway.receive.limits import Limits
from gateway.receive.lmtp import LmtpDoor
from gateway.receive.smtp import SmtpDoor
from gateway.receive.tls import server_context
from gateway.rules.authorship import Policy
from gateway.schedule.jobs import Timetable
from gateway.settings import Domain, Settings, Smtp
from gateway.templating import Templates
from store import schema
from store.bell import Bell
from store.blobs import BlobStore
from store.queries import inbound as ledger
from store.session import Database

log = structlog.get_logger("app")

ROLES = ("receive", "work", "web", "schedule")
_DRAIN_SECONDS = 8.0


class App:
    """All parts of one gateway, each built when first asked for. config_file: None = no file was given."""

    def __init__(self, settings: Settings, config_file: Path | None = None) -> None:
        self.settings = settings
        self.config_file = config_file
        self.directory = Path(settings.data.dir)

    # -- cellar --

    @cached_property
    def bell(self) -> Bell:
        return Bell()

    @cached_property
    def database(self) -> Database:
        self.directory.mkdir(parents=True, exist_ok=True)
        url = self.settings.data.database_url or f"sqlite:///{self.directory.absolute() / 'threadpost.db'}"
        return Database(url, bell=self.bell)

    @cached_property
    def blobs(self) -> BlobStore:
        return BlobStore(self.directory / "blobs")

    def prepare(self) -> None:
        """Migrate the schema and seed the record types that are missing. Raises ConfigError."""
        schema.upgrade(self.database)
        with self.database.write() as session:
            seed(session, self._record_types_file(), domain=self.settings.domains[0].name, now=clock.now())

    def _record_types_file(self) -> Path:
        if self.config_file is not None:
            beside = self.config_file.parent / "record_types.toml"
            if beside.exists():
                return beside
        return data_dir("config") / "record_types.toml"

    # -- living room --

    @cached_property
    def keys(self) -> Any:
        return load_or_create(self.directory / "keys.toml")

    @cached_property
    def types(self) -> Types:
        return Types(self.database, self.bell)

    @cached_property
    def posting(self) -> Posting:
        return Posting(types=self.types, domain=self.settings.domains[0].name, new_header_id=_new_header_id)

    @cached_property
    def records(self) -> Records:
        names = tuple(domain.name for domain in self.settings.domains)
        return Records(types=self.types, posting=self.posting, domains=names)

    @cached_property
    def templates(self) -> Templates:
        return Templates(data_dir("templates"), language=self.settings.notify.language)

    @cached_property
    def domains(self) -> list[OwnDomain]:
        return [
            OwnDomain(d.name, d.reply_prefix, d.bounce_prefix, d.leave_prefix, d.notifications, d.catchall)
            for d in self.settings.domains
        ]

    # -- inbound --

    @cached_property
    def acceptor(self) -> Acceptor:
        return Acceptor(
            database=self.database, blobs=self.blobs, domains=self.domains, keys=self.keys, now=clock.now, bell=self.bell,
            in_memory=self.settings.smtp.spool_from,
        )  # fmt: skip

    @cached_property
    def trust(self) -> Trust:
        auth = self.settings.auth
        hops = tuple(
            Hop(Peers(hop.peers), tuple(hop.authserv_ids), hop.xforward, tuple(map(_header_and_value, hop.spam_headers)))
            for hop in auth.hops
        )
        own = frozenset(domain.name for domain in self.settings.domains)
        return Trust(own, Peers(auth.trusted_relays), hops, auth.dkim_aliases)

    @cached_property
    def reader(self) -> Reader:
        return Reader(self.blobs, self.directory / "blobs")

    @cached_property
    def pipeline(self) -> Pipeline:
        policy = self.settings.policy
        confirmation = Confirmation(
            base_url=self.settings.web.base_url, domain=self.settings.domains[0].name, new_header_id=_new_header_id
        )
        return Pipeline(
            posting=self.posting, trust=self.trust, policy=Policy(policy.outsiders, policy.auto_follow),
            automatic=policy.automatic, confirmation=confirmation, new_key=_new_key,
        )  # fmt: skip

    def worker(self, number: int = 0) -> Worker:
        """A worker with a name that no other worker has."""
        return Worker(
            database=self.database, pipeline=self.pipeline, reader=self.reader, trust=self.trust, bell=self.bell,
            now=clock.now, owner=_owner(f"worker{number}"), batch=self.settings.work.batch,
            crashes=self.settings.work.crashes,
        )  # fmt: skip

    def doors(self) -> list[SmtpDoor]:
        """The doors that are switched on."""
        found: list[SmtpDoor] = []
        for kind, door in ((SmtpDoor, self.settings.smtp), (LmtpDoor, self.settings.lmtp)):
            if door.enabled:
                found.append(kind(self.acceptor, **self._door_arguments(door)))
        return found

    def _door_arguments(self, door: Smtp) -> dict[str, Any]:
        auth = self.settings.auth
        key = Path(door.tls_key) if door.tls_key else None
        tls = server_context(Path(door.tls_certificate), key) if door.tls_certificate else None
        return {
            "host": door.host,
            "port": door.port,
            "hostname": door.hostname or socket.gethostname(),
            "postmaster_domain": self.settings.domains[0].name,
            "max_size": door.max_size,
            "max_recipients": door.max_recipients,
            "limits": Limits(
                connections=door.max_connections, connections_per_client=door.max_connections_per_client,
                command_seconds=door.command_timeout, data_seconds=door.data_timeout,
            ),
            "hops": self.trust.hops,
            "trusted_relays": auth.trusted_relays,
            "tls": tls,
        }  # fmt: skip

    # -- outbound --

    @cached_property
    def house(self) -> House:
        notify = self.settings.notify
        domains = tuple(
            SendingDomain(d.name, _signers(d), d.reply_prefix, d.bounce_prefix, d.leave_prefix, d.notifications)
            for d in self.settings.domains
        )
        return House(notify.brand, self.settings.web.base_url.rstrip("/"), domains, self.keys, notify.language)

    @property
    def outbox(self) -> Path | None:
        """The Maildir that mail lands in, None when a relay is configured."""
        url = self.settings.relay.url
        if url.startswith("maildir:"):
            return Path(url.removeprefix("maildir:"))
        return None if url else self.directory / "outbox"

    def channel(self) -> Channel:
        """The way out for mail: a relay, or the Maildir."""
        relay = self.settings.relay
        if self.outbox is not None:
            return Maildir(self.outbox)
        hop = Relay.of(relay.url)
        hop = replace(hop, user=relay.user or hop.user, password=relay.password or hop.password,
                      starttls={"may": None, "must": True, "never": False}[relay.starttls])
        return Email(hop, width=relay.pool, helo=relay.helo or socket.gethostname(), timeout=relay.timeout)

    def dispatcher(self) -> Dispatcher:
        """The one that sends; asks for a running loop when started."""
        pipeline = OutboundPipeline(
            database=self.database, renderer=Renderer(self.templates, self.house, self.blobs), house=self.house,
            channels={"email": self.channel()}, owner=_owner("dispatcher"), clock=clock.now,
        )  # fmt: skip
        return Dispatcher(pipeline=pipeline, database=self.database, bell=self.bell)

    # -- web --

    def web(self) -> Any:
        """The web application (ASGI)."""
        from gateway.web.app import create_web  # the HTTP framework is most of our start-up time

        return create_web(
            database=self.database, blobs=self.blobs, acceptor=self.acceptor, records=self.records, posting=self.posting,
            types=self.types, templates=self.templates, replay=desk.replay, release=desk.release, discard=desk.discard,
            keys=self.keys, domains=self.domains, base_url=self.settings.web.base_url.rstrip("/"), now=clock.now,
            outbox_dir=self.outbox, data_dir=self.directory, max_upload=self.settings.web.max_upload,
            max_mail=self.settings.smtp.max_size,
        )  # fmt: skip

    # -- life --

    async def serve(self, roles: Collection[str], ready: Callable[[], None] = lambda: None) -> None:
        """Run these roles until SIGTERM or SIGINT, then drain: no mail is lost, none is cut in half."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        async with contextlib.AsyncExitStack() as stack:
            is_alone = self._lock(stack, roles)
            self.bell.hear_others(self.database)
            stack.callback(self.bell.stop)
            if "work" in roles:
                await stack.enter_async_context(self._working(free_leases=is_alone))
            if "schedule" in roles:
                await stack.enter_async_context(self._ticking())
            if "web" in roles:
                await stack.enter_async_context(self._answering())
            if "receive" in roles:
                await stack.enter_async_context(self._receiving())
            log.info("ready", roles=",".join(sorted(roles)))
            ready()
            await stop.wait()
            log.info("stopping")
        self.database.close()

    def _lock(self, stack: contextlib.AsyncExitStack, roles: Collection[str]) -> bool:
        """Hold one lock file a role; answers whether dead leases may be freed. Raises ConfigError."""
        self.directory.mkdir(parents=True, exist_ok=True)
        for role in sorted(roles):
            file: TextIO = stack.enter_context(open(self.directory / f"serve-{role}.lock", "w"))  # noqa: SIM115
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as trouble:
                detail = f"another process serves {role} from {self.directory}"
                raise ConfigError(str(self.config_file or "defaults"), 0, "data.dir", detail) from trouble
        return not self.database.is_postgresql  # there, leases may belong to another machine and run out by themselves

    @contextlib.asynccontextmanager
    async def _receiving(self) -> AsyncIterator[None]:
        doors = self.doors()
        for door in doors:
            await door.start()
        try:
            yield
        finally:
            await asyncio.gather(*(door.stop(_DRAIN_SECONDS) for door in doors))
            await asyncio.to_thread(self.acceptor.close)

    @contextlib.asynccontextmanager
    async def _working(self, *, free_leases: bool) -> AsyncIterator[None]:
        if free_leases:
            await asyncio.to_thread(self._free_leases)
        workers = [self.worker(number) for number in range(self.settings.work.threads)]
        dispatcher = self.dispatcher()
        await dispatcher.start(free_leases=free_leases)
        for worker in workers:
            worker.start()
        try:
            yield
        finally:
            for worker in workers:
                await asyncio.to_thread(worker.stop)
            await dispatcher.stop()
            await asyncio.to_thread(self.reader.close)

    def _free_leases(self) -> None:
        with self.database.write() as session:
            ledger.free_leases(session, clock.now())

    @contextlib.asynccontextmanager
    async def _ticking(self) -> AsyncIterator[None]:
        timetable = Timetable(self.database, clock.now)
        timetable.start()
        try:
            yield
        finally:
            await asyncio.to_thread(timetable.stop)

    @contextlib.asynccontextmanager
    async def _answering(self) -> AsyncIterator[None]:
        import uvicorn

        web = self.settings.web
        config = uvicorn.Config(
            self.web(), host=web.host, port=web.port, log_config=None, access_log=False,
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


def run(app: App, roles: Collection[str], ready: Callable[[], None] = lambda: None) -> None:
    """Serve on uvloop until a signal ends it. Raises ConfigError when an address is taken."""
    import uvloop

    sys.setswitchinterval(0.002)  # the loop must answer its peers while a worker thread parses
    try:
        uvloop.run(app.serve(roles, ready))
    except OSError as trouble:
        raise ConfigError(str(app.config_file or "defaults"), 0, "port", str(trouble)) from trouble


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener


def _signers(domain: Domain) -> tuple[Signer, ...]:
    if not domain.dkim_key:
        return ()
    try:
        return (Signer(domain.name, domain.dkim_selector, Path(domain.dkim_key).read_bytes()),)
    except (OSError, ValueError) as trouble:
        raise ConfigError(domain.dkim_key, 0, f"domains.{domain.name}.dkim_key", str(trouble)) from trouble


def _header_and_value(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name.strip().lower(), value.strip().lower()


def _new_header_id(domain: str) -> str:
    return ids.make(secrets.token_hex(16), domain)


def _new_key() -> str:
    return base64.b32encode(secrets.token_bytes(5)).decode().lower()


def _owner(what: str) -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{what}:{secrets.token_hex(3)}"
