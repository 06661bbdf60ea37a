"""Give every line of a body a mark by its form: text, quoted, an introduction, the end of the new.

A mark is one letter, so that the rules in ``quote_lines`` can work on a string of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.mail import quote_attribution as attribution
from gateway.mail import quote_header as header

BLANK = "e"
TEXT = "t"
QUOTE = "q"
INTRO = "a"  # an attribution above quoted lines
WEAK = "w"  # the same, perhaps in the author's own words
SIGNED = "s"  # the source itself calls it a signature
CUT = "c"  # here the old mail begins and goes on to the end
FORWARD = "f"  # the same, and it was forwarded
END = "m"  # our own marker: what follows was never new

_MARKER = "##- Please reply above this line -##"  # our own notification layout
_ABOVE_LINE = re.compile(
    r"\W{0,12}(?:please )?(?:type |write |enter )?(?:your )?(?:reply|respond|answer|response)"
    r"[^.]{0,40} above th(?:is|e) (?:dotted )?line",
    re.IGNORECASE,
)
_SENTENCES = 1_000  # candidates for an attribution that are looked at
_DIFF_HEADER = re.compile(r"\d+(?:,\d+)?[acd]\d+(?:,\d+)?\Z")
_INITIALS = re.compile(r"[A-Z]{1,3}>(?:\s|\Z)")
_QUOTE_SIGNS = frozenset(">＞")
_CODE_BEGINS = frozenset("`~0123456789")
_RULES = frozenset("-_=*—–─")
_COLONS = frozenset(":：")


def marks_of(lines: Sequence[str]) -> list[str]:
    """Mark each line. lines: stripped. Below the first CUT, FORWARD or END nothing is looked at."""
    marks = [TEXT if line else BLANK for line in lines]
    code = _code_lines(lines)
    quoted = False
    for index, line in enumerate(lines):
        if line[:1] in _QUOTE_SIGNS:
            marks[index] = QUOTE
            quoted = True
        elif ">" in line[1:4] or line[:1] == "|":
            marks[index] = QUOTE if _is_odd_quote(lines, index, marks) else TEXT
    for index in code:
        marks[index] = TEXT if lines[index] else BLANK
    if quoted:
        _join_broken_quotes(lines, marks)
    _mark_introductions(lines, marks, code)
    return marks


def _is_odd_quote(lines: Sequence[str], index: int, marks: Sequence[str]) -> bool:
    """``AB> text``, and ``| text`` (not a table, whose rows end with the bar too)."""
    line = lines[index]
    if line[0] != "|":
        return _INITIALS.match(line) is not None
    if line == "|":
        return index > 0 and marks[index - 1] == QUOTE
    return line[1] == " " and line[-1] != "|"


def _code_lines(lines: Sequence[str]) -> set[int]:
    """Lines in which ``>`` and ``--`` mean something else: fenced code, diffs, a Python prompt."""
    fences = [
        index
        for index, line in enumerate(lines)
        if (line[:1] in _CODE_BEGINS and _may_be_code(line)) or line[:4] == ">>> "
    ]
    code: set[int] = set()
    if not fences:
        return code
    prompts = [index for index in fences if lines[index][0] == ">"]
    diffs = [index for index in fences if lines[index][0].isdigit()]
    fences = [index for index in fences if lines[index][0] in "`~"]
    for first, last in zip(fences[::2], fences[1::2], strict=False):
        code.update(range(first, last + 1))
    for index in prompts:
        line = lines[index]
        above = lines[index - 1] if index else ""
        if line[3:4] == " " and (index - 1 in code or (above[:1] != ">" and line[4:5].isidentifier())):
            code.add(index)
    for index in diffs:
        below = index + 1
        while below < len(lines) and (
            lines[below][:2] in ("< ", "> ", "<", ">", "\\ ") or lines[below] == "---"
        ):
            below += 1
        code.update(range(index, below))
    return code


def _may_be_code(line: str) -> bool:
    if not line[:1].isdigit():
        return line[:3] in ("```", "~~~")
    return len(line) < 30 and line[-1].isdigit() and _DIFF_HEADER.match(line) is not None


def _join_broken_quotes(lines: Sequence[str], marks: list[str]) -> None:
    """A line that a mail program broke off a quoted one belongs to the quotation."""
    for index in range(1, len(lines) - 1):
        if marks[index] != TEXT or marks[index - 1] != QUOTE or marks[index + 1] != QUOTE:
            continue
        line, above = lines[index], lines[index - 1]
        if line[0] in "(<":
            broken = "://" in line[:16]
        else:
            broken = (line[0].islower() or line[0] in "_,.;)%&=") and above[-1] not in "?!:>"
            broken = broken and (len(above) >= 60 or above[-1] != ".")
        if broken:
            marks[index] = QUOTE


def _mark_introductions(lines: Sequence[str], marks: list[str], code: set[int]) -> None:
    left = _SENTENCES
    for index, line in enumerate(lines):
        if not line or index in code:
            continue
        last = line[-1]
        if marks[index] == QUOTE:
            if last == ":" and len(line) < 40 and _closes_bracket(lines, index):
                _mark_attribution(lines, marks, index)
            continue
        if " above th" in line[:160] and (_MARKER in line or _ABOVE_LINE.match(line)):
            marks[index] = END
            _mark_attribution(lines, marks, _filled_before(lines, index))
            return
        if (line[0] in _RULES or last in _COLONS or last == "*") and _mark_title(lines, marks, index):
            return
        if (":" in line[:32] or "：" in line[:32]) and _mark_block(lines, marks, index):
            return
        if left and attribution.may_end(line):
            left -= 1
            _mark_attribution(lines, marks, index)
            if marks[index] == CUT:
                return


def _mark_title(lines: Sequence[str], marks: list[str], index: int) -> bool:
    forwarded = header.is_forwarded(lines[index])
    if forwarded is None:
        return False
    below = _skip_blanks(lines, index + 1)
    end = header.block_end(lines, below, announced=True) if below < len(lines) else None
    _fill(marks, index, end or index + 1, FORWARD if forwarded else CUT)
    _take_rule_above(lines, marks, index)
    return True


def _mark_block(lines: Sequence[str], marks: list[str], index: int) -> bool:
    above = _filled_before(lines, index)
    end = header.block_end(lines, index, announced=above >= 0 and header.is_rule(lines[above]))
    if end is None:
        return False
    _fill(marks, index, end, CUT)
    _take_rule_above(lines, marks, index)
    return True


def _mark_attribution(lines: Sequence[str], marks: list[str], end: int) -> None:
    below = _skip_blanks(lines, end + 1)
    follows = marks[below] if below < len(lines) else BLANK
    begin = attribution.start_of(lines, end, quote_follows=follows == QUOTE) if end >= 0 else None
    if begin is None:
        return
    if follows == END:
        mark = END
    elif follows == QUOTE:
        mark = WEAK if attribution.is_weak(" ".join(lines[begin : end + 1])) else INTRO
    else:
        mark = CUT
    _fill(marks, begin, end + 1, mark)


def _closes_bracket(lines: Sequence[str], index: int) -> bool:
    """True if the ``>`` that begins a line ends an address that was broken off above."""
    above = " ".join(line[:200] for line in lines[max(0, index - 3) : index] if line[:1] != ">")
    return above.count("<") > above.count(">")


def _fill(marks: list[str], begin: int, end: int, mark: str) -> None:
    marks[begin:end] = mark * (end - begin)


def _take_rule_above(lines: Sequence[str], marks: list[str], index: int) -> None:
    above = _filled_before(lines, index)
    if above >= 0 and marks[above] == TEXT and header.is_rule(lines[above]):
        _fill(marks, above, index, marks[index])


def _filled_before(lines: Sequence[str], index: int) -> int:
    """The nearest line above that is not blank, a few away at most; -1 if none."""
    for above in range(index - 1, max(-1, index - 5), -1):
        if lines[above]:
            return above
    return -1


def _skip_blanks(lines: Sequence[str], index: int) -> int:
    """The next line that is not blank, at most a few further."""
    stop = min(len(lines), index + 6)
    while index < stop and not lines[index]:
        index += 1
    return index
