"""Say of every line of a body what it is: new, quoted, a signature, a forwarded mail, small print.

The one set of rules for text and for HTML (which is turned into lines first). ``quote_marks`` marks
lines by their form; here is decided where the old mail begins for good, what stands at the end of the
new text, and which blocks of ``>`` lines are answered inline. Every pass is linear.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from enum import StrEnum

from gateway.mail import quote_marks as form
from gateway.mail import quote_signature as signature

MOST_LINES = 10_000  # beyond them a body is taken as going on like its last line
_TAIL_PARTS = 6  # signatures, small prints and quotations that may follow each other at the end
_OLD_BEGINS = re.compile("[cfm]")
_BLOCK = re.compile("[qaw][qawes]*(?<=[qaw])")


class Kind(StrEnum):
    """What a line, or a run of them, is."""

    NEW = "new"
    QUOTED = "quoted"
    SIGNATURE = "signature"
    FORWARDED = "forwarded"
    DISCLAIMER = "disclaimer"
    ANSWERED = "answered"  # quoted, and kept in its place because an answer follows


_UNSEEN = " \t\r\n\xa0\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
STAYS = frozenset((Kind.NEW, Kind.ANSWERED))
_OF_MARK = {
    form.QUOTE: Kind.QUOTED,
    form.INTRO: Kind.QUOTED,
    form.WEAK: Kind.QUOTED,
    form.SIGNED: Kind.SIGNATURE,
}


def kinds(raw: Sequence[str], signed: Set[int] = frozenset()) -> list[Kind]:
    """Name the kind of each line; a blank line has that of the line above.

    raw: lines without their line feeds. signed: indexes of lines that the source itself calls a
    signature (HTML does).
    """
    lines = [_stripped(line) for line in raw[:MOST_LINES]]
    marked = form.marks_of(lines)
    for index in signed:
        if index < len(marked) and marked[index] == form.TEXT:
            marked[index] = form.SIGNED
    result = _decide(raw, lines, "".join(marked))
    if signed and not _has_new(lines, result):
        return kinds(raw)  # iOS puts the answer itself into its signature element
    return result + [result[-1] if result else Kind.NEW] * (len(raw) - len(lines))


def _stripped(line: str) -> str:
    """Without blanks and marks of direction at the ends, which programs put around an attribution."""
    line = line.strip()
    return line if line.isascii() else line.strip(_UNSEEN)


def _decide(raw: Sequence[str], lines: Sequence[str], marks: str) -> list[Kind]:
    found = _OLD_BEGINS.search(marks)
    cut = found.start() if found else len(lines)
    result = _decide_above(raw, lines, marks[:cut])
    if found:
        result += _decide_below(lines, marks, cut, has_new=_has_new(lines, result))
    elif form.QUOTE not in marks and not _has_new(lines, result):
        return [Kind.NEW] * len(lines)  # a signature or small print and nothing else
    for index in range(1, len(lines)):
        if not lines[index]:
            result[index] = result[index - 1]
    return result


def _decide_below(lines: Sequence[str], marks: str, cut: int, *, has_new: bool) -> list[Kind]:
    """Decide about the lines from where the old mail begins.

    If nothing new stands above, the old mail is what this mail brings, so it is content: without
    its header, unless the header is all there is. Our own notification never is.
    """
    mark = marks[cut]
    below = marks[cut:]
    head = len(below) - len(below.lstrip(mark))
    old = Kind.FORWARDED if mark == form.FORWARD else Kind.QUOTED
    if has_new or mark == form.END:
        return [old] * len(below)
    if not any(lines[cut + head :]):
        return [Kind.NEW] * len(below)
    return [old] * head + [Kind.NEW] * (len(below) - head)


def _has_new(lines: Sequence[str], result: Sequence[Kind]) -> bool:
    return any(line and kind in STAYS for line, kind in zip(lines, result, strict=False))


def _decide_above(raw: Sequence[str], lines: Sequence[str], marks: str) -> list[Kind]:
    """Decide about the lines above the place where the old mail begins for good."""
    result = [_OF_MARK.get(mark, Kind.NEW) for mark in marks]
    tail = _trim_tail(raw, lines, marks, result)
    blocks = [match.span() for match in _BLOCK.finditer(marks, 0, tail)]
    if _are_answered(lines, marks, blocks, tail):
        for begin, end in blocks:
            for index in range(begin, end):
                if marks[index] in (form.QUOTE, form.WEAK):
                    result[index] = Kind.ANSWERED
    elif blocks:  # a signature may stand above the quotation and more text below it
        end = len(marks[: blocks[0][0]].rstrip("e"))
        first = signature.signature_start(raw, lines, 0, end)
        result[first:end] = [Kind.SIGNATURE] * (end - first)
    return result


def _trim_tail(raw: Sequence[str], lines: Sequence[str], marks: str, result: list[Kind]) -> int:
    """Take signatures, small print and quoted blocks off the end, in whatever order they stand there."""
    tail = len(marks)
    for _ in range(_TAIL_PARTS):
        before = tail
        tail = len(marks[:tail].rstrip("eqaws"))
        top = len(marks[:tail].rstrip("te"))
        small = signature.disclaimer_start(lines, top, tail)
        if small > 0:
            result[small:tail] = [Kind.DISCLAIMER] * (tail - small)
            tail = small
        first = signature.signature_start(raw, lines, top, tail)
        result[first:tail] = [Kind.SIGNATURE] * (tail - first)
        tail = first
        if tail in (before, 0):
            break
    return tail


def _are_answered(lines: Sequence[str], marks: str, blocks: Sequence[tuple[int, int]], tail: int) -> bool:
    """True if the quoted blocks are answered inline, False where all answers stand below or above.

    A single block with an attribution belongs to a bottom post. Answers are inline when text stands
    between two blocks, or when the author quoted by hand in the middle of a text.
    """
    if not blocks:
        return False
    by_hand = form.TEXT in marks[: blocks[0][0]] and form.INTRO not in marks[:tail]
    return len(blocks) > 1 or by_hand or _is_quoted_further(lines, marks, tail)


def _is_quoted_further(lines: Sequence[str], marks: str, tail: int) -> bool:
    """True if more of the quotation follows the last answer, other than its writer's signature."""
    rest = marks[tail:].lstrip("e")
    begin = len(marks) - len(rest)
    if not rest.startswith(form.QUOTE):
        return False
    texts = (
        lines[index].lstrip("> ")
        for index in range(begin, min(len(marks), begin + 40))
        if marks[index] == form.QUOTE
    )
    first = next((text for text in texts if text), "")
    return bool(first) and first[0] not in "-—_" and not signature.is_sent_from(first)
