"""What the handlers work with: the one value that app.py builds and every handler is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from gateway.chatter.entries import EntryView
from gateway.chatter.lives import Lives
from gateway.chatter.post import Posting
from gateway.chatter.record_views import RecordView, RecordViews
from gateway.chatter.records import Records
from gateway.chatter.types import Types
from gateway.errors import StoreBusy
from gateway.inbound.accept import Acceptor, OwnDomain
from gateway.rules.token import Keys, Kind, Token, mint, week_of
from gateway.templating import Templates
from gateway.web.guesses import Guesses
from store.blobs import BlobStore
from store.models.views import ThreadView
from store.queries import listing
from store.session import Database, Session, StoreUnavailable

T = TypeVar("T")
_TRIES = 3


class Replay(Protocol):
    """``desk.replay``."""

    def __call__(
        self,
        session: Session,
        mail_id: int,
        now: datetime,
        record: tuple[str, str] | None = None,
        by: str = "",
    ) -> None: ...


class Release(Protocol):
    """``desk.release``."""

    def __call__(
        self, session: Session, mail_id: int, now: datetime, as_email: str | None = None, follow: bool | None = None,
        by: str = "", confirmed: bool = False,
    ) -> None: ...  # fmt: skip


class Discard(Protocol):
    """``desk.discard``."""

    def __call__(self, session: Session, mail_id: int, now: datetime, by: str = "") -> None: ...


class Rehearse(Protocol):
    """``Rehearsal.replay``."""

    def __call__(
        self, mail_id: int, record: tuple[str, str] | None = None, by: str = ""
    ) -> EntryView: ...  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a person can do with an entry of the ledger: of inbound/desk, and of inbound/rehearsal."""

    replay: Replay
    release: Release
    discard: Discard
    rehearse: Rehearse


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything behind the HTTP routes.

    domains: ours, the first is the default. base_url: under which browsers reach us, no slash at its end.
    outbox_dir: the Maildir that mail lands in, None when a relay is configured. max_upload, max_mail: octets of
    one file and of one mail. data_dir: whose disk must have room (/readyz). patience: seconds that an answer
    waits for the worker. guesses: who gave bad tokens.
    """

    database: Database
    blobs: BlobStore
    acceptor: Acceptor
    records: Records
    posting: Posting
    types: Types
    templates: Templates
    desk: Desk
    keys: Keys
    domains: Sequence[OwnDomain]
    base_url: str
    now: Callable[[], datetime]
    outbox_dir: Path | None
    data_dir: Path
    max_upload: int
    max_mail: int
    patience: float = 5.0
    guesses: Guesses = field(default_factory=Guesses)

    def read(self, work: Callable[[Session], T]) -> T:
        """Answer a question in a reading transaction. Raises StoreBusy."""
        try:
            with self.database.read() as session:
                return work(session)
        except StoreUnavailable as trouble:
            raise StoreBusy(str(trouble)) from trouble

    def write(self, work: Callable[[Session], T]) -> T:
        """Do something in one transaction; again when another did the same at once. Raises StoreBusy."""
        for tries_left in reversed(range(_TRIES)):
            try:
                with self.database.write() as session:
                    return work(session)
            except listing.Collision as trouble:
                if not tries_left:
                    raise StoreBusy(str(trouble)) from trouble
            except StoreUnavailable as trouble:
                raise StoreBusy(str(trouble)) from trouble
        raise AssertionError("unreachable")

    def thread(self, session: Session, record_type: str, key: str) -> ThreadView:
        """The thread of a record named in a path. Raises NotFound."""
        return self.records.get(session, record_type, key)

    def record_view(self, session: Session, thread: ThreadView) -> RecordView:
        """A record as it is shown."""
        return self.record_views.one(session, thread)

    @property
    def lives(self) -> Lives:
        """Deletes, renames, merges, splits and copies records."""
        return Lives(types=self.types, posting=self.posting)

    @property
    def shows_previews(self) -> bool:
        """Messages are shown with what their links lead to."""
        return self.posting.previews.enabled

    @property
    def record_views(self) -> RecordViews:
        """Shows records with their reply addresses."""
        return RecordViews(self.reply_address)

    def reply_address(self, thread: ThreadView, generation: int) -> str:
        """The record's own address: whoever writes there writes on the thread."""
        domain = next((domain for domain in self.domains if domain.name == thread.domain), self.domains[0])
        token = Token(
            Kind.REPLY, thread.id, 0, internal=False, generation=generation, week=week_of(self.now())
        )
        return f"{domain.reply}+{mint(token, self.keys)}@{domain.name}"


Given = NamedDependency[SkipValidation[Services]]
"""How a handler asks for the services: a parameter named ``services``."""
