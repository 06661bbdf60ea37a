"""Carry a mail through the whole journey in a transaction that is rolled back, and tell what would happen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from gateway.errors import UnknownRecipient
from gateway.inbound.accept import Acceptor
from gateway.inbound.authenticate import Trust
from gateway.inbound.outcome import Outcome, Trace
from gateway.inbound.pipeline import Pipeline
from gateway.inbound.reader import Reader
from gateway.inbound.worker import read_claimed
from gateway.mail.envelope import Client, Envelope
from gateway.rules.routing import Target, to_row
from store.models.views import ClaimedMail, ClaimedTarget
from store.queries import message as messages
from store.session import Database


@dataclass(frozen=True, slots=True)
class Explanation:
    """What would become of a mail. told: who would get it: (address, state, reason)."""

    ends: list[tuple[str, Outcome, Trace]]
    told: list[tuple[str, str, str]]

    def to_json(self) -> dict[str, Any]:
        """One object for ``explain --json``."""
        return {
            "targets": [
                {"forward_path": path, "state": outcome.state, "reason": outcome.reason, "trace": trace.lines}
                for path, outcome, trace in self.ends
            ],
            "told": [
                {"address": address, "state": state, "reason": why} for address, state, why in self.told
            ],
        }


def explain(
    raw: bytes, *, reverse_path: str, forward_paths: Sequence[str], client: Client, door: str, acceptor: Acceptor,
    database: Database, reader: Reader, pipeline: Pipeline, trust: Trust, now: Callable[[], datetime],
) -> Explanation:  # fmt: skip
    """Say what would happen to a mail; nothing is kept and nobody is told.

    A forward-path that the door would refuse ends as ``refused``. Raises ReadingFailed, StoreUnavailable.
    """
    refused, known = _resolve(acceptor, forward_paths)
    if not known:
        return Explanation(refused, [])
    envelope = Envelope(reverse_path, tuple(path for path, _ in known), client)
    at = now()
    claimed = _pretend(raw, envelope, door, [target for _, target in known], at)
    work = read_claimed(claimed, reader, trust)
    with database.rehearse() as session:
        ends = pipeline.process(session, work.arrived, work.targets, at)
        posted = [outcome.message_id for outcome, _ in ends if outcome.message_id is not None]
        notices = messages.notices_of(session, posted)
    told = [
        (row.email, row.delivery_state or row.state, row.reason) for rows in notices.values() for row in rows
    ]
    return Explanation(
        [(path, outcome, trace) for (path, _), (outcome, trace) in zip(known, ends, strict=True)] + refused,
        told,
    )


def _resolve(
    acceptor: Acceptor, forward_paths: Sequence[str]
) -> tuple[list[tuple[str, Outcome, Trace]], list[tuple[str, Target]]]:
    refused, known = [], []
    for path in forward_paths:
        try:
            known.append((path, acceptor.resolve_now(path)))
        except UnknownRecipient:
            trace = Trace()
            trace.add("door", "550 5.1.1", "no such address here")
            refused.append((path, Outcome("refused", "the door would answer 550 5.1.1"), trace))
    return refused, known


def _pretend(
    raw: bytes, envelope: Envelope, door: str, targets: Sequence[Target], at: datetime
) -> ClaimedMail:
    rows = [(path, *to_row(target)) for path, target in zip(envelope.forward_paths, targets, strict=True)]
    claimed = [ClaimedTarget(0, path, kind, values, 1, 1) for path, kind, values in rows]
    return ClaimedMail(
        0, door, envelope.reverse_path, asdict(envelope.client), raw, None, len(raw), at, claimed
    )
