"""The topmost header fields exactly as they stand, for judging what a hop wrote there.

Strict where mail/parse is lenient: a line that begins with a blank continues the field above it, always
(RFC 5322 section 2.2.3), and no encoded word is decoded; else a field that the hop let pass as harmless text
could turn into one that speaks in its name.
"""

from __future__ import annotations

import re

MOST_FIELDS = 60
_MOST_OCTETS = 64 * 1024
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
_END = re.compile(rb"\n\r?\n")
_FOLD = re.compile(rb"\r?\n(?=[ \t])")


def topmost_fields(raw: bytes) -> tuple[tuple[str, str], ...]:
    """(name in lower case, unfolded raw value) of the first fields; ends at the first line that is none."""
    found: list[tuple[str, str]] = []
    header = _END.split(raw[:_MOST_OCTETS], maxsplit=1)[0]
    for line in re.split(rb"\r?\n", _FOLD.sub(b"", header), maxsplit=MOST_FIELDS)[:MOST_FIELDS]:
        match = _FIELD.fullmatch(line)
        if match is None:
            break
        found.append((match[1].decode("ascii").lower(), match[2].decode("latin-1").strip()))
    return tuple(found)
