"""Does a line, alone or with those above it, introduce a quotation? "On 3 May 2026, Ann wrote:"

Programs wrap such a sentence over up to four lines. It is recognised by what it holds, not by one
pattern for each language: a date, a mail address, a verb of writing, an opening word, a colon at
the end. What must be present depends on what follows: above a line with ``>`` little suffices, above
ordinary text much is asked, because everything below is then taken as quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from gateway.mail import quote_languages as words

_LONGEST = 400  # characters of one line that are looked at
_ROOM = 700  # characters of the sentence with all its lines
_LINES = 6


def _either(values: Iterable[str]) -> str:
    return "|".join(re.escape(value) for value in sorted(set(values), key=len, reverse=True))


_VERB = re.compile(
    rf"(?<!\w)(?:{_either(words.VERBS)})(?:\(\w\)|/\w|\w?a)?(?!\w)|{_either(words.VERBS_UNSPACED)}",
    re.IGNORECASE,
)
_OPENER = re.compile(
    rf"[\W_]{{0,12}}(?:(?:{_either(words.OPENERS)})(?!\w)|{_either(words.OPENERS_UNSPACED)}|\d)",
    re.IGNORECASE,
)
_TIME = re.compile(r"(?<!\d)\d{1,2}\s?[:.h時时點]\s?\d{2}(?![\d.])")
_FULL_DATE = re.compile(r"(?<!\d)\d{1,4}\s?[./\-年년]\s?\d{1,2}\s?[./\-月월]\s?\d{1,4}(?!\d)")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_DAY = re.compile(r"(?<!\d)\d{1,2}(?!\d)")
_MAILBOX = re.compile(r"[^\s<>()\[\]@:,;\"]@[\w-]+\.[\w.-]+")
_MAILBOX_END = re.compile(r"@[\w.-]+(?:<mailto:[^<>\s]*)?>{0,2}[)\]>]?\s?[:：]?$")
_STARTS_WITH_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\s")
# "On 3 March we wrote:" is the author's own sentence.
_FIRST_PERSON = re.compile(
    r"(?<!\w)(?:i|we|ich|wir|je|j['’]ai|nous|ik|wij|jag|jeg|ho|abbiamo|yo|nosotros|nós|я|мы|ми|ja|my)(?!\w)",
    re.IGNORECASE,
)
_INSIDE = re.compile(
    r"(?:-{2,40}\s?|(?<=\s))\b(?:On|Le|Am|Op|Il|El|Em)\s(?=(?:\w{2,10}[.,]{1,2}\s)?(?:\w{3,10}\s)?\d)"
)


def may_end(line: str) -> bool:
    """Say cheaply whether a stripped, non-empty line can be the last of an attribution."""
    last = line[-1]
    if last in ":：":
        return True
    if last == ">":
        return "@" in line
    return last == "-" and line[0] == "-" and len(line) > 12


def start_of(lines: Sequence[str], end: int, *, quote_follows: bool) -> int | None:
    """Find the first line of the attribution whose last line is ``end``; None if it is none.

    lines: stripped lines. Goes up at most five lines, over one blank line only while a
    bracket is open (Polymail puts the address into a paragraph of its own).
    """
    joined = ""
    found: int | None = None
    best = blanks = 0
    for index in range(end, max(-1, end - _LINES), -1):
        line = lines[index]
        if len(line) > _LONGEST or len(joined) + len(line) > _ROOM:
            break
        if not line:
            blanks += 1
            if blanks > 1 or (joined.count("<") >= joined.count(">") and joined[0] != "<"):
                break
            continue
        if joined and _ends_a_sentence(line):
            break
        joined = f"{line} {joined}" if joined else line
        if joined.count(">") > joined.count("<"):
            continue
        strength = _strength(joined, quote_follows)
        if strength > best:
            found, best = index, strength
        if strength and _opens(joined) and _has_day(joined):
            break
    return found - 1 if found and _is_lead_in(lines, found - 1) else found


def _is_lead_in(lines: Sequence[str], index: int) -> bool:
    """True for a first line that a program broke off: "Em ter., 3 de mar. de", or in front of an address
    or behind one."""
    line, below = lines[index], lines[index + 1]
    alone = index == 0 or not lines[index - 1]
    if not line or not alone or len(line) >= 80 or _ends_a_sentence(line):
        return False
    behind = "@" not in below and _MAILBOX.search(line) is not None
    return below.startswith("<") or behind or _opens(line)


def inside(line: str) -> int:
    """Where an attribution begins in the middle of a line, 0 if nowhere ("yes On Mon, 3 May 2026, ...")."""
    if len(line) > _LONGEST or line[-1:] not in ":：":
        return 0
    match = _INSIDE.search(line)
    if match is None or not _strength(line[match.start() :].strip(), False):
        return 0
    return match.start()


def is_weak(sentence: str) -> bool:
    """True where a person may have written the introduction: it names neither address nor time."""
    return not (_MAILBOX.search(sentence) or _is_dated(sentence))


def _opens(joined: str) -> bool:
    match = _OPENER.match(joined)
    return match is not None and any(char.isdigit() for char in joined[match.start() : match.end() + 40])


def _strength(joined: str, quote_follows: bool) -> int:
    """0 if the words do not introduce a quotation, else one more for each sign of it."""
    verb = _VERB.search(joined)
    mailbox = "@" in joined and _MAILBOX.search(joined) is not None
    if joined[-1] not in ":：":
        return int(_introduces_without_colon(joined, verb, mailbox, quote_follows)) and 1 + mailbox
    dated = _is_dated(joined)
    has_day = _has_day(joined)
    if quote_follows:
        enough = (verb is not None or mailbox or dated) and (len(joined) < 200 or verb is not None)
    elif verb:
        enough = mailbox or (has_day and not _FIRST_PERSON.search(joined))
    else:
        enough = mailbox and has_day and _MAILBOX_END.search(joined) is not None
    return 1 + (verb is not None) + mailbox + has_day if enough else 0


def _introduces_without_colon(
    joined: str, verb: re.Match[str] | None, mailbox: bool, quote_follows: bool
) -> bool:
    if joined.startswith("--"):  # Zoho and Android: "---- On ... Ann wrote ----"
        return verb is not None and joined.endswith("--") and verb.end() > len(joined) - 12
    if not quote_follows:
        return False
    if verb:
        return joined.endswith(verb.group()) and (mailbox or _is_dated(joined))
    return mailbox and joined[-1] == ">" and _STARTS_WITH_DATE.match(joined) is not None


def _ends_a_sentence(line: str) -> bool:
    """True where a line cannot go on below: "as we said." but not "um Fr., 28." or "kl."."""
    if line[-1] in "!?:：;":
        return True
    return line[-1] == "." and len(line.rsplit(None, 1)[-1]) > 7


def _is_dated(joined: str) -> bool:
    return _TIME.search(joined) is not None or _has_day(joined)


def _has_day(joined: str) -> bool:
    if _FULL_DATE.search(joined):
        return True
    return _YEAR.search(joined) is not None and _DAY.search(joined) is not None
