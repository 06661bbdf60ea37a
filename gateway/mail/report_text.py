"""Read a bounce as a person would: from the words of the mail system, where it gives no machine part.

Pure. The text is cut at the returned mail first, so that nothing which the original said counts as
said by the mail system.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from gateway.mail import status as enhanced
from gateway.mail.report_words import DELAYED, FAILED, GIVEN_UP, HEADER, RETURNED, TECHNICAL

_READ = 64_000  # characters in which the returned mail is looked for
_HEAD = 24_000  # characters of the notice that are read
_TAIL = 24_000  # characters of the returned mail that are read
_MANY = 1_000  # addresses of one notice

_LOCAL = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~.\u0080-\uffff-"
_HOST = r"A-Za-z0-9.\u0080-\uffff-"
_ADDR = rf"(?<![{_LOCAL}@])([{_LOCAL}]{{1,64}}@[{_HOST}]{{1,253}})"

_ADDRESS = re.compile(_ADDR)
_BEGINS_LINE = re.compile(
    r"^[ \t>*•.\"'-]{0,40}(?:[45]\d\d[ -](?:[45]\.[\d.]{3,8} )?)?(?:to:? {0,2})?[<\"'\[]{0,2}"
    + _ADDR
    + r"[>\"'\]]{0,2}[ \t]{0,20}(?:$|[:;,(\[<.]|\S)",
    re.IGNORECASE | re.MULTILINE,
)
_NAMED = re.compile(
    r"(?:\bto|\bfor|\bsaid|recipients?|address(?:es|ed)?|\buser(?:id)?|mailbox|unknown|error-for|permanent errors|attempts)"
    r"[,:]?\s{0,12}[-*<\"'(]{0,3}\s?" + _ADDR,
    re.IGNORECASE,
)
_COMMAND = re.compile(r"RCPT TO:\s?<?" + _ADDR, re.IGNORECASE)
_RETURNED_TO = re.compile(r"^(?:X-Original-To|Delivered-To|To)\s?:(.{0,400})", re.IGNORECASE | re.MULTILINE)
_MESSAGE_ID = re.compile(
    r"^(?:X-Original-)?Message-ID\s?:\s{0,4}(<[^<>\s]{1,900}>)", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True)
class Notice:
    """The words of a mail system (its subject first) and the mail it returned, "" where it returned none."""

    words: str
    returned: str

    @cached_property
    def tells_failure(self) -> bool:
        """Whether the words say that a delivery failed."""
        return bool(FAILED.search(self.words))

    @cached_property
    def tells_delay(self) -> bool:
        """Whether the words say that it is still being tried."""
        return bool(DELAYED.search(self.words)) and not GIVEN_UP.search(self.words)

    @cached_property
    def is_technical(self) -> bool:
        """Whether the words are a mail system's: an enhanced status, an answer of SMTP, a term."""
        return TECHNICAL.search(self.words) is not None or enhanced.find(self.words) is not None


def notice(subject: str, text: str, returned: str = "") -> Notice:
    """Cut a notice from the mail that it returns. returned: parts that hold the returned mail."""
    text = text[:_READ]
    cuts = [found.start() for found in (RETURNED.search(text, 1), HEADER.search(text)) if found]
    at = min(cuts, default=len(text))
    return Notice(f"{subject}\n{text[:at]}"[:_HEAD], f"{text[at:]}"[:_TAIL] + "\n" + returned[:_TAIL])


def stated_addresses(told: Notice, own: frozenset[str]) -> tuple[str, ...]:
    """The failed addresses that the words name as such, each once, in order.

    own: addresses in lower case that cannot have failed: the mail system's and the receiver's.
    The surest form that names any address decides.
    """
    for form in (_BEGINS_LINE, _NAMED, _COMMAND):
        if found := _distinct((m[1] for m in form.finditer(told.words)), own):
            return found
    return ()


def implied_address(told: Notice, own: frozenset[str]) -> tuple[str, ...]:
    """The only other address in the words, else the recipients of the returned mail; () if none."""
    others = _distinct((m[1] for m in _ADDRESS.finditer(told.words)), own)
    if len(others) == 1:
        return others
    back = _RETURNED_TO.search(told.returned)
    return _distinct((m[1] for m in _ADDRESS.finditer(back[1])), own) if back else ()


def original_message_id(told: Notice) -> str | None:
    """The Message-ID of the returned mail, with brackets."""
    found = _MESSAGE_ID.search(told.returned)
    return found[1] if found else None


def passage(told: Notice, address: str) -> str:
    """What the words say from the first mention of an address on, "" if they do not name it."""
    at = told.words.lower().find(address.lower()) if address else -1
    return told.words[at : at + 2_000] if at >= 0 else ""


def _distinct(found: Iterable[str], own: frozenset[str]) -> tuple[str, ...]:
    """Addresses without a full stop around them, each once, those of ``own`` left out."""
    unique: dict[str, str] = {}
    for address in found:
        clean = address.strip(".-'")
        if "." in clean.rpartition("@")[2] and clean.lower() not in own:
            unique.setdefault(clean.lower(), clean)
    return tuple(unique.values())[:_MANY]
