"""Read the header fields of a mail into values: who wrote to whom, when, about what, in answer to what.

From decides whom we believe, so it is cut into mailboxes while still encoded, and it counts only if
there is one field with one mailbox (RFC 5322 section 3.6.2).
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.mail import address, words
from gateway.mail.message import Address
from gateway.mail.structure import Fields


@dataclass(slots=True)
class Author:
    """The author if he is beyond doubt, else the defect; and every address that From names."""

    mailbox: Address | None = None
    claims: tuple[str, ...] = ()
    defect: str = ""


def decoded(fields: Fields, charset: str) -> tuple[tuple[str, str], ...]:
    """Decode each field's value; raw 8-bit octets are tried as UTF-8, then as the body's charset."""
    return tuple((name, words.decode_value(words.unfold(value), charset)) for name, value in fields)


def author(fields: Fields, charset: str) -> Author:
    """Read the author from the raw From fields."""
    values = [words.raw_text(words.unfold(value), charset) for name, value in fields if name == "from"]
    readings = [address.read(value) for value in values]
    claims = _claims(values, readings)
    if not values:
        return Author(None, claims, "no From field")
    if len(values) > 1:
        return Author(None, claims, "more than one From field")
    mailboxes, unread = readings[0].mailboxes, readings[0].unread
    if len(mailboxes) > 1:
        return Author(None, claims, "From holds more than one mailbox")
    if not mailboxes:
        return Author(None, claims, "From holds no readable mailbox")
    if unread:
        return Author(None, claims, "From holds more than its mailbox")
    return Author(mailboxes[0], claims, "")


def _claims(values: list[str], readings: list[address.Reading]) -> tuple[str, ...]:
    """Every addr-spec that the fields hold: as read, then as it stands, then inside encoded words."""
    found: list[str] = []
    for value, reading in zip(values, readings, strict=True):
        found += [address.normalise(mailbox.addr_spec) for mailbox in reading.mailboxes]
        if len(reading.mailboxes) != 1 or value.count("@") > 1 or "=?" in value:
            found += address.claims(value)
            found += address.claims(words.decode_words(value)) if "=?" in value else ()
    return tuple(dict.fromkeys(claim for claim in found if claim))


def mailboxes(fields: Fields, name: str, charset: str) -> tuple[Address, ...]:
    """Read every mailbox of all fields of one name."""
    found: list[Address] = []
    for key, value in fields:
        if key == name:
            found += address.parse_list(words.raw_text(words.unfold(value), charset))
    return tuple(found)
