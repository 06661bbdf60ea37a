"""What the steps of the journey hand on: the mail that arrived, and its case at one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.inbound.lookup import Referenced
from gateway.inbound.outcome import Trace
from gateway.inbound.reading import Reading
from gateway.mail.envelope import Client
from gateway.rules.authorship import Verdict
from gateway.rules.disposition import Disposition
from gateway.rules.routing import Nowhere, Route, ToAlias, ToThread
from store.models.views import ParticipantView, ThreadView


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about a held mail.

    as_email: post it as this partner, None = as its From. follow: None = as the rule says. thread_id:
    post it there, None = where it was addressed to. internal: some address of the mail is for staff only,
    so it stays inside wherever it is posted. confirmed: this partner himself said at his true address that
    it was he. by: who decided.
    """

    by: str
    as_email: str | None = None
    follow: bool | None = None
    thread_id: int | None = None
    internal: bool = False
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Arrived:
    """A mail of the ledger with everything that is known before its transaction."""

    id: int
    door: str
    reverse_path: str
    client: Client
    reading: Reading
    received_at: datetime
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One mail on its way to one place. found: what kind of mail it is there. alias: its row, where one leads here."""

    mail: Arrived
    route: Route
    found: Disposition
    verdict: Verdict
    references: Referenced
    address: str
    now: datetime
    trace: Trace
    alias: Any | None = None


def decision_of(values: Mapping[str, Any] | None) -> Decision | None:
    """The decision that a desk left with a target, None if there is none."""
    return Decision(**values) if values else None


def who(author: ParticipantView | None, address: str) -> str:
    """The author in words, for the trace."""
    if author is None:
        return f"nobody has the address {address}" if address else "no author"
    part = "follower" if author.follower else "invited" if author.invited else "takes no part"
    return f"{'colleague' if author.internal else 'outside partner'} {author.email}, {part}"


def where(route: Route, thread: ThreadView | None) -> tuple[str, str]:
    """A route in words, for the trace: the place, and what led there. thread: where it leads, None if to none."""
    match route:
        case ToThread(by=by, internal=internal):
            place = f"{thread.record_type} {thread.key}" if thread else "a record that is gone"
            return place, f"by {by}{', internal' if internal else ''}"
        case ToAlias(_, record_type, address):
            return f"a new {record_type}", f"by the alias {address}"
        case Nowhere(reason):
            return "nowhere", reason
