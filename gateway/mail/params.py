"""Read a structured field such as Content-Type: a value and its parameters.

Sources: RFC 2045 section 5.1, RFC 2231 (continuations, charsets), RFC 2047 in parameters, which is
forbidden and usual. Linear; the first of two parameters of one name wins.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from gateway.mail import charset as charsets
from gateway.mail.words import decode_value, unfold

_MOST_PARAMETERS = 200
_NAME = re.compile(rb"[;\s]*([^\s=;\"]+)\s*=\s*")
# Octets shifted by ISO-2022-JP may look like quotes and backslashes.
_QUOTED = re.compile(rb'\x1b\$[@B][^\x1b]{0,500}\x1b\([BJ]|[^"\\\x1b]+|\\.|["\\\x1b]', re.DOTALL)
_SECTION = re.compile(r"([^*]+)\*(\d{1,3})?(\*)?\Z")


@lru_cache(maxsize=2048)
def read(value: bytes) -> tuple[str, dict[str, str]]:
    """Read a field value; the result is cached and must not be changed.

    Gives the value in lower case and the decoded parameters by name in lower case.
    """
    value = unfold(value)
    head, _, rest = value.partition(b";")
    kind = head.decode("latin-1").strip().strip('"').lower()
    if b"=" in kind.encode("latin-1") and "/" not in kind:
        kind, rest = "", value
    return kind.split(" ")[0].split("(")[0], _decoded(_raw_parameters(rest)) if rest else {}


def _raw_parameters(rest: bytes) -> list[tuple[str, bytes]]:
    """Cut the text behind the first ";" into names and values, quotes taken off."""
    found: list[tuple[str, bytes]] = []
    position = 0
    while len(found) < _MOST_PARAMETERS:
        match = _NAME.match(rest, position)
        start = match.end() if match else position
        if match is None:
            data, position = b"", start
        elif rest[start : start + 1] == b'"':
            data, position = _quoted(rest, start + 1)
        else:
            end = rest.find(b";", start)
            end = len(rest) if end == -1 else end
            data, position = rest[start:end].strip(), end
        if match is not None:
            found.append((match[1].decode("latin-1").lower(), data))
        following = rest.find(b";", position)
        if following == -1:
            break
        position = following + 1
    return found


def _quoted(rest: bytes, start: int) -> tuple[bytes, int]:
    """Read a quoted string that begins after its first quote; where it ends comes second.

    A quote that is not followed by ";", blank or end belongs to a sloppy name, and a backslash
    before a letter to a Windows path.
    """
    out: list[bytes] = []
    for token in _QUOTED.finditer(rest, start):
        piece = token[0]
        if piece == b'"' and rest[token.end() : token.end() + 1] in (b"", b";", b" ", b"\t"):
            return b"".join(out), token.end()
        out.append(piece[1:] if piece in (b'\\"', b"\\\\") else piece)
    return b"".join(out), len(rest)


def _decoded(raw: list[tuple[str, bytes]]) -> dict[str, str]:
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, bytes]]] = {}
    for name, data in raw:
        section = _SECTION.match(name) if "*" in name else None
        if section is None:
            plain.setdefault(name, decode_value(data))
        elif section[2] is None:
            pieces.setdefault(section[1], {}).setdefault(0, (True, data))
        else:
            pieces.setdefault(section[1], {}).setdefault(int(section[2]), (bool(section[3]), data))
    for name, numbered in pieces.items():
        extended = _extended([numbered[number] for number in sorted(numbered)])
        if extended:  # RFC 6266 section 4.3: the extended form is the better one
            plain[name] = extended
    return plain


def _extended(pieces: list[tuple[bool, bytes]]) -> str:
    """Join the pieces of one parameter: charset'language'percent-encoded (RFC 2231 section 4)."""
    label = ""
    first_is_extended, first = pieces[0]
    if first_is_extended and first.count(b"'") >= 2:
        raw_label, _, rest = first.split(b"'", 2)
        label = raw_label.decode("latin-1")
        pieces = [(True, rest.strip(b'"')), *pieces[1:]]
    joined = b"".join(unquote_to_bytes(data) if extended else data for extended, data in pieces)
    if label:
        return charsets.decode(joined, label)[0]
    return decode_value(joined)
