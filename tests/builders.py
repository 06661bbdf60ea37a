"""Small worlds for tests: record types, partners, threads, mails and a pipeline on a given database."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.chatter.post import Posting
from gateway.chatter.records import RecordChange, Records
from gateway.chatter.types import Types, put
from gateway.inbound.accept import Acceptor, OwnDomain
from gateway.inbound.admitting import HouseRules
from gateway.inbound.authenticate import Hop, Peers, Trust
from gateway.inbound.confirm import Confirmation
from gateway.inbound.pipeline import Pipeline
from gateway.inbound.reader import Reader
from gateway.inbound.worker import Worker
from gateway.mail.envelope import Client, Envelope
from gateway.rules.authorship import Policy
from gateway.rules.limits import Limits
from gateway.rules.token import Keys, Kind, Token, mint
from store.blobs import BlobStore
from store.models.views import PartnerView, ThreadView
from store.queries import conversation, ledger
from store.queries import follower as followers
from store.queries import message as messages
from store.queries import partner as partners
from store.queries import types as type_store
from store.session import Database

DOMAIN = "threads.example.test"
KEYS = Keys({0: b"k" * 32}, 0)
HOP = "127.0.0.9"
AUTHSERV = "mx.example.com"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

TICKET = {
    "fields": [
        {"name": "stage", "label": "Stage", "type": "choice", "choices": {"new": "New", "won": "Won"}, "sequence": 10,
         "subtype": "stage_changed"},
        {"name": "amount", "label": "Amount", "type": "money", "currency": "EUR", "sequence": 20},
        {"name": "secret", "label": "Secret", "tracked": False},
    ],
    "subtypes": [
        {"name": "stage_changed", "label": "Stage changed", "internal": True},
        {"name": "rated", "label": "Rated"},
    ],
}  # fmt: skip


@dataclass
class World:
    """Everything between an accepted mail and the outbox, without sockets."""

    database: Database
    directory: Path
    policy: Policy = field(default_factory=Policy)
    automatic: str = "hold"
    classes: Mapping[str, str] = field(default_factory=dict)
    freemail: Sequence[str] = ()
    limits: Limits = field(default_factory=Limits)
    fanout: int = 600
    catchall: bool = False
    spam_headers: tuple[tuple[str, str], ...] = ()
    trusted: Sequence[str] = ()
    now: datetime = NOW

    def __post_init__(self) -> None:
        counter = itertools.count(1)
        self.blobs = BlobStore(self.directory / "blobs")
        self.types = Types(self.database, self.database.bell)
        self.posting = Posting(
            types=self.types,
            domain=DOMAIN,
            new_header_id=lambda d: f"<m{next(counter)}.{id(self)}@{d}>",
            fanout=self.fanout,
        )
        self.records = Records(types=self.types, posting=self.posting, domains=(DOMAIN,))
        self.acceptor = Acceptor(
            database=self.database, blobs=self.blobs, domains=[OwnDomain(DOMAIN, catchall=self.catchall)], keys=KEYS, now=lambda: self.now,
            bell=self.database.bell,
        )  # fmt: skip
        self.trust = Trust(
            frozenset({DOMAIN}), Peers(self.trusted),
            (Hop(Peers([HOP]), (AUTHSERV,), spam_headers=self.spam_headers),),
            own_addresses=frozenset({f"notifications@{DOMAIN}"}),
        )  # fmt: skip
        self.pipeline = Pipeline(
            posting=self.posting, trust=self.trust, limits=self.limits,
            house=HouseRules(self.policy, {"automatic": self.automatic, **self.classes}, self.freemail),
            confirmation=Confirmation(base_url="http://127.0.0.1", domain=DOMAIN,
                                      new_header_id=lambda d: f"<c{next(counter)}@{d}>"),
            new_key=lambda: f"key{next(counter)}", delivery_of=self.acceptor.delivery_of,
        )  # fmt: skip
        self.reader = Reader(self.blobs, self.directory / "blobs")
        self.worker = Worker(
            database=self.database, pipeline=self.pipeline, reader=self.reader, trust=self.trust,
            bell=self.database.bell, now=lambda: self.now, owner="w1",
        )  # fmt: skip
        with self.database.write() as session:
            put(session, "ticket", "Ticket", TICKET, self.now)
            type_store.put_alias(session, f"support@{DOMAIN}", "ticket", {"stage": "new"}, {}, self.now)

    def close(self) -> None:
        self.acceptor.close()
        self.reader.close()

    # -- a world to talk about --

    def partner(self, email: str, *, internal: bool = False, **columns: Any) -> PartnerView:
        name = email.partition("@")[0].capitalize()
        with self.database.write() as session:
            partner_id = partners.add(
                session,
                email=email,
                name=name,
                internal=internal,
                role="member" if internal else "",
                now=self.now,
            )
            if columns:
                partners.change(session, partner_id, columns)
            found = partners.by_id(session, partner_id)
        assert found is not None
        return found

    def ticket(
        self,
        key: str = "1",
        *,
        actor: str | None = None,
        followers: Sequence[PartnerView] = (),
        **values: Any,
    ) -> ThreadView:
        values.setdefault("title", f"Ticket {key}")
        with self.database.write() as session:
            thread, _ = self.records.put(session, RecordChange("ticket", key, values, actor), self.now)
            for follower in followers:
                self.follow(thread, follower, session=session)
        return thread

    def follow(self, thread: ThreadView, partner: PartnerView, *subtypes: str, session: Any = None) -> None:
        wishes = [(partner.id, frozenset(subtypes or {"discussions"}))]
        if session is not None:
            followers.follow(session, thread.id, wishes, reason="test", now=self.now)
            return
        with self.database.write() as own:
            followers.follow(own, thread.id, wishes, reason="test", now=self.now)

    # -- mail --

    def reply_address(
        self, thread: ThreadView, partner: PartnerView | None = None, *, internal: bool = False
    ) -> str:
        token = Token(Kind.REPLY, thread.id, partner.id if partner else 0, internal, 0, 46)
        return f"reply+{mint(token, KEYS)}@{DOMAIN}"

    def receive(
        self, raw: bytes, *to: str, reverse_path: str = "someone@elsewhere.test", client: Client | None = None, door: str = "smtp",
    ) -> int:  # fmt: skip
        """Accept a mail as a door would, work the ledger empty, answer the entry's id."""
        envelope = Envelope(reverse_path, tuple(to), client or Client("192.0.2.7"))
        targets = [self.acceptor.resolve_now(path) for path in to]
        mail_id = self.acceptor.accept_now(door, envelope, targets, raw)
        while self.worker.run_once():
            pass
        return mail_id

    def entry(self, mail_id: int) -> Any:
        with self.database.read() as session:
            return ledger.entry(session, mail_id)

    def targets(self, mail_id: int) -> list[Any]:
        with self.database.read() as session:
            return ledger.targets_of(session, [mail_id])[mail_id]

    def messages(self, thread: ThreadView) -> list[Any]:
        """Oldest first, without the log entry that says the record was created."""
        with self.database.read() as session:
            page = conversation.page(session, thread.id, limit=200)
        return [row for row in reversed(page) if not row.body_text.endswith(" created")]

    def notices(self, message_id: int) -> dict[str, tuple[str, str]]:
        """email -> (state, reason)."""
        with self.database.read() as session:
            rows = messages.notices_of(session, [message_id])[message_id]
        return {row.email: (row.delivery_state or row.state, row.reason) for row in rows}

    def followers(self, thread: ThreadView) -> set[str]:
        with self.database.read() as session:
            return {row.email for row in followers.followers(session, thread.id, limit=200)}


def hop_client() -> Client:
    """A mail that came through the configured hop."""
    return Client(HOP, peer=HOP)


def stamped(raw: bytes, author_domain: str, result: str = "pass") -> bytes:
    """The mail with what the hop writes on top."""
    stamp = f"Authentication-Results: {AUTHSERV}; dmarc={result} header.from={author_domain}\r\n"
    return stamp.encode() + raw


_ids = itertools.count(1)


def a_mail(
    author: str, *, to: str = "support@threads.example.test", subject: str = "Hello", text: str = "Hello there.",
    message_id: str | None = "", extra: str = "",
) -> bytes:  # fmt: skip
    """A plain mail. message_id: "" = a new one, None = none at all. extra: further header fields, CRLF-ended."""
    field_ = (
        f"Message-ID: <t{next(_ids)}@test.example>\r\n"
        if message_id == ""
        else f"Message-ID: {message_id}\r\n"
        if message_id
        else ""
    )
    return (
        f"From: {author}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: Mon, 23 Nov 2026 12:00:00 +0000\r\n{field_}{extra}"
        f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    ).encode()
