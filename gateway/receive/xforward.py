"""Read XFORWARD: a configured hop tells who the true client is (Postfix, XFORWARD_README)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.receive.limits import plain_address
from gateway.receive.protocol import BadCommand

ATTRIBUTES = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE")
_XTEXT = re.compile(r"\+([0-9A-Fa-f]{2})")
_UNKNOWN = ("[UNAVAILABLE]", "[TEMPUNAVAIL]", "")


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What was told of the true client; "" = not told or not known to the hop."""

    address: str = ""
    helo: str = ""
    name: str = ""
    protocol: str = ""


def read(rest: str, before: Forwarded) -> Forwarded:
    """Add the attributes of one XFORWARD command to those told before. Raises BadCommand."""
    told = {"ADDR": before.address, "HELO": before.helo, "NAME": before.name, "PROTO": before.protocol}
    pairs = rest.split()
    if not pairs:
        raise BadCommand(rest)
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name.upper() not in ATTRIBUTES:
            raise BadCommand(pair)
        told[name.upper()] = _value(name.upper(), value)
    return Forwarded(address=told["ADDR"], helo=told["HELO"], name=told["NAME"], protocol=told["PROTO"])


def _value(name: str, value: str) -> str:
    text = _XTEXT.sub(lambda match: chr(int(match[1], 16)), value)  # RFC 3461 section 4
    if text.upper() in _UNKNOWN:
        return ""
    if any(character < " " or character == "\x7f" for character in text) or len(text) > 255:
        raise BadCommand(name)
    if name != "ADDR":
        return text
    try:
        return plain_address(text[5:] if text[:5].upper() == "IPV6:" else text)
    except ValueError as error:
        raise BadCommand(value) from error
