"""Undo a content transfer encoding (RFC 2045 section 6), however damaged; linear and never raising."""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, a2b_qp, a2b_uu
from collections.abc import Iterator

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_BASE64_OCTETS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n"
_BLANKS_AT_SOFT_BREAK = (b" ", b"  ", b"   ", b"\t")
_MOST_BEGINNINGS = 1000
AS_IT_STANDS = frozenset(("", "7bit", "8bit", "binary", "none"))
_UU_BEGIN = re.compile(rb"begin(?:-base64)? [0-7]{3,4} ([^\n]{1,300})\n")
_YENC_BEGIN = re.compile(rb"=ybegin (?=[^\n]*\bline=)[^\n]*?name=([^\n]{1,300})\n")
_YENC_SHIFT = bytes((octet - 42) % 256 for octet in range(256))


def decode(data: bytes | memoryview, encoding: str, *, crlf: bool = False) -> tuple[bytes, str]:
    """Undo one encoding; the second value is the defect, "" if there was none.

    data: lines that end in LF. encoding: the field's value in lower case. An unknown one leaves the octets as they
    are. crlf: the lines of quoted-printable text end in CRLF afterwards.
    """
    if encoding == "base64":
        return from_base64(data)
    octets = bytes(data)
    if encoding == "quoted-printable":
        for blanks in _BLANKS_AT_SOFT_BREAK if b"= " in octets or b"=\t" in octets else ():
            octets = octets.replace(b"=" + blanks + b"\n", b"=\n")
        return a2b_qp(octets.replace(b"\n", b"\r\n") if crlf else octets), ""
    if encoding in ("uuencode", "x-uuencode", "uue", "x-uue"):
        files = list(uuencoded(octets))
        return (files[0][1], "") if files else (octets, "uuencoded part without begin")
    if encoding in AS_IT_STANDS:
        return octets, ""
    return octets, f"unknown transfer encoding: {encoding[:40]}"


def from_base64(data: bytes | memoryview) -> tuple[bytes, str]:
    """Decode base64; what stands behind a padding in the middle is decoded too."""
    sample = bytes(data[:2000])
    strange = len(sample.translate(None, _BASE64_OCTETS))
    if strange > 3 and strange * 20 > len(sample):
        return bytes(data), "text that is not base64 is declared as base64"
    try:
        out = a2b_base64(data)
        if len(out) * 4 // 3 + len(out) // 20 + 200 >= len(data):
            return out, ""  # nothing of any length was left behind
    except Error:
        pass
    out = b"".join(_decode_run(run) for run in bytes(data).split(b"="))
    return out, "damaged base64"


def _decode_run(run: bytes) -> bytes:
    run = _NOT_BASE64.sub(b"", run)
    run = run[:-1] if len(run) % 4 == 1 else run
    return a2b_base64(run + b"=" * (-len(run) % 4))


def uuencoded(data: bytes) -> Iterator[tuple[bytes, bytes, int, int]]:
    """Find files in uuencode: name, content, and the octets they take up from start to end."""
    position = tried = 0
    while (start := _line_start(data, b"begin", position)) != -1 and (tried := tried + 1) < _MOST_BEGINNINGS:
        position = start + 5
        begin = _UU_BEGIN.match(data, start)
        if begin is None:
            continue
        content, end = _uu_lines(data, begin.end())
        if end != -1:
            yield begin[1].strip(), content, start, end
            position = end


def _uu_lines(data: bytes, start: int) -> tuple[bytes, int]:
    """Decode the lines of one file up to its "end" line; an end of -1 says that this is no file."""
    out: list[bytes] = []
    position = start
    while position < len(data):
        stop = data.find(b"\n", position)
        stop = len(data) if stop == -1 else stop
        line = data[position:stop].rstrip(b"\r")
        position = stop + 1
        if line.strip() == b"end":
            return b"".join(out), min(position, len(data))
        if line in (b"", b"`", b" "):
            continue
        decoded = _uu_line(line)
        if decoded is None:
            return b"", -1
        out.append(decoded)
    return b"".join(out), len(data) if out else -1


def _uu_line(line: bytes) -> bytes | None:
    try:
        return a2b_uu(line)
    except Error:
        pass
    count = ((line[0] - 32) & 63) * 4 + 2  # old encoders left rubbish at the end of lines
    try:
        return a2b_uu(line[: count // 3 + 2])
    except Error:
        return None


def yencoded(data: bytes) -> Iterator[tuple[bytes, bytes, int, int]]:
    """Find files in yEnc: name, content, start and end, as in ``uuencoded``."""
    position = tried = 0
    while (start := _line_start(data, b"=ybegin ", position)) != -1 and (
        tried := tried + 1
    ) < _MOST_BEGINNINGS:
        position = start + 8
        begin = _YENC_BEGIN.match(data, start)
        end = data.find(b"\n=yend", start)
        if end == -1:
            return
        if begin is None:
            continue
        body = data[begin.end() : end]
        if body.startswith(b"=ypart"):
            body = body.partition(b"\n")[2]
        stop = data.find(b"\n", end + 1)
        position = len(data) if stop == -1 else stop + 1
        yield begin[1].strip(), _from_yenc(body), start, position


def _from_yenc(body: bytes) -> bytes:
    body = body.replace(b"\r", b"").replace(b"\n", b"")
    first, *escaped = body.split(b"=")
    pieces = [first, *(bytes(((piece[0] - 64) % 256,)) + piece[1:] for piece in escaped if piece)]
    return b"".join(pieces).translate(_YENC_SHIFT)


def _line_start(data: bytes, opening: bytes, position: int) -> int:
    """Find the next line that begins with some octets, -1 if there is none."""
    if position == 0 and data.startswith(opening):
        return 0
    found = data.find(b"\n" + opening, max(position - 1, 0))
    return found + 1 if found != -1 else -1
