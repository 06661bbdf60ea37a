"""Who may ask: tokens of applications, single-use secrets, web sessions, repeated requests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base


class ApiToken(Base):
    """A token of an application. hash: SHA-256 of the secret, which is shown once and not kept.

    scopes: read, post, follow, ingest or admin (all). record_types: empty = every type.
    """

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    hash: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[frozenset[str]]
    record_types: Mapped[frozenset[str]]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Secret(Base):
    """A random single-use secret in a link: login, hold, confirm. Stored hashed."""

    __tablename__ = "secret"

    hash: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    partner_id: Mapped[int | None] = mapped_column(index=True)
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class WebSession(Base):
    """A logged-in browser. hash: SHA-256 of the cookie."""

    __tablename__ = "web_session"

    hash: Mapped[str] = mapped_column(primary_key=True)
    partner_id: Mapped[int] = mapped_column(index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class IdempotentAnswer(Base):
    """The answer to a POST that carried an Idempotency-Key, kept for a day.

    caller: the token or session. digest: SHA-256 of method, path and body, to refuse another request
    under the same key. status 0 = still being worked on.
    """

    __tablename__ = "idempotent_answer"

    caller: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    status: Mapped[int] = mapped_column(default=0)
    body: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    created_at: Mapped[datetime]
