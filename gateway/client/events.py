"""Read what a webhook was sent: the signature first, then the event (Standard Webhooks, specification 1.0)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping

import msgspec

from gateway.client.shapes.common import RecordName
from gateway.client.shapes.messages import Message
from gateway.client.shapes.webhooks import Event

TOLERANCE = 300  # seconds that a call may be old, against calls that are recorded and sent again


class BadSignature(Exception):
    """The call did not come from the gateway, or is too old: answer 401 and do nothing."""


class _Data(msgspec.Struct):
    record: RecordName
    message: Message | None = None


class _Body(msgspec.Struct):
    type: str
    timestamp: str
    data: msgspec.Raw


def read_event(secret: str, headers: Mapping[str, str], body: bytes, *, now: float | None = None) -> Event:
    """The event of a call. headers: names in any case. now: seconds since 1970, None = the clock.

    The same event may come twice; ``Event.id`` tells. Raises BadSignature, msgspec.DecodeError.
    """
    given = {name.lower(): value for name, value in headers.items()}
    event_id = given.get("webhook-id", "")
    _check(
        secret, event_id, given.get("webhook-timestamp", ""), given.get("webhook-signature", ""), body, now
    )
    told = msgspec.json.decode(body, type=_Body)
    data = msgspec.json.decode(told.data, type=_Data)
    return msgspec.convert(
        {"id": event_id, "type": told.type, "timestamp": told.timestamp, "record": data.record,
         "data": msgspec.json.decode(told.data), "message": data.message},
        Event,
    )  # fmt: skip


def _check(secret: str, event_id: str, at: str, signatures: str, body: bytes, now: float | None) -> None:
    if (
        not (at.isascii() and at.isdigit())
        or abs((time.time() if now is None else now) - int(at)) > TOLERANCE
    ):
        raise BadSignature("the call is too old, or says not when it was made")
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as trouble:
        raise BadSignature("the secret is not one of the gateway's") from trouble
    true = base64.b64encode(hmac.new(key, f"{event_id}.{at}.".encode() + body, hashlib.sha256).digest())
    for signature in signatures.split():
        version, _, value = signature.partition(",")
        if version == "v1" and hmac.compare_digest(value.encode(), true):
            return
    raise BadSignature("the signature is wrong")
