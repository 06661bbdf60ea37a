"""The sentences that a log entry says in our own words, and the same entry in the language of its reader.

An entry is stored in English, once for all readers; who reads it in another language gets its sentences
translated, and the names in them stay. An older entry is recognised as a new one is.
"""

from __future__ import annotations

import re
from collections.abc import Callable

CREATED = "%(label)s created"
COPIED = "Copied from %(record)s"
MERGED = "%(record)s was merged into this"
RENAMED = "%(old)s is now %(new)s"
MOVED_ONE = "1 message moved to %(record)s"
MOVED = "%(count)s messages moved to %(record)s"
SPLIT_ONE = "Split from %(record)s: 1 message"
SPLIT = "Split from %(record)s: %(count)s messages"
NOT_SENT = "Not sent: %(trouble)s"
NOT_POSTED = "A scheduled message of %(name)s was not posted: %(trouble)s"
FORWARDED = "Forwarded a mail of %(address)s."
LEFT = "%(name)s no longer follows."
INVITED_BY = "%(by)s invited %(name)s."
INVITED = "%(name)s was invited."

ASSIGNED_TO, IS_ACTIVE = "Assigned to", "Active"
"""Labels of lines that belong to no field of the type."""

SENTENCES = (
    COPIED, MERGED, MOVED_ONE, MOVED, SPLIT_ONE, SPLIT, NOT_SENT, NOT_POSTED, FORWARDED, LEFT, INVITED_BY, INVITED,
    CREATED, RENAMED,
)  # fmt: skip
_LONGEST = 1000  # letters; a longer line is nothing that we say
_PLACE = re.compile(r"%\\\((\w+)\\\)s")  # as re.escape leaves it
_OWN = {  # sentences that a host's words could be taken for
    CREATED: r"(?P<label>(?:\S+ ){0,3}(?!(?:was|were|is|are|been|be|just)\b)\S+) created",
    RENAMED: r"(?P<old>.+ (?P<title>\(.+\))) is now (?P<new>.+ (?P=title))",
}


def _pattern(sentence: str) -> re.Pattern[str]:
    own = _OWN.get(sentence)
    return re.compile(own or _PLACE.sub(r"(?P<\1>.+)", re.escape(sentence)))


_PATTERNS = tuple((sentence, _pattern(sentence)) for sentence in SENTENCES)


def translated(text: str, translate: Callable[[str], str]) -> str:
    """The text of an entry with our sentences translated; what somebody else said in it stays as it is.

    >>> translated("Ticket created", {CREATED: "Creazione: %(label)s"}.get)
    'Creazione: Ticket'
    """
    return "\n".join(_line(line, translate) for line in text.split("\n"))


def _line(line: str, translate: Callable[[str], str]) -> str:
    for sentence, pattern in _PATTERNS if len(line) <= _LONGEST else ():
        found = pattern.fullmatch(line)
        if found:
            return translate(sentence) % found.groupdict()
    return line
