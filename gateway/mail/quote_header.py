"""Where does the header block of an older mail begin: "From: ... Sent: ... Subject: ..."?

Outlook and its kin quote without marks: a rule or "-----Original Message-----", some header
fields in the language of the program, then the old text. Forwarding looks the same with other words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.mail import quote_languages as words

_FIELD = re.compile(r"[*_>\s]{0,6}([^\W\d_][^:：*<>@]{0,24}?)\s?[*_]{0,2}\s?[:：][*_]{0,2}")
_RULE = re.compile(r"[-_=*~—–─\s]{3,}\Z")
_TITLE = re.compile(
    r"[*_\s]{0,4}[-_=—–─]{2,}[*_\s]{0,3}([^\W\d][^\n]{2,58}?)[*_\s]{0,3}[-_=—–─]{2,}[*_\s]{0,4}\Z"
)
_REACH = 14  # lines in which a header block must show itself
_LONGEST = 400


def is_rule(line: str) -> bool:
    """A line of nothing but dashes, underscores or the like."""
    return len(line) >= 3 and _RULE.match(line) is not None


def is_forwarded(line: str) -> bool | None:
    """Read a title: True "Begin forwarded message:", False "-----Original Message-----", None for none."""
    if not (4 if line[-1:] == "：" else 8) <= len(line) <= 120:
        return None
    low = line.lower().replace("\u0307", "")  # the dot of a Turkish capital I
    match = _TITLE.match(low)
    if match:
        inner = match.group(1)
        if _has(inner, words.FORWARD_WORDS):
            return True
        old = inner in words.ORIGINAL_WORDS or (len(inner.split()) <= 5 and _has(inner, words.MESSAGE_WORDS))
        return False if old else None
    if low.rstrip("*_ ")[-1:] in (":", "：") and len(low.split()) <= 6:  # Apple Mail
        return True if _has(low, words.FORWARD_WORDS) and _has(low, words.MESSAGE_WORDS) else None
    return None


def field_kind(line: str) -> str | None:
    """Which header field a stripped line begins with: from, sent, date, to, copy, subject or None."""
    if ":" not in line[:32] and "：" not in line[:32]:
        return None
    match = _FIELD.match(line[:48])
    return words.FIELDS.get(match.group(1).lower()) if match else None


def block_end(lines: Sequence[str], start: int, *, announced: bool) -> int | None:
    """Find the line after the header block that begins at ``start``; None if there is none.

    lines: stripped. announced: a separator stands before it, so fewer fields convince.
    """
    first = field_kind(lines[start])
    if first is None or (not announced and first not in ("from", "sent", "date")):
        return None
    kinds = {first}
    end, blanks = start + 1, 0
    for index in range(start + 1, min(len(lines), start + _REACH)):
        line = lines[index]
        if not line:
            blanks += 1
            if blanks > 1:
                break
            continue
        kind = field_kind(line)
        if kind is None:
            if blanks or index - end >= 3:
                break
            continue
        if blanks and kind in kinds:
            break
        kinds.add(kind)
        end, blanks = index + 1, 0
    if not _convinces(kinds, lines[start:end], announced):
        return None
    while end < min(len(lines), start + _REACH) and _FIELD.match(lines[end][:48]):
        end += 1  # a field whose name is not known
    return end


def _convinces(kinds: set[str], block: Sequence[str], announced: bool) -> bool:
    if "from" not in kinds and not (announced and len(kinds) >= 2) and not {"sent", "to", "subject"} <= kinds:
        return False
    if announced:
        return True
    if "sent" in kinds or ("subject" in kinds and ("to" in kinds or "date" in kinds)):
        return len(kinds) >= 2
    has_address = any("@" in line[:_LONGEST] for line in block)
    return has_address and ("subject" in kinds or ("date" in kinds and _has_digit(block)))


def _has_digit(block: Sequence[str]) -> bool:
    return any(char.isdigit() for line in block for char in line[:80])


def _has(low: str, roots: Sequence[str]) -> bool:
    return any(root in low for root in roots)
