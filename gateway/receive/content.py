"""Read what follows DATA in chunks, whatever their borders (RFC 5321 sections 4.1.1.4 and 4.5.2).

Only CR LF "." CR LF ends the data. A bare CR or LF anywhere makes the mail one to refuse, because some
program behind us could take it for a line end and read two mails where we read one (SMTP smuggling).
The work is done by searches over whole chunks: there is no cost for a line, and no limit to its length.
"""

from __future__ import annotations

_END = b"\r\n.\r\n"
_BEGINNINGS = (b"\r\n.\r", b"\r\n.", b"\r\n", b"\r")


class ContentReader:
    """Turns chunks off the wire into the octets of one mail, dot-unstuffed.

    is_complete: the end of data was seen; rest: the octets behind it. has_bare_line_end: a CR without
    LF or a LF without CR was among the octets.
    """

    __slots__ = ("_fresh", "_held", "has_bare_line_end", "is_complete", "rest")

    def __init__(self) -> None:
        self._held = b"\r\n"  # so that a dot in the first line counts as one at a line's start
        self._fresh = True
        self.is_complete = False
        self.has_bare_line_end = False
        self.rest = b""

    def feed(self, chunk: bytes) -> bytes:
        """Take a chunk; answers the octets that are certain by now, perhaps none."""
        octets = self._held + chunk
        end = octets.find(_END)
        if end >= 0:
            self.is_complete = True
            self.rest = octets[end + len(_END) :]
            octets = octets[: end + 2]
        else:
            self._held = _beginning_of_end(octets)
            octets = octets[: len(octets) - len(self._held)]
        if not octets:
            return octets
        if not self.has_bare_line_end:
            joined = octets.replace(b"\r\n", b"\n")  # cheaper than counting all three
            pairs = len(octets) - len(joined)
            self.has_bare_line_end = b"\r" in joined or joined.count(b"\n") != pairs
        octets = octets.replace(b"\r\n.", b"\r\n")
        if self._fresh:
            self._fresh = False
            return octets[2:]
        return octets


def _beginning_of_end(octets: bytes) -> bytes:
    """The longest tail that more octets could make an end of data."""
    for beginning in _BEGINNINGS:
        if octets.endswith(beginning):
            return beginning
    return b""
