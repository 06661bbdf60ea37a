"""Mint and read the signed local parts that lead mail back to us (layout version 1).

A token is lower-case base32 (RFC 4648 alphabet, no padding) of a packed payload followed by 100 bits of
HMAC-SHA256 over it. Tokens live in mailboxes for years: the layout does not change, a new one gets a new
version. Payload, most significant bit first:

    version 2 | key id 4 | kind 3 | scope 1 | generation 8 | issue week 11
    | octets of subject id - 1, 3 | octets of partner id 3 | subject id | partner id | zero bits to 5

subject id: thread for reply and leave, delivery for bounce, activity, digest. It is below 2**63, a
partner id below 2**56: with a prefix of five and a verb of five letters the local part stays within the 64
octets of RFC 5321 section 4.5.3.1.1. A token routes; it never proves who writes (DESIGN section 5).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

VERSION = 1
EPOCH = datetime(2026, 1, 5, tzinfo=UTC)  # the Monday of week 0
MAC_LETTERS = 20  # 100 bits
VERBS = frozenset({"leave", "mute", "done"})
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_VALUE = {letter: value for value, letter in enumerate(_ALPHABET)}
_FIELDS = (
    ("version", 2),
    ("key", 4),
    ("kind", 3),
    ("scope", 1),
    ("generation", 8),
    ("week", 11),
    ("subject", 3),
    ("partner", 3),
)
_HEAD_BITS = sum(bits for _, bits in _FIELDS)


class Kind(IntEnum):
    """What the subject id of a token names. Kinds are not interchangeable."""

    REPLY = 1
    BOUNCE = 2
    LEAVE = 3
    ACTIVITY = 4
    DIGEST = 5


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says. partner_id 0 = the record's own address. internal: an answer is a note."""

    kind: Kind
    subject_id: int
    partner_id: int = 0
    internal: bool = False
    generation: int = 0
    week: int = 0


@dataclass(frozen=True, slots=True)
class Keys:
    """The signing keys: secrets by key id (0 to 15), and the id that new tokens are minted with."""

    secrets: Mapping[int, bytes]
    current: int


def week_of(now: datetime) -> int:
    """The issue week of a time: whole weeks since EPOCH, 0 for anything before."""
    return max(0, (now - EPOCH) // timedelta(weeks=1)) & 0x7FF


def mint(token: Token, keys: Keys) -> str:
    """Write the token. Raises ValueError for an id or a generation that has no room."""
    if not (
        0 <= token.subject_id < 1 << 63 and 0 <= token.partner_id < 1 << 56 and 0 <= token.generation < 256
    ):
        raise ValueError(f"no room in a token for {token}")
    subject_octets = max(1, (token.subject_id.bit_length() + 7) // 8)
    partner_octets = (token.partner_id.bit_length() + 7) // 8
    number = VERSION
    for value, bits in (
        (keys.current, 4), (token.kind, 3), (token.internal, 1), (token.generation, 8), (token.week, 11),
        (subject_octets - 1, 3), (partner_octets, 3),
        (token.subject_id, 8 * subject_octets), (token.partner_id, 8 * partner_octets),
    ):  # fmt: skip
        number = number << bits | value
    payload = _letters(number, _HEAD_BITS + 8 * (subject_octets + partner_octets))
    return payload + _mac(payload, keys.secrets[keys.current])


def read(text: str, keys: Keys) -> Token | None:
    """Read a token, or None for anything that we did not mint; letters of any case."""
    text = text.lower()
    payload, mac = text[:-MAC_LETTERS], text[-MAC_LETTERS:]
    if not text.isascii() or not 8 <= len(payload) <= 32 or not _VALUE.keys() >= set(payload):
        return None
    number = 0
    for letter in payload:
        number = number << 5 | _VALUE[letter]
    head = _unpack(number >> (len(payload) * 5 - _HEAD_BITS))
    secret = keys.secrets.get(head["key"])
    if secret is None or not hmac.compare_digest(mac, _mac(payload, secret)):
        return None
    return _token(head, number, len(payload) * 5)


def read_local_part(
    local_part: str, prefixes: Mapping[str, Kind | None], keys: Keys
) -> tuple[Token, str] | None:
    """Read ``prefix+token[+verb]``: the token and the verb ("" if none), or None.

    prefixes: lower-case prefix -> the one kind that may stand behind it; None = reply, activity or digest.
    """
    prefix, _, rest = local_part.lower().partition("+")
    text, _, verb = rest.partition("+")
    if prefix not in prefixes or (verb and verb not in VERBS):
        return None
    token = read(text, keys)
    if token is None:
        return None
    allowed = {prefixes[prefix]} if prefixes[prefix] else {Kind.REPLY, Kind.ACTIVITY, Kind.DIGEST}
    return (token, verb) if token.kind in allowed else None


def _token(head: Mapping[str, int], number: int, bits: int) -> Token | None:
    subject_bits, partner_bits = 8 * (head["subject"] + 1), 8 * head["partner"]
    spare = bits - _HEAD_BITS - subject_bits - partner_bits
    if head["version"] != VERSION or not 0 <= spare < 5 or head["kind"] not in set(Kind):
        return None
    body = number >> spare
    return Token(
        kind=Kind(head["kind"]),
        subject_id=body >> partner_bits & (1 << subject_bits) - 1,
        partner_id=body & (1 << partner_bits) - 1,
        internal=bool(head["scope"]),
        generation=head["generation"],
        week=head["week"],
    )


def _unpack(head: int) -> dict[str, int]:
    values = {}
    for name, bits in reversed(_FIELDS):
        values[name] = head & (1 << bits) - 1
        head >>= bits
    return values


def _letters(number: int, bits: int) -> str:
    count = -(-bits // 5)
    number <<= count * 5 - bits
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(5 * (count - 1), -1, -5))


def _mac(payload: str, secret: bytes) -> str:
    digest = hmac.digest(secret, b"threadpost token 1\0" + payload.encode(), hashlib.sha256)
    return base64.b32encode(digest[:13]).decode().lower()[:MAC_LETTERS]
