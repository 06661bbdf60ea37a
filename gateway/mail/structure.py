"""Cut octets into a tree of header fields and bodies, in one pass and without failing.

It answers as the standard library's tolerant reading does (RFC 2046 section 5.1), but looks only at
lines that can be delimiters, so that large files cost one search. Depth, parts and header size are
counted here, before any other parser sees the octets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.mail import params

MOST_LEVELS = 100
MOST_PARTS = 1000
_MOST_DASHED_LINES = 300_000
MOST_HEADER_OCTETS = 256 * 1024
_PREAMBLE = 1024 * 1024
_MOST_STRAY_LINES = 20
_FIELD_NAME = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_KNOWN_FIELD = re.compile(
    rb"(?:received|return-path|delivered-to|from|to|cc|date|subject|message-id|reply-to|sender|mime-version"
    rb"|content-[a-z-]+|x-[!-9;-~]+|references|in-reply-to|dkim-signature|arc-[a-z-]+|authentication-results)[ \t]*:",
    re.IGNORECASE,
)
_MOST_BEFORE_HEADER = 20
_BEFORE_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?\n{0,16}")
Fields = list[tuple[str, bytes]]


class TooComplex(Exception):
    """The octets go over a limit; the message says which."""


@dataclass(slots=True)
class Part:
    """One entity: its fields (name in lower case, value as it stands), and where its body lies."""

    fields: Fields
    start: int
    end: int
    content_type: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)
    children: list[Part] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)

    def first(self, name: str) -> bytes:
        """The topmost value of a field, b"" if absent."""
        return next((value for key, value in self.fields if key == name), b"")


def normalise(raw: bytes) -> bytes:
    """Make every line end LF; a bare CR is one too, as old Macs meant it."""
    text = raw.replace(b"\r\n", b"\n") if b"\r" in raw else raw
    return text.replace(b"\r", b"\n") if b"\r" in text else text


def read(octets: bytes) -> Part:
    """Read a whole mail, line ends LF. Raises TooComplex over a limit."""
    root = _open(octets, _beginning(octets), len(octets), "text/plain")
    if root.content_type.startswith("multipart/"):
        _split(octets, root)
    return root


def read_header(octets: bytes) -> Part:
    """Read only the header, at most MOST_HEADER_OCTETS of it."""
    start = _beginning(octets)
    end = octets.find(b"\n\n", start, start + MOST_HEADER_OCTETS)
    head = octets[start : end if end != -1 else start + MOST_HEADER_OCTETS]
    fields, _, defects = _fields(head, top=True)
    return Part(fields, len(octets), len(octets), defects=defects)


def _beginning(octets: bytes) -> int:
    """Where the header begins: behind a byte order mark or blank lines that stand before a field."""
    match = _BEFORE_HEADER.match(octets)
    start = match.end() if match else 0
    return start if start and _KNOWN_FIELD.match(octets, start) else 0


def _open(octets: bytes, start: int, end: int, default: str) -> Part:
    """Read the header of the entity that begins at start; the body ends at end unless cut later."""
    if octets.startswith(b"\n", start):
        header_end, body = start, start + 1
    else:
        header_end = octets.find(b"\n\n", start, min(end, start + MOST_HEADER_OCTETS + 2))
        header_end, body = (end, end) if header_end == -1 else (header_end, header_end + 2)
    if header_end - start > MOST_HEADER_OCTETS:
        return _headless_or_refuse(octets, start, end, default)
    fields, used, defects = _fields(octets[start:header_end], top=start <= _MOST_BEFORE_HEADER)
    if used < header_end - start:
        body = start + used
    part = Part(fields, body, end, default, defects=defects)
    value = part.first("content-type")
    if value:
        kind, part.parameters = params.read(value) if len(value) < 65536 else ("", {})
        if kind.count("/") == 1 and not kind.startswith("/") and not kind.endswith("/"):
            part.content_type = kind
        elif kind in ("text", "multipart"):
            part.content_type = {"text": "text/plain", "multipart": "multipart/mixed"}[kind]
        else:
            part.defects.append("unreadable Content-Type")
    return part


def _headless_or_refuse(octets: bytes, start: int, end: int, default: str) -> Part:
    line = octets[start : start + 1000].partition(b"\n")[0]
    if _FIELD_NAME.match(line) or line.startswith(b"From "):
        raise TooComplex(f"a header over {MOST_HEADER_OCTETS // 1024} KiB")
    return Part([], start, end, default, defects=["no header"])


def _fields(block: bytes, *, top: bool) -> tuple[Fields, int, list[str]]:
    """Read header lines; the octets used are fewer than the block where the body begins without a blank line."""
    fields: Fields = []
    defects: list[str] = []
    open_field: list[bytes] = []
    lines = block.split(b"\n") if block else []
    used = 0
    for index, line in enumerate(lines):
        if line[:1] in (b" ", b"\t") and open_field:
            open_field.append(line)
        elif (match := _FIELD_NAME.match(line)) is not None:
            _close(fields, open_field)
            open_field = [match[1], line[match.end() :]]
        elif index == 0 and top and line.startswith(b"From "):
            pass  # the separator of an mbox file
        elif _goes_on(lines, index, bool(fields or open_field)):
            defects.append("a line in the header is no field")
            if open_field and not _hides_field(lines, index):
                open_field.append(line)  # folded without the blank
            else:
                _close(fields, open_field)
                open_field = _hidden_field(line)
        else:
            defects.append("no blank line after the header" if fields or open_field else "no header")
            break
        used += len(line) + 1
    else:
        used = len(block)
    _close(fields, open_field)
    return fields, used, defects


def _goes_on(lines: list[bytes], index: int, begun: bool) -> bool:
    """Say whether the header goes on after a line that is no field: a known field must follow soon."""
    if _hides_field(lines, index):
        return True
    following = lines[index + 1 : index + (2 + _MOST_STRAY_LINES if begun else 2)]
    return any(_KNOWN_FIELD.match(line) for line in following)


def _hides_field(lines: list[bytes], index: int) -> bool:
    """See a field with a blank before it on top, or a name folded before its colon."""
    line = lines[index]
    if line[:1] in (b" ", b"\t") and _FIELD_NAME.match(line.lstrip()):
        return True
    following = lines[index + 1] if index + 1 < len(lines) else b""
    return following[:1] in (b" ", b"\t") and following.lstrip().startswith(b":")


def _hidden_field(line: bytes) -> list[bytes]:
    """Read a field behind a blank, or a name whose colon is on the next line; else nothing."""
    line = line.strip()
    match = _FIELD_NAME.match(line)
    if match is not None:
        return [match[1], line[match.end() :]]
    return [line[:200], b""] if re.fullmatch(rb"[!-9;-~]{1,200}", line) else [b"x-unreadable", line]


def _close(fields: Fields, open_field: list[bytes]) -> None:
    if open_field:
        name, *rest = open_field
        fields.append((name.decode("latin-1").lower(), b"\n".join(rest) if len(rest) > 1 else rest[0]))
        open_field.clear()


@dataclass(slots=True)
class _Level:
    part: Part
    delimiter: bytes
    closed: bool = False


def _split(octets: bytes, root: Part) -> None:
    """Cut a multipart and everything inside it, walking its delimiter lines once."""
    levels: list[_Level] = []
    active: dict[bytes, int] = {}  # delimiter line -> index of its level; an outer one wins
    count = 1
    leaf: Part | None = None
    resume = root.start
    _push(octets, root, levels, active)
    for number, (start, stop, line) in enumerate(_dashed_lines(octets, root.start, root.end)):
        if number > _MOST_DASHED_LINES:
            raise TooComplex(f"over {_MOST_DASHED_LINES:,} lines that look like delimiters")
        at = active.get(line)
        if at is None or start < resume:
            continue
        closing = line != levels[at].delimiter
        _finish(leaf, levels, active, at=at, end=max(start - 1, resume))
        leaf = None
        if closing or levels[at].closed:
            levels[at].closed = True
            continue
        default = "message/rfc822" if levels[at].part.content_type == "multipart/digest" else "text/plain"
        child = _open_within(octets, stop, root.end, default, active)
        count += 1
        if count > MOST_PARTS:
            raise TooComplex(f"over {MOST_PARTS:,} parts")
        levels[at].part.children.append(child)
        leaf, resume = child, stop
        if child.content_type.startswith("multipart/") and _push(octets, child, levels, active):
            leaf = None
    _finish(leaf, levels, active, at=0, end=root.end)
    for level in levels:
        if not level.closed and level.part.children:
            level.part.defects.append("multipart is not closed")


def _dashed_lines(octets: bytes, start: int, end: int) -> Iterator[tuple[int, int, bytes]]:
    """Give each line that begins with "--": the start and end of the line, and it without blanks behind."""
    position = start - 1
    if start == 0 and octets.startswith(b"--"):
        position = -1
    while (found := octets.find(b"--", 0, 2) if position < 0 else octets.find(b"\n--", position, end)) != -1:
        begin = found if position < 0 else found + 1
        stop = octets.find(b"\n", begin, end)
        stop = end if stop == -1 else stop
        yield begin, min(stop + 1, end), octets[begin:stop].rstrip() if stop - begin < 1000 else b""
        position = stop


def _push(octets: bytes, part: Part, levels: list[_Level], active: dict[bytes, int]) -> bool:
    """Take a multipart onto the stack; without a boundary that occurs, its first likely one is taken.

    False if there is none: the part stays one body. Looked for in the first MiB only, to stay linear.
    """
    boundary = part.parameters.get("boundary", "").rstrip()
    delimiter = b"--" + boundary.encode("utf-8", "surrogateescape") if boundary else b""
    if not boundary or octets.find(delimiter, part.start, min(part.end, part.start + _PREAMBLE)) == -1:
        part.defects.append("multipart without its boundary")
        delimiter = _likely_delimiter(octets, part)
        if not delimiter:
            return False
    if len(levels) >= MOST_LEVELS:
        raise TooComplex(f"over {MOST_LEVELS} levels")
    active.setdefault(delimiter, len(levels))
    active.setdefault(delimiter + b"--", len(levels))
    levels.append(_Level(part, delimiter))
    return True


def _likely_delimiter(octets: bytes, part: Part) -> bytes:
    """Find a line "--something" at the top of a body that is followed by a Content- field."""
    for _, stop, line in _dashed_lines(octets, part.start, min(part.end, part.start + 65536)):
        if line[2:] and re.match(rb"content-[a-z-]+[ \t]*:", octets[stop : stop + 60], re.IGNORECASE):
            return line
    return b""


def _open_within(octets: bytes, start: int, end: int, default: str, active: dict[bytes, int]) -> Part:
    """Open a part whose header may be cut off by the next delimiter."""
    if octets.startswith(b"\n", start):
        return _open(octets, start, end, default)
    blank = octets.find(b"\n\n", start, min(end, start + MOST_HEADER_OCTETS + 2))
    for begin, _, line in _dashed_lines(octets, start, end):
        if blank != -1 and begin > blank:
            break
        if line in active:
            return _open(octets, start, max(begin - 1, start), default)
    return _open(octets, start, end, default)


def _finish(leaf: Part | None, levels: list[_Level], active: dict[bytes, int], *, at: int, end: int) -> None:
    """End at ``end`` the leaf and the multiparts that are open inside level ``at``."""
    if leaf is not None:
        leaf.end = max(min(leaf.end, end), leaf.start)
    while len(levels) > at + 1:
        level = levels.pop()
        for line in (level.delimiter, level.delimiter + b"--"):
            if active.get(line) == len(levels):
                del active[line]
        if not level.closed:
            level.part.defects.append("multipart is not closed")
        level.part.end = max(min(level.part.end, end), level.part.start)
