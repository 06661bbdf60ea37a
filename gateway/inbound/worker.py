"""Work the ledger: claim accepted mail, carry each to its end, keep the trace; retry what fails for our reasons.

Several mails share a transaction under load. When one of them raises, the batch is rolled back and each
mail gets its own. A mail that makes us fail three times is set aside as ``failed`` with the traceback.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from gateway.inbound.authenticate import Trust, spam_headers
from gateway.inbound.case import Arrived, decision_of
from gateway.inbound.lookup import author_address
from gateway.inbound.outcome import Outcome, Trace, worst
from gateway.inbound.pipeline import Pipeline
from gateway.inbound.reader import Reader
from gateway.inbound.reading import Reading
from gateway.mail.envelope import Client
from gateway.rules.routing import Target, from_row
from store.bell import Bell
from store.models.views import ClaimedMail
from store.queries import inbound
from store.queries.twins import Place, absorb_twins
from store.session import Database, Session, StoreUnavailable

log = structlog.get_logger("inbound")

LEASE = timedelta(seconds=60)
_RENEW_SECONDS = 20.0
_CLAIMS_AT_MOST = 8  # a mail claimed this often without any end kills its worker
_IDLE_SECONDS = 5.0
_PATIENCE = (0.0, 0.5, 2.0)  # seconds to wait before each try of a mail alone


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed mail that was read."""

    claimed: ClaimedMail
    arrived: Arrived
    targets: tuple[Target, ...]


class Worker:
    """One thread that works the ledger. owner: a name no other worker has; crashes: how many set a mail aside."""

    def __init__(
        self,
        *,
        database: Database,
        pipeline: Pipeline,
        reader: Reader,
        trust: Trust,
        bell: Bell,
        now: Callable[[], datetime],
        owner: str,
        batch: int = 16,
        crashes: int = 3,
    ) -> None:
        self._database = database
        self._pipeline = pipeline
        self._reader = reader
        self._trust = trust
        self._now = now
        self._owner = owner
        self._batch = batch
        self._crashes = crashes
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"worker {owner}", daemon=True)
        self._forget = bell.listen("inbound", self._wake.set)

    def start(self) -> None:
        """Begin to work."""
        self._wake.set()
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch at hand, then end."""
        self._forget()
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout=60)

    def run_once(self) -> int:
        """Work one batch; answers how many mails it held. Raises StoreUnavailable."""
        now = self._now()
        with self._database.write() as session:
            claimed = inbound.claim(
                session, owner=self._owner, now=now, until=now + LEASE, at_most=self._batch
            )
        if claimed:
            self._finish_all(self._read_all(claimed))
        return len(claimed)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                while self.run_once() and not self._stop.is_set():
                    pass
                pause = self._pause()
            except StoreUnavailable as trouble:
                log.warning("store unavailable", trouble=str(trouble))
                pause = 1.0
            except Exception:
                log.exception("the worker stumbled")
                pause = 1.0
            self._wake.wait(pause)

    def _pause(self) -> float:
        """How long nothing can become due, seconds."""
        with self._database.read() as session:
            due = inbound.next_due(session)
        if due is None:
            return _IDLE_SECONDS
        return min(_IDLE_SECONDS, max(0.01, (due - self._now()).total_seconds()))

    def _read_all(self, claimed: Sequence[ClaimedMail]) -> list[Work]:
        works, renewed = [], time.monotonic()
        for mail in claimed:
            if time.monotonic() - renewed > _RENEW_SECONDS:
                self._renew(claimed)
                renewed = time.monotonic()
            try:
                works.append(self._read(mail))
            except StoreUnavailable:
                raise
            except Exception as trouble:  # noqa: BLE001 - counted, traced, retried or set aside
                self._stumbled(mail, trouble)
        return works

    def _read(self, mail: ClaimedMail) -> Work:
        return read_claimed(mail, self._reader, self._trust)

    def _finish_all(self, works: Sequence[Work]) -> None:
        try:
            with self._database.write() as session:
                for work in works:
                    self._finish(session, work)
        except Exception as trouble:  # noqa: BLE001 - each mail of the batch is tried alone and judged alone
            log.info("a batch is taken apart", mails=len(works), trouble=type(trouble).__name__)
            for work in works:
                self._finish_alone(work)

    def _finish_alone(self, work: Work) -> None:
        """End one mail; a store that is away for a moment is waited for, while the lease lives."""
        for pause in _PATIENCE:
            self._stop.wait(pause)
            try:
                with self._database.write() as session:
                    self._finish(session, work)
            except StoreUnavailable as trouble:
                log.warning("store unavailable", mail=work.claimed.id, trouble=str(trouble))
            except inbound.LeaseLost as trouble:
                log.warning("lease lost", mail=work.claimed.id, trouble=str(trouble))
                return
            except Exception as trouble:  # noqa: BLE001 - counted, traced, retried or set aside
                self._stumbled(work.claimed, trouble)
                return
            else:
                return

    def _finish(self, session: Session, work: Work) -> None:
        now = self._now()
        ends = self._pipeline.process(session, work.arrived, work.targets, now)
        enter(session, work, ends, owner=self._owner)
        for outcome, _ in ends:
            log.info(
                "mail " + outcome.state, mail=work.claimed.id, reason=outcome.reason, thread=outcome.thread_id
            )

    def _stumbled(self, mail: ClaimedMail, trouble: BaseException) -> None:
        """Retry a mail that made us fail, or set it aside after the last try."""
        attempts = max(target.attempts for target in mail.targets)
        log.error("mail stumbled", mail=mail.id, attempts=attempts, exc_info=trouble)
        with self._database.write() as session:
            for target in mail.targets:
                if attempts < self._crashes:
                    due = self._now() + timedelta(seconds=2**attempts)
                    inbound.try_again(
                        session,
                        target,
                        owner=self._owner,
                        due=due,
                        reason=f"{type(trouble).__name__}: {trouble}",
                    )
                    continue
                trace: list[Any] = [
                    {"step": "crash", "finding": type(trouble).__name__, "reason": _words(trouble)}
                ]
                inbound.finish_target(
                    session, target, owner=self._owner, state="failed", reason=f"{type(trouble).__name__}: {trouble}",
                    thread_id=None, message_id=None, trace=trace,
                )  # fmt: skip
            if attempts >= self._crashes:
                inbound.fail(session, mail.id, f"{type(trouble).__name__}: {trouble}")

    def _renew(self, claimed: Sequence[ClaimedMail]) -> None:
        with self._database.write() as session:
            inbound.renew(
                session, owner=self._owner, until=self._now() + LEASE, mail_ids=[mail.id for mail in claimed]
            )


def read_claimed(mail: ClaimedMail, reader: Reader, trust: Trust) -> Work:
    """Read a claimed mail. Raises ReadingFailed, OSError."""
    if max(target.attempts for target in mail.targets) > _CLAIMS_AT_MOST:
        raise RuntimeError("claimed again and again without an end: it seems to kill its worker")
    client = Client(**mail.client)
    reading = reader.read(
        raw=mail.raw, blob=mail.blob, size=mail.size, reverse_path=mail.reverse_path,
        spam_headers=spam_headers(client, trust), carefully=max(target.attempts for target in mail.targets) > 1,
    )  # fmt: skip
    return taken_up(mail, reading)


def taken_up(mail: ClaimedMail, reading: Reading) -> Work:
    """A claimed mail with what was read in it, and with the decision that a desk left."""
    decision, targets = None, []
    for target in mail.targets:
        values = dict(target.target)
        decision = decision_of(values.pop("decision", None)) or decision
        targets.append(from_row(target.kind, values))
    client = Client(**mail.client)
    arrived = Arrived(mail.id, mail.door, mail.reverse_path, client, reading, mail.received_at, decision)
    return Work(mail, arrived, tuple(targets))


def enter(session: Session, work: Work, ends: Sequence[tuple[Outcome, Trace]], *, owner: str) -> None:
    """Write the ends of a mail's targets and what was read in it. Raises LeaseLost."""
    mail = work.arrived.reading.mail
    for target, (outcome, trace) in zip(work.claimed.targets, ends, strict=True):
        inbound.finish_target(
            session, target, owner=owner, state=outcome.state, reason=outcome.reason, thread_id=outcome.thread_id,
            message_id=outcome.message_id, trace=trace.lines,
        )  # fmt: skip
    states = [outcome.state for outcome, _ in ends]
    state = worst(states)
    inbound.finish_mail(
        session, work.claimed.id, state=state, reason=next(o.reason for o, _ in ends if o.state == state),
        header_id=mail.message_id, subject=mail.subject, author=author_address(mail),
        fingerprint=work.arrived.reading.fingerprint, reverse_path=work.claimed.reverse_path,
    )  # fmt: skip
    posted = [
        Place(target.kind, target.target, outcome.thread_id)
        for target, (outcome, _) in zip(work.claimed.targets, ends, strict=True)
        if outcome.state == "posted"
    ]
    if posted:
        absorb_twins(session, work.claimed.id, work.arrived.reading.fingerprint, posted)


def _words(trouble: BaseException) -> str:
    return "".join(traceback.format_exception(trouble))[-4000:]
