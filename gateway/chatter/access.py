"""Secrets: tokens of applications, single-use links, web sessions. Stored hashed, shown once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from store.queries import access as store
from store.session import Session

SCOPES = frozenset({"read", "post", "follow", "ingest", "admin"})
LOGIN_LINK_LIVES = timedelta(minutes=30)
SESSION_LIVES = timedelta(days=14)
USE_IS_NOTED_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks over the API: an application by its token. ``admin`` includes every other scope.

    used_at: the last use that was noted, None = none yet.
    """

    token_id: int
    name: str
    scopes: frozenset[str]
    record_types: frozenset[str]
    used_at: datetime | None = None

    def may(self, scope: str, record_type: str | None = None) -> bool:
        """The token carries the scope, and covers the record type where one is concerned."""
        in_type = not self.record_types or record_type is None or record_type in self.record_types
        return in_type and (scope in self.scopes or "admin" in self.scopes)

    def may_everywhere(self, scope: str) -> bool:
        """The token carries the scope and is not limited to record types."""
        return not self.record_types and self.may(scope)

    def is_use_to_note(self, now: datetime) -> bool:
        """The last use that was noted is so old that this one should be."""
        return self.used_at is None or now - self.used_at > USE_IS_NOTED_AFTER


def digest(secret: str) -> str:
    """What is stored of a secret. Secrets have 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create_token(
    session: Session, *, name: str, scopes: Collection[str], record_types: Collection[str] = (), now: datetime
) -> str:
    """Enter a token for an application; answers the secret, which nothing can show again."""
    secret = "tp_" + secrets.token_urlsafe(32)
    store.add_token(
        session,
        name=name,
        digest=digest(secret),
        scopes=frozenset(scopes),
        record_types=frozenset(record_types),
        now=now,
    )
    return secret


def caller_of(session: Session, secret: str) -> Caller | None:
    """The application whose token this is, None if it is nobody's or was withdrawn."""
    row = store.token(session, digest(secret))
    return None if row is None else Caller(row.id, row.name, row.scopes, row.record_types, row.used_at)


def note_use(session: Session, caller: Caller, now: datetime) -> None:
    """Write down that a token was used, for whoever wants to know which ones nobody needs any more."""
    store.note_use(session, caller.token_id, now)


def make_link_secret(
    session: Session,
    purpose: str,
    *,
    partner_id: int | None,
    payload: dict[str, Any],
    lives: timedelta,
    now: datetime,
) -> str:
    """A secret for one use of one link; answers it."""
    secret = secrets.token_urlsafe(32)
    store.add_secret(
        session,
        digest(secret),
        purpose=purpose,
        partner_id=partner_id,
        payload=payload,
        now=now,
        expires_at=now + lives,
    )
    return secret


def use_link_secret(
    session: Session, purpose: str, secret: str, now: datetime
) -> tuple[int | None, dict[str, Any]] | None:
    """Spend a secret: its partner and payload, None when it is unknown, spent or expired."""
    row = store.spend_secret(session, digest(secret), purpose, now)
    return None if row is None else (row.partner_id, row.payload)


def open_session(session: Session, partner_id: int, now: datetime) -> str:
    """Log a browser in; answers the cookie."""
    cookie = secrets.token_urlsafe(32)
    store.add_session(session, digest(cookie), partner_id=partner_id, now=now, expires_at=now + SESSION_LIVES)
    return cookie


def partner_of_session(session: Session, cookie: str, now: datetime) -> int | None:
    """The partner who is logged in with this cookie, None if nobody."""
    return store.session_partner(session, digest(cookie), now)
