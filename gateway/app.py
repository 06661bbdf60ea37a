"""The composition root: settings in, a running gateway out. Nobody else reads settings or constructs rooms.

A room is imported when it is first asked for: ``threadpost inject`` runs once a mail and needs a few of them.
"""

from __future__ import annotations

import base64
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway import clock
from gateway.data import data_dir
from gateway.errors import ConfigError
from gateway.keyring import load_or_create
from gateway.settings import Domain, Settings, Smtp, check
from gateway.settings.load import find_line
from store.bell import Bell
from store.blobs import BlobStore
from store.session import Database

if TYPE_CHECKING:
    from gateway.chatter.post import Posting
    from gateway.chatter.records import Records
    from gateway.chatter.types import Types
    from gateway.inbound.accept import Acceptor
    from gateway.inbound.admitting import HouseRules
    from gateway.inbound.authenticate import Trust
    from gateway.inbound.pipeline import Pipeline
    from gateway.inbound.reader import Reader
    from gateway.inbound.rehearsal import Rehearsal
    from gateway.inbound.worker import Worker
    from gateway.mail.dkim import Signer
    from gateway.outbound.channels import Channel
    from gateway.outbound.dispatcher import Dispatcher
    from gateway.outbound.events import EventDispatcher
    from gateway.outbound.house import House
    from gateway.outbound.previews import PreviewDispatcher
    from gateway.outbound.rounds import Rounds
    from gateway.receive.smtp import SmtpDoor
    from gateway.receive.tls import ServerTls
    from gateway.rules.limits import Limits
    from gateway.rules.own import OwnDomain
    from gateway.rules.preview import Which
    from gateway.schedule.jobs import Timetable
    from gateway.templating import Templates


class App:
    """All parts of one gateway, each built when first asked for. config_file: None = no file was given."""

    def __init__(self, settings: Settings, config_file: Path | None = None) -> None:
        self.settings = settings
        self.config_file = config_file
        self.directory = Path(settings.data.dir)
        self._certificates: list[ServerTls] = []

    # -- cellar --

    @cached_property
    def bell(self) -> Bell:
        return Bell()

    @cached_property
    def database(self) -> Database:
        with self._laid_to("data.dir"):
            self.directory.mkdir(parents=True, exist_ok=True)
        url = self.settings.data.database_url or f"sqlite:///{self.directory.absolute() / 'threadpost.db'}"
        with self._laid_to("data.database_url"):
            return Database(url, bell=self.bell)

    @contextmanager
    def _laid_to(self, setting: str) -> Iterator[None]:
        """Name the setting by which a place was chosen that cannot be used. Raises ConfigError."""
        try:
            yield
        except OSError as trouble:
            raise ConfigError(str(self.config_file or "defaults"), 0, setting, str(trouble)) from trouble

    @cached_property
    def blobs(self) -> BlobStore:
        return BlobStore(self.directory / "blobs")

    def prepare(self) -> None:
        """Check the settings, migrate the schema and seed the record types that are missing. Raises ConfigError."""
        from gateway.chatter.types import seed
        from store import schema

        refuse_what_cannot_work(self.settings, self.config_file)
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
        from gateway.chatter.types import Types

        return Types(self.database, self.bell)

    @cached_property
    def posting(self) -> Posting:
        from gateway.chatter.events import Events
        from gateway.chatter.post import Posting
        from gateway.chatter.previews import Previews

        return Posting(
            types=self.types,
            domain=self.settings.domains[0].name,
            new_header_id=_new_header_id,
            events=Events(self.bell),
            previews=Previews(self._which_links() if self.settings.previews.enabled else None),
            fanout=self.settings.limits.fanout_per_record_hour,
            language=self.settings.notify.language,
        )

    def _which_links(self) -> Which:
        from gateway.mail.links import host_of
        from gateway.rules.preview import Which

        previews = self.settings.previews
        own = {
            host_of(self.settings.web.base_url),
            *(domain.name.lower() for domain in self.settings.domains),
        }
        return Which(
            own=frozenset(own), most=previews.per_message, everyone=previews.authors == "everyone",
            allow_private=previews.allow_private,
        )  # fmt: skip

    @cached_property
    def records(self) -> Records:
        from gateway.chatter.records import Records

        names = tuple(domain.name for domain in self.settings.domains)
        return Records(types=self.types, posting=self.posting, domains=names)

    @cached_property
    def templates(self) -> Templates:
        from gateway.templating import Templates

        return Templates(data_dir("templates"), language=self.settings.notify.language)

    @cached_property
    def domains(self) -> list[OwnDomain]:
        from gateway.rules.own import OwnDomain

        return [
            OwnDomain(d.name, d.reply_prefix, d.bounce_prefix, d.leave_prefix, d.notifications, d.catchall)
            for d in self.settings.domains
        ]

    # -- inbound --

    @cached_property
    def acceptor(self) -> Acceptor:
        from gateway.inbound.accept import Acceptor

        return Acceptor(
            database=self.database, blobs=self.blobs, domains=self.domains, keys=self.keys, now=clock.now, bell=self.bell,
            in_memory=self.settings.smtp.spool_from,
        )  # fmt: skip

    @cached_property
    def trust(self) -> Trust:
        from gateway.inbound.authenticate import Hop, Peers, Trust

        auth = self.settings.auth
        hops = tuple(
            Hop(
                Peers(hop.peers),
                tuple(hop.authserv_ids),
                hop.xforward,
                tuple(map(_header_and_value, hop.spam_headers)),
            )
            for hop in auth.hops
        )
        own = frozenset(domain.name for domain in self.settings.domains)
        addresses = frozenset(f"{domain.notifications}@{domain.name}" for domain in self.domains)
        return Trust(own, Peers(auth.trusted_relays), hops, auth.dkim_aliases, addresses)

    @cached_property
    def reader(self) -> Reader:
        from gateway.inbound.reader import Reader

        return Reader(self.blobs, self.directory / "blobs")

    @cached_property
    def pipeline(self) -> Pipeline:
        from gateway.inbound.confirm import Confirmation
        from gateway.inbound.pipeline import Pipeline

        confirmation = Confirmation(
            base_url=self.settings.web.base_url,
            domain=self.settings.domains[0].name,
            new_header_id=_new_header_id,
        )
        return Pipeline(
            posting=self.posting, trust=self.trust, house=self._house_rules(), confirmation=confirmation,
            new_key=_new_key, limits=self._limits(), reply_weeks=self.settings.policy.reply_address_weeks,
            delivery_of=self.acceptor.delivery_of, most_received=self.settings.limits.received_headers,
        )  # fmt: skip

    @cached_property
    def rehearsal(self) -> Rehearsal:
        from gateway.inbound.rehearsal import Rehearsal

        return Rehearsal(
            database=self.database,
            reader=self.reader,
            pipeline=self.pipeline,
            trust=self.trust,
            now=clock.now,
        )

    def _house_rules(self) -> HouseRules:
        from gateway.inbound.admitting import HouseRules
        from gateway.rules.authorship import Policy
        from gateway.rules.policy import CLASSES

        policy = self.settings.policy
        classes = {name: getattr(policy, name) for name in CLASSES}
        freemail = frozenset(domain.lower() for domain in policy.freemail)
        return HouseRules(Policy(policy.outsiders, policy.auto_follow), classes, freemail)

    def _limits(self) -> Limits:
        from gateway.rules.limits import Limits

        limits = self.settings.limits
        return Limits(
            window=timedelta(minutes=limits.window_minutes), records=limits.records_per_author,
            mails=limits.mails_per_author, answers=limits.same_answers,
            exempt=frozenset(entry.lower() for entry in limits.exempt), proven=limits.count_proven_strangers,
        )  # fmt: skip

    def worker(self, number: int = 0) -> Worker:
        """A worker with a name that no other worker has."""
        from gateway.inbound.worker import Worker

        return Worker(
            database=self.database, pipeline=self.pipeline, reader=self.reader, trust=self.trust, bell=self.bell,
            now=clock.now, owner=_owner(f"worker{number}"), batch=self.settings.work.batch,
            crashes=self.settings.work.crashes,
        )  # fmt: skip

    def doors(self) -> list[SmtpDoor]:
        """The doors that are switched on."""
        from gateway.receive.lmtp import LmtpDoor
        from gateway.receive.smtp import SmtpDoor

        found: list[SmtpDoor] = []
        for kind, door in ((SmtpDoor, self.settings.smtp), (LmtpDoor, self.settings.lmtp)):
            if door.enabled:
                found.append(kind(self.acceptor, **self._door_arguments(door)))
        return found

    def _door_arguments(self, door: Smtp) -> dict[str, Any]:
        from gateway.receive.limits import Limits

        auth = self.settings.auth
        return {
            "host": door.host,
            "port": door.port,
            "path": Path(door.path) if door.path else None,
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
            "tls": self._tls(door),
        }  # fmt: skip

    def _tls(self, door: Smtp) -> ServerTls | None:
        if not door.tls_certificate:
            return None
        from gateway.receive.tls import ServerTls

        made = ServerTls(Path(door.tls_certificate), Path(door.tls_key) if door.tls_key else None)
        self._certificates.append(made)
        return made

    def reload_certificates(self) -> None:
        """Read the certificates of all doors again (SIGHUP); one that cannot be read stays as it was."""
        for certificate in self._certificates:
            certificate.reload()

    # -- outbound --

    @cached_property
    def house(self) -> House:
        from gateway.outbound.house import House, SendingDomain

        notify = self.settings.notify
        domains = tuple(
            SendingDomain(
                d.name, _signers(d), d.reply_prefix, d.bounce_prefix, d.leave_prefix, d.notifications
            )
            for d in self.settings.domains
        )
        return House(
            notify.brand, self.settings.web.base_url.rstrip("/"), domains, self.keys, notify.language
        )

    @property
    def outbox(self) -> Path | None:
        """The Maildir that mail lands in, None when a relay is configured."""
        url = self.settings.relay.url
        if url.startswith("maildir:"):
            return Path(url.removeprefix("maildir:"))
        return None if url else self.directory / "outbox"

    def channel(self) -> Channel:
        """The way out for mail: a relay, or the Maildir."""
        from gateway.outbound.channels.email import Email, Relay
        from gateway.outbound.channels.maildir import Maildir

        relay = self.settings.relay
        if self.outbox is not None:
            return Maildir(self.outbox, largest=relay.max_size)
        hop = Relay.of(relay.url)
        hop = replace(
            hop,
            user=relay.user or hop.user,
            password=relay.password or hop.password,
            starttls={"may": None, "must": True, "never": False}[relay.starttls],
        )
        return Email(
            hop, width=relay.pool, helo=relay.helo or socket.gethostname(), timeout=relay.timeout,
            largest=relay.max_size,
        )  # fmt: skip

    def dispatcher(self) -> Dispatcher:
        """The one that sends; asks for a running loop when started."""
        from gateway.outbound.dispatcher import Dispatcher
        from gateway.outbound.pipeline import Pipeline
        from gateway.outbound.render import Renderer

        pipeline = Pipeline(
            database=self.database, renderer=Renderer(self.templates, self.house, self.blobs), house=self.house,
            channels={"email": self.channel()}, owner=_owner("dispatcher"), clock=clock.now,
            access=lambda record_type: self.types.get(record_type).access,
        )  # fmt: skip
        return Dispatcher(pipeline=pipeline, database=self.database, bell=self.bell)

    # -- schedule --

    @cached_property
    def timetable(self) -> Timetable:
        from gateway.schedule.jobs import Means, Timetable

        return Timetable(Means(self.database, self.posting, self.types, self.blobs), clock.now)

    # -- calls over HTTP --

    def event_dispatcher(self) -> EventDispatcher | None:
        """The one that calls webhooks, None where they are switched off."""
        webhooks = self.settings.webhooks
        if not webhooks.enabled:
            return None
        from gateway.outbound.channels.webhook import WebhookChannel
        from gateway.outbound.events import EventDispatcher

        channel = WebhookChannel(timeout=webhooks.timeout, allow_private=webhooks.allow_private)
        return EventDispatcher(
            database=self.database, channel=channel, owner=_owner("webhooks"), clock=clock.now, bell=self.bell
        )

    def preview_dispatcher(self) -> PreviewDispatcher | None:
        """The one that looks at links, None where link previews are switched off."""
        previews = self.settings.previews
        if not previews.enabled:
            return None
        from gateway.outbound.previews import PreviewDispatcher
        from gateway.outbound.visitor import Visitor, visiting_guard

        guard = visiting_guard(timeout=previews.timeout, allow_private=previews.allow_private)
        visitor = Visitor(guard, may_be_asked=self._which_links().may_be_asked, timeout=previews.timeout)
        return PreviewDispatcher(
            database=self.database, visitor=visitor, owner=_owner("previews"), clock=clock.now, bell=self.bell,
            per_domain=previews.per_domain,
        )  # fmt: skip

    def callers(self) -> list[Rounds]:
        """What calls others over HTTP, as far as it is switched on."""
        return [one for one in (self.event_dispatcher(), self.preview_dispatcher()) if one is not None]

    # -- web --

    def web(self) -> Any:
        """The web application (ASGI)."""
        from gateway.inbound import desk
        from gateway.web.app import create_web
        from gateway.web.services import Desk, Services

        by_hand = Desk(
            replay=desk.replay, release=desk.release, discard=desk.discard, rehearse=self.rehearsal.replay
        )
        return create_web(
            Services(
                database=self.database, blobs=self.blobs, acceptor=self.acceptor, records=self.records,
                posting=self.posting, types=self.types, templates=self.templates, desk=by_hand, keys=self.keys,
                domains=self.domains, base_url=self.settings.web.base_url.rstrip("/"), now=clock.now,
                outbox_dir=self.outbox, data_dir=self.directory, max_upload=self.settings.web.max_upload,
                max_mail=self.settings.smtp.max_size,
            )
        )  # fmt: skip


def refuse_what_cannot_work(settings: Settings, file: Path | None) -> None:
    """Raise ConfigError for the first setting that is well-formed and yet wrong, with its line."""
    for problem in check(settings):
        setting, _, detail = problem.partition(": ")
        line = find_line(file.read_text(encoding="utf-8"), setting) if file is not None else 0
        raise ConfigError(str(file or "defaults"), line, setting, detail)


def _signers(domain: Domain) -> tuple[Signer, ...]:
    if not domain.dkim_key:
        return ()
    from gateway.mail.dkim import Signer

    try:
        return (Signer(domain.name, domain.dkim_selector, Path(domain.dkim_key).read_bytes()),)
    except (OSError, ValueError) as trouble:
        raise ConfigError(domain.dkim_key, 0, f"domains.{domain.name}.dkim_key", str(trouble)) from trouble


def _header_and_value(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name.strip().lower(), value.strip().lower()


def _new_header_id(domain: str) -> str:
    from gateway.mail import ids

    return ids.make(secrets.token_hex(16), domain)


def _new_key() -> str:
    return base64.b32encode(secrets.token_bytes(5)).decode().lower()


def _owner(what: str) -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{what}:{secrets.token_hex(3)}"
