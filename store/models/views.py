"""The values that queries return: plain NamedTuples, the only part of the store that rules see."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple


class PartnerView(NamedTuple):
    """A partner as the rules and the pages see him."""

    id: int
    email: str
    name: str
    internal: bool
    role: str
    active: bool
    language: str
    timezone: str
    notify: dict[str, Any]


class ThreadView(NamedTuple):
    """A thread with the names of its record."""

    id: int
    record_type: str
    key: str
    title: str
    url: str | None
    fields: dict[str, Any]
    assignee_id: int | None
    creator_id: int | None
    domain: str
    subject: str | None
    active: bool
    members: list[int] | None
    parent_id: int | None = None
    last_notified_at: datetime | None = None


class AudienceView(NamedTuple):
    """One partner considered for a message: his subscription (None = no follower) and his state.

    suppressed: the reason why his address gets no mail, None if it does.
    """

    partner_id: int
    email: str
    name: str
    internal: bool
    active: bool
    language: str
    notify: dict[str, Any]
    subtypes: frozenset[str] | None
    suppressed: str | None


class ParticipantView(NamedTuple):
    """The author of a mail as the thread knows him."""

    partner_id: int
    name: str
    email: str
    internal: bool
    active: bool
    follower: bool
    invited: bool


class NewMail(NamedTuple):
    """An accepted mail on its way into the ledger. targets: (forward_path, kind, values)."""

    door: str
    reverse_path: str
    client: dict[str, Any]
    raw: bytes | None
    blob: str | None
    size: int
    received_at: datetime
    targets: list[tuple[str, str, dict[str, Any]]]


class ClaimedTarget(NamedTuple):
    """One target of a claimed mail."""

    id: int
    forward_path: str
    kind: str
    target: dict[str, Any]
    attempts: int
    lease: int


class ClaimedMail(NamedTuple):
    """A mail that this worker holds, with those of its targets that are still open."""

    id: int
    door: str
    reverse_path: str
    client: dict[str, Any]
    raw: bytes | None
    blob: str | None
    size: int
    received_at: datetime
    targets: list[ClaimedTarget]
