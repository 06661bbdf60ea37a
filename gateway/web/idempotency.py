"""The same POST twice under one Idempotency-Key does its work once (draft-ietf-httpapi-idempotency-key-header).

The key is taken, the work done and the answer kept in one transaction: a crash leaves either all of it
or nothing, and of two requests at once the second waits and is given the first one's answer. An error
keeps no key: the request may be repeated when its cause is gone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request, Response

from gateway.chatter.access import Caller
from gateway.errors import BadShape, BadValue, FieldError
from gateway.web.services import Services
from store.queries import access as store
from store.session import Session

_MOST_OCTETS = 255
Work = Callable[[Session], tuple[int, Any]]


def once(
    request: Request[Any, Any, Any], services: Services, caller: Caller, body: Any, work: Work
) -> Response[Any]:
    """Do the work of a POST, or repeat the answer that it had. work: answers status and value.

    body: whatever tells two requests apart. Raises BadValue for a key that was used for another request.
    """
    key = key_of(request)
    if not key:
        status, value = services.write(work)
        return Response(value, status_code=status)
    return services.write(lambda session: _keyed(session, request, services, caller, key, body, work))


def _keyed(
    session: Session,
    request: Request[Any, Any, Any],
    services: Services,
    caller: Caller,
    key: str,
    body: Any,
    work: Work,
) -> Response[Any]:
    taken = take(session, request, services, caller, key, body)
    if taken is not None:
        return repeated(taken)
    status, value = work(session)
    encoded = msgspec.json.encode(value)
    store.keep_answer(session, caller_name(caller), key, status, encoded)
    return Response(encoded, status_code=status, media_type="application/json")


def take(
    session: Session, request: Request[Any, Any, Any], services: Services, caller: Caller, key: str, body: Any
) -> Any | None:
    """Take a key for this request: None when it was free, else the row with its answer. Raises BadValue."""
    digest = _digest(request, body)
    row = store.take_idempotency_key(session, caller_name(caller), key, digest, services.now())
    if row is not None and row.digest != digest:
        detail = "this key was used for another request"
        raise BadValue(detail, [FieldError("#/Idempotency-Key", detail)])
    return row


def repeated(row: Any) -> Response[Any]:
    """The kept answer once more."""
    headers = {"Idempotency-Replayed": "true"}
    return Response(bytes(row.body), status_code=row.status, media_type="application/json", headers=headers)


def key_of(request: Request[Any, Any, Any]) -> str:
    """The Idempotency-Key of a request, "" if it has none. Raises BadShape."""
    key = request.headers.get("idempotency-key", "").strip()
    if len(key.encode()) > _MOST_OCTETS or not key.isprintable():
        detail = f"a key has at most {_MOST_OCTETS} octets and no control characters"
        raise BadShape(detail, [FieldError("#/Idempotency-Key", detail)])
    return key


def caller_name(caller: Caller) -> str:
    """Whose keys these are: two applications may use the same."""
    return f"token:{caller.token_id}"


def _digest(request: Request[Any, Any, Any], body: Any) -> str:
    head = f"{request.method} {request.scope['path']}?{request.scope['query_string'].decode('latin-1')}\n"
    return hashlib.sha256(head.encode() + msgspec.json.encode(body, order="sorted")).hexdigest()
