"""Tokens, single-use secrets, web sessions and answers kept for repeated requests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from store.models import ApiToken, IdempotentAnswer, Secret, WebSession
from store.session import Session

_token = ApiToken.table()
_secret = Secret.table()
_session = WebSession.table()
_answer = IdempotentAnswer.table()


def add_token(
    session: Session,
    *,
    name: str,
    digest: str,
    scopes: frozenset[str],
    record_types: frozenset[str],
    now: datetime,
) -> None:
    """Enter a token by its hash."""
    values = {"name": name, "hash": digest, "scopes": scopes, "record_types": record_types, "created_at": now}
    session.execute(insert(_token).values(active=True, **values))


_find_token = select(_token).where(_token.c.hash == bindparam("digest"), _token.c.active)


def token(session: Session, digest: str) -> Any | None:
    """The live token with this hash, None if there is none."""
    return session.execute(_find_token, {"digest": digest}).one_or_none()


def note_use(session: Session, token_id: int, now: datetime) -> None:
    """Write when a token was used last."""
    session.execute(update(_token).where(_token.c.id == token_id).values(used_at=now))


def list_tokens(session: Session) -> list[Any]:
    """Every token, without its hash's secret, by id."""
    return list(session.execute(select(_token).order_by(_token.c.id)))


def withdraw_token(session: Session, token_id: int) -> bool:
    """Make a token unusable; False when there is none."""
    return session.execute(update(_token).where(_token.c.id == token_id).values(active=False)).rowcount > 0


def add_secret(
    session: Session, digest: str, *, purpose: str, partner_id: int | None, payload: dict[str, Any], now: datetime,
    expires_at: datetime,
) -> None:  # fmt: skip
    """Enter a single-use secret by its hash."""
    values = {"purpose": purpose, "partner_id": partner_id, "payload": payload, "created_at": now}
    session.execute(insert(_secret).values(hash=digest, expires_at=expires_at, **values))


def _open_secret(digest: str, purpose: str, now: datetime) -> Any:
    return (
        _secret.c.hash == digest, _secret.c.purpose == purpose, _secret.c.used_at.is_(None),
        _secret.c.expires_at > now,
    )  # fmt: skip


def peek_secret(session: Session, digest: str, purpose: str, now: datetime) -> Any | None:
    """The open secret with this hash, None if it is unknown, spent or expired. Does not spend it."""
    return session.execute(select(_secret).where(*_open_secret(digest, purpose, now))).one_or_none()


def spend_secret(session: Session, digest: str, purpose: str, now: datetime) -> Any | None:
    """Spend an open secret; None if it is unknown, spent or expired."""
    statement = update(_secret).where(*_open_secret(digest, purpose, now)).values(used_at=now)
    return session.execute(statement.returning(_secret.c.partner_id, _secret.c.payload)).one_or_none()


def open_again(session: Session, digest: str, payload: dict[str, Any]) -> None:
    """Let a secret that was spent in this transaction be used once more, for what is left of its payload."""
    session.execute(update(_secret).where(_secret.c.hash == digest).values(used_at=None, payload=payload))


def open_secrets(session: Session, purpose: str, partner_id: int, since: datetime) -> list[Any]:
    """The unspent secrets of a purpose made for a partner since a time; nobody spends them meanwhile."""
    statement = select(_secret).where(
        _secret.c.purpose == purpose, _secret.c.partner_id == partner_id, _secret.c.used_at.is_(None),
        _secret.c.created_at >= since,
    ).order_by(_secret.c.created_at)  # fmt: skip
    return list(session.execute(statement.with_for_update()))


def change_secret(session: Session, digest: str, payload: dict[str, Any]) -> None:
    """Replace what a secret carries."""
    session.execute(update(_secret).where(_secret.c.hash == digest).values(payload=payload))


def add_session(
    session: Session, digest: str, *, partner_id: int, now: datetime, expires_at: datetime
) -> None:
    """Enter a web session by the hash of its cookie."""
    session.execute(
        insert(_session).values(hash=digest, partner_id=partner_id, created_at=now, expires_at=expires_at)
    )


def session_partner(session: Session, digest: str, now: datetime) -> int | None:
    """Who is logged in with this cookie, None if nobody."""
    statement = select(_session.c.partner_id).where(_session.c.hash == digest, _session.c.expires_at > now)
    partner_id: int | None = session.execute(statement).scalar()
    return partner_id


def end_session(session: Session, digest: str) -> None:
    """Log a browser out."""
    session.execute(delete(_session).where(_session.c.hash == digest))


def take_idempotency_key(session: Session, caller: str, key: str, digest: str, now: datetime) -> Any | None:
    """Take a key for a request: None when it was free, else the row that has it."""
    make = insert_postgresql if session.dialect.name == "postgresql" else insert_sqlite
    values = {"caller": caller, "key": key, "digest": digest, "status": 0, "body": b"", "created_at": now}
    take = make(_answer).values(values).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    if session.execute(take).rowcount == 1:
        return None
    return session.execute(
        select(_answer).where(_answer.c.caller == caller, _answer.c.key == key)
    ).one_or_none()


def keep_answer(session: Session, caller: str, key: str, status: int, body: bytes) -> None:
    """Keep the answer of a request for its repetitions."""
    statement = update(_answer).where(_answer.c.caller == caller, _answer.c.key == key)
    session.execute(statement.values(status=status, body=body))


def purge_answers(session: Session, before: datetime) -> int:
    """Forget the answers that are older."""
    return session.execute(delete(_answer).where(_answer.c.created_at < before)).rowcount


def purge_expired(session: Session, now: datetime) -> int:
    """Delete the secrets and web sessions that ended before this time."""
    secrets = session.execute(delete(_secret).where(_secret.c.expires_at < now)).rowcount
    return secrets + session.execute(delete(_session).where(_session.c.expires_at < now)).rowcount
