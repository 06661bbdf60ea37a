"""What would become of an entry of the ledger if it were replayed: the true journey, rolled back at its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from msgspec.structs import replace

from gateway.chatter.entries import EntryView, ledger_entry
from gateway.errors import Conflict, NotFound
from gateway.inbound import desk
from gateway.inbound.authenticate import Trust, spam_headers
from gateway.inbound.pipeline import Pipeline
from gateway.inbound.reader import Reader, ReadingFailed
from gateway.inbound.reading import Reading
from gateway.inbound.worker import enter, taken_up
from gateway.mail.envelope import Client
from store.blobs import BlobDamaged
from store.queries import inbound, ledger
from store.queries import thread as threads
from store.session import Database, Session, StoreUnavailable

log = structlog.get_logger("inbound")

_OWNER = "rehearsal"


class Rehearsal:
    """Replays entries without keeping anything or telling anybody."""

    def __init__(
        self, *, database: Database, reader: Reader, pipeline: Pipeline, trust: Trust, now: Callable[[], datetime]
    ) -> None:  # fmt: skip
        self._database = database
        self._reader = reader
        self._pipeline = pipeline
        self._trust = trust
        self._now = now

    def replay(self, mail_id: int, record: tuple[str, str] | None = None, by: str = "") -> EntryView:
        """The entry as ``desk.replay`` with these arguments would leave it, with its trace.

        What would only then come to be has no name yet: a target names no new record and no message. Raises what ``desk.replay``
        raises, and Conflict when the mail would make us fail or its octets were purged.
        """
        reading = self._read(mail_id)
        with self._database.rehearse() as session:
            desk.replay(session, mail_id, self._now(), record, by)
            try:
                self._carry(session, mail_id, reading)
            except StoreUnavailable:
                raise
            except Exception as trouble:
                log.exception("a rehearsal stumbled", mail=mail_id)
                raise Conflict(f"it would fail: {type(trouble).__name__}: {trouble}") from trouble
            entry = ledger_entry(session, mail_id)
        return self._without_new(entry)

    def _read(self, mail_id: int) -> Reading:
        """Read the mail, before the transaction; one that failed already in the child."""
        with self._database.read() as session:
            row = ledger.entry(session, mail_id)
        if row is None:
            raise NotFound(f"there is no entry {mail_id} in the ledger")
        if row.raw is None and row.blob is None:
            raise Conflict(f"the octets of entry {mail_id} were purged")
        try:
            return self._reader.read(
                raw=None if row.raw is None else bytes(row.raw), blob=row.blob, size=row.size,
                reverse_path=row.reverse_path, spam_headers=spam_headers(Client(**row.client), self._trust),
                carefully=row.state == "failed",
            )  # fmt: skip
        except (ReadingFailed, OSError, BlobDamaged) as trouble:
            raise Conflict(f"it cannot be read: {trouble}") from trouble

    def _carry(self, session: Session, mail_id: int, reading: Reading) -> None:
        now = self._now()
        claimed = inbound.claim_one(session, mail_id, owner=_OWNER, now=now, until=now + timedelta(minutes=1))
        work = taken_up(claimed, reading)
        enter(session, work, self._pipeline.process(session, work.arrived, work.targets, now), owner=_OWNER)

    def _without_new(self, entry: EntryView) -> EntryView:
        """Without the names of what was rolled back."""
        named = {(one.record.type, one.record.key) for one in entry.targets if one.record}
        with self._database.read() as session:
            known = threads.by_keys(session, named)
        targets = [
            replace(
                one, message=None if one.state == "posted" else one.message,
                record=one.record if one.record and (one.record.type, one.record.key) in known else None,
            )
            for one in entry.targets
        ]  # fmt: skip
        return replace(entry, targets=targets)
