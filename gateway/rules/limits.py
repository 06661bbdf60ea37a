"""How much is too much: brakes against loops and floods. Pure: counts in, the reason of a hold or "" out.

DESIGN section 5: only strangers, ``claimed`` and automatic mail are counted, a follower who is proven or uses
his own reply address never; what is over a limit is held, so that no person's mail is lost. Odoo's gate counts
everybody and answers each further mail with a bounce, which feeds the loop.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from gateway.rules.authorship import Confidence

_LOOKED_AT = 500  # characters of a text that are compared
_FEW = 15  # letters; so little is "No, sorry." or "Thank you!", which people say again and again
_NO_LETTER = re.compile(r"[\W\d_]+")


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of the house; 0 = none.

    window: how far back is counted. records: new records of one type by one author. mails: unproven or automatic
    mails of one author on one thread. proven: who is verified is counted too where he opens records. answers: how often the same words may take turns with somebody else.
    exempt: addresses and @domains that are not counted, where they are verified.
    """

    window: timedelta = timedelta(minutes=120)
    records: int = 60
    mails: int = 60
    answers: int = 10
    exempt: frozenset[str] = frozenset()
    proven: bool = False


class Said(NamedTuple):
    """One entry of a thread. author_id: None = no partner. text: its beginning."""

    author_id: int | None
    text: str


def counted_as(address: str) -> str:
    """The address under which a normalised one is counted: without its +tag and its dots.

    Loops and floods vary them (Ann.Lee+7@ is annlee@); two people who share such a key share only a limit.
    """
    local_part, _, domain = address.rpartition("@")
    plain = local_part.partition("+")[0].replace(".", "")
    return f"{plain or local_part}@{domain}".lower()


def is_counted(
    sure: Confidence, *, automatic: bool, internal: bool, opens: bool, proven: bool = False
) -> bool:
    """Whether a mail is counted against a limit at all.

    internal: its author is a colleague. opens: it opens a record, where everybody from outside is a stranger.
    proven: strangers whose address is proven are counted too.
    """
    if automatic or sure in (Confidence.CLAIMED, Confidence.FAILED):
        return True
    return opens and not internal and proven


def is_exempt(address: str, sure: Confidence, limits: Limits) -> bool:
    """Whether the house takes any number of mails of this author; a From that nothing proves is never exempt."""
    names = {address, "@" + address.rpartition("@")[2]}
    return sure is Confidence.VERIFIED and not limits.exempt.isdisjoint(names)


def too_many(posted: int, limits: Limits, *, opens: bool) -> str:
    """The reason why one more mail of an author is held, "" if it is not.

    posted: how many of his opened a record of the type, or were posted on the thread, within the window.
    """
    most = limits.records if opens else limits.mails
    if not most or posted < most:
        return ""
    what = "new records of the author" if opens else "mails of the author on this record"
    return f"too many {what}: {most} in {_minutes(limits.window)} minutes"


def answers_itself(said: Iterable[Said], author_id: int, text: str, limits: Limits) -> str:
    """The reason why a verified mail looks like one half of two programs that answer each other, else "".

    said: what stands in the thread, newest first, within the window. A program says the same words (apart from
    numbers) whenever it is answered; so a turn counts where somebody else spoke after them. Who sends the same
    text many times without being answered floods, and is a person for all we know.
    """
    words = _words(text)
    if not limits.answers or len(words) < _FEW:
        return ""
    turns, is_answered = 0, False
    for one in said:
        if one.author_id != author_id:
            is_answered = True
        elif is_answered and _words(one.text) == words:
            turns, is_answered = turns + 1, False
    if turns < limits.answers:
        return ""
    return f"the same words for the {turns + 1}th time, each time after an answer: it seems to be a program"


def waits_until(nth_last: datetime | None, now: datetime) -> datetime | None:
    """When the mails of one more post may go to followers, None = at once.

    nth_last: when the mail was queued that is as far back as the limit of an hour, None if there are not so many.
    """
    over = None if nth_last is None else nth_last + timedelta(hours=1)
    return over if over is not None and over > now else None


def _words(text: str) -> str:
    return _NO_LETTER.sub(" ", text[:_LOOKED_AT]).strip().casefold()


def _minutes(window: timedelta) -> int:
    return int(window.total_seconds() // 60)
