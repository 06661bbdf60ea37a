"""Where does the author's signature begin, and is the last paragraph small print?

The delimiter of RFC 3676 section 4.3 (``-- ``) is believed; everything else is judged by its form:
a rule above a few short lines, "Sent from my phone", a mailing list's footer. A closing formula with
the name below it is part of what a person says and stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.mail import quote_languages as words

_LINK = re.compile(r"[<(\[](?:https?:|mailto:)", re.IGNORECASE)
_DASHES = frozenset("-—_")
_LINES = 12  # of a signature below a rule that is not the RFC's delimiter
_FAR = 60  # lines of text above which nothing is taken for a signature's delimiter
_DISCLAIMER_LINES = 25


def signature_start(raw: Sequence[str], lines: Sequence[str], begin: int, end: int) -> int:
    """Find the first line of the signature in ``lines[begin:end]``; ``end`` if there is none.

    raw: the lines with their trailing blanks; lines: stripped.
    """
    found = end
    loose = filled = 0  # lines of text above the signature found so far; lines of text in all
    for index in range(end - 1, begin - 1, -1):
        line = lines[index]
        if not line:
            continue
        if (line[0] in _DASHES and _is_delimiter(raw[index], line, filled)) or (
            not loose and is_sent_from(line)
        ):
            found, loose = index, 0
        else:
            loose += 1
        filled += 1
        if filled > _FAR:
            break
    return found


def is_sent_from(line: str) -> bool:
    """True for "Sent from my iPhone" in its many languages, not for a sentence that begins so.

    >>> is_sent_from("Sent from my iPhone"), is_sent_from("Sent from my desk, as every day.")
    (True, False)
    """
    low = _LINK.split(line[:120], maxsplit=1)[0].strip(" *_[]-—.\u200e").lower()
    count = len(low.split())
    if not low or len(low) > 75 or count > 11 or line[-1] in "?!:" or ("," in low and count > 7):
        return False
    if "outlook" in low and ("ios" in low or "android" in low):
        return count <= 7  # the advertisement of Outlook in any language
    if low.startswith(("sent from my ", "sent via ", "sent from ")) and count <= 6 and line[-1] != ".":
        return True
    if not any(map(low.__contains__, words.DEVICE_WORDS)):
        return False
    return low.startswith(words.SENT_FIRST) or low.endswith(words.SENT_LAST)


def disclaimer_start(lines: Sequence[str], begin: int, end: int) -> int:
    """Find where the small print at the end of ``lines[begin:end]`` begins; ``end`` if there is none."""
    found = index = end
    while index > begin and end - index < _DISCLAIMER_LINES:
        while index > begin and not lines[index - 1]:
            index -= 1
        stop = index
        while index > begin and lines[index - 1] and end - index < _DISCLAIMER_LINES:
            index -= 1
        if stop == index or not _is_small_print(lines[index:stop]):
            break
        found = index
    return found


def _is_small_print(paragraph: Sequence[str]) -> bool:
    low = " ".join(paragraph)[:3000].lower()
    return len(low) > 100 and sum(map(low.__contains__, words.DISCLAIMER_WORDS)) >= 2


def _is_delimiter(raw: str, line: str, filled: int) -> bool:
    if raw.rstrip("\r") == "-- " or line in ("--", "—", "- -", "--\u00a0"):
        return True
    return 0 < filled <= _LINES and len(line) >= 2 and line.strip("_") == ""
