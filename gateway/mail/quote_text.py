"""Cut a plain text body into segments that, joined, give it back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from gateway.mail import quote_attribution as attribution
from gateway.mail.quote_lines import MOST_LINES, Kind, kinds


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of a body. start, end: offsets into the text.

    kind: new, quoted, signature, forwarded or disclaimer. answered: quoted, but an inline answer
    refers to it, so it stays in its place in the new text.
    """

    kind: str
    start: int
    end: int
    answered: bool = False


def segments(text: str) -> tuple[Segment, ...]:
    """Name every part of a body, in order; the spans touch each other and cover the text."""
    lines, starts = _lines(text)
    found: list[Segment] = []
    verdicts = kinds(lines)
    begin = 0
    for index in range(1, len(lines) + 1):
        if index == len(lines) or verdicts[index] is not verdicts[begin]:
            found.append(_segment(verdicts[begin], starts[begin], starts[index]))
            begin = index
    return tuple(segment for segment in found if segment.start < segment.end)


def _segment(kind: Kind, start: int, end: int) -> Segment:
    if kind is Kind.ANSWERED:
        return Segment(Kind.QUOTED.value, start, end, answered=True)
    return Segment(kind.value, start, end)


def _lines(text: str) -> tuple[list[str], list[int]]:
    """Split at line feeds, and where an attribution begins in the middle of a line.

    Comes back with the lines, and their offsets with the length of the text as the last.
    """
    lines = text.split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    starts[-1] = len(text)
    if "wrote" not in text:
        return lines, starts
    for index in range(min(len(lines), MOST_LINES)):
        column = attribution.inside(lines[index].rstrip()) if "wrote" in lines[index][-24:] else 0
        if column:
            lines[index : index + 1] = [lines[index][:column], lines[index][column:]]
            starts.insert(index + 1, starts[index] + column)
            break  # more of them stand in the old mail
    return lines, starts


def new_text(text: str, parts: tuple[Segment, ...]) -> str:
    """Join what is new, with the quoted lines that are answered, without blank lines at the ends."""
    return _joined(text, [p for p in parts if p.kind == Kind.NEW or p.answered])


def old_text(text: str, parts: tuple[Segment, ...]) -> str:
    """Join everything that was cut apart from the signature, in order."""
    cut = (Kind.QUOTED, Kind.FORWARDED, Kind.DISCLAIMER)
    return _joined(text, [p for p in parts if p.kind in cut and not p.answered])


def signature_text(text: str, parts: tuple[Segment, ...]) -> str:
    """The signature without the delimiter above it."""
    joined = _joined(text, [p for p in parts if p.kind == Kind.SIGNATURE])
    first, _, rest = joined.partition("\n")
    return joined if first.strip("-—_ \r") else rest.strip()


def _joined(text: str, parts: list[Segment]) -> str:
    pieces: list[str] = []
    last_end = -1
    for part in parts:
        piece = text[part.start : part.end]
        if pieces and part.start != last_end:
            pieces[-1] = pieces[-1].rstrip()
            piece = "\n\n" + piece.lstrip("\r\n")
        pieces.append(piece)
        last_end = part.end
    return _without_blank_ends("".join(pieces))


def _without_blank_ends(text: str) -> str:
    """Cut blank lines at both ends, not the indentation of the first line."""
    text = text.rstrip()
    lead = len(text) - len(text.lstrip())
    return text[text.rfind("\n", 0, lead) + 1 :] if lead else text
