"""Links that lead to one file until a day: for files that a mail is too small for. Pure.

Whoever has the link may have the file, as whoever has the mail would have it; it names nobody. Layout, all
lower-case base32 (RFC 4648 alphabet, no padding) after the first letter: key id as a hexadecimal digit |
file id 8 octets | last day 4 octets, days since 1970-01-01 | 160 bits of HMAC-SHA256.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from datetime import UTC, datetime, timedelta

from gateway.rules.token import Keys

LIVES = timedelta(days=60)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PAYLOAD = struct.Struct(">QI")
_MAC_OCTETS = 20
_LETTERS = 1 + -(-(_PAYLOAD.size + _MAC_OCTETS) * 8 // 5)


def mint_link(file_id: int, made_at: datetime, keys: Keys) -> str:
    """The last segment of the link of a file; it lives for ``LIVES``, to the end of that day.

    >>> keys = Keys({0: b"k" * 32}, 0)
    >>> read_link(mint_link(7, datetime(2026, 1, 5, tzinfo=UTC), keys), keys, datetime(2026, 3, 1, tzinfo=UTC))
    7
    """
    payload = _PAYLOAD.pack(file_id, (made_at + LIVES - _EPOCH).days)
    signed = payload + _mac(payload, keys.secrets[keys.current])
    return f"{keys.current:x}{base64.b32encode(signed).decode().rstrip('=').lower()}"


def read_link(text: str, keys: Keys, now: datetime) -> int | None:
    """The file that a link leads to; None when it is no link of ours, or not any more."""
    if len(text) != _LETTERS or not text.isascii() or text != text.lower():
        return None
    try:
        signed = base64.b32decode(text[1:].upper() + "=" * (-(_LETTERS - 1) % 8))
        secret = keys.secrets.get(int(text[0], 16))
    except (binascii.Error, ValueError):
        return None
    payload, mac = signed[: _PAYLOAD.size], signed[_PAYLOAD.size :]
    if secret is None or not hmac.compare_digest(mac, _mac(payload, secret)):
        return None
    file_id, last_day = _PAYLOAD.unpack(payload)
    return int(file_id) if (now - _EPOCH).days <= last_day else None


def _mac(payload: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, b"threadpost file 1\0" + payload, hashlib.sha256)[:_MAC_OCTETS]
