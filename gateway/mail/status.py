"""What does an enhanced mail status say, and does it say that the address itself is dead?

Pure. Source: RFC 3463 and its registry (RFC 5248); which statuses suppress an address is DESIGN's
decision "Bounces": a full mailbox or a policy fails one delivery, only a dead address is given up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# class "." subject "." detail; no part of a version, an IP address or a longer number
_STATUS = re.compile(r"(?<![\w.])([245])\.([0-7])\.(\d{1,3})(?![\w-]|\.\d)")
_REPLY = re.compile(r"(?<![\w.:#/=-])([45])([0-5])(\d)(?=[\s\-<]|$)")

HARD = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})

_CLASSES = {"2": "delivered", "4": "not delivered yet", "5": "refused"}
_SUBJECTS = {
    "0": "for an unknown reason",
    "1": "because of the address",
    "2": "because of the mailbox",
    "3": "because of the mail system",
    "4": "because of the network or the routing",
    "5": "because of the mail protocol",
    "6": "because of the content",
    "7": "because of a policy or of security",
}
_DETAILS = {
    "1.1": "the mailbox does not exist",
    "1.2": "the domain does not exist or takes no mail",
    "1.3": "the address is not a valid one",
    "1.4": "the address is ambiguous",
    "1.6": "the mailbox has moved",
    "1.7": "the address of the sender is not valid",
    "1.8": "the domain of the sender is not valid",
    "1.9": "the message was relayed to a system that does not report",
    "1.10": "the domain or mailbox takes no mail",
    "2.1": "the mailbox is disabled",
    "2.2": "the mailbox is full",
    "2.3": "the message is too long for the mailbox",
    "2.4": "the mailing list cannot be expanded",
    "3.1": "the mail system is full",
    "3.2": "the mail system takes no messages now",
    "3.4": "the message is too big for the mail system",
    "4.1": "the host does not answer",
    "4.2": "the connection broke",
    "4.3": "the directory or name server does not answer",
    "4.4": "no route to the domain",
    "4.5": "the mail system is congested",
    "4.6": "a mail loop was found",
    "4.7": "it was tried for too long",
    "5.3": "too many recipients",
    "6.0": "the content was refused",
    "7.1": "delivery is not allowed",
    "7.25": "the sending host has no proper name in DNS",
    "7.26": "the message failed authentication",
}


def parse(text: str) -> str | None:
    """Read the value of a Status field such as ``5.1.1 (no such user)``; None if there is none.

    Old systems write ``5.1.1`` anywhere in the value, so the first status in it counts.
    """
    return next(find_all(text), None)


def find_all(text: str) -> Iterator[str]:
    """Each enhanced status in a text, in order, in canonical form (no leading zeros)."""
    for found in _STATUS.finditer(text):
        before = text[max(0, found.start() - 8) : found.start()].lower()
        if not before.endswith("version "):
            yield f"{found[1]}.{found[2]}.{int(found[3])}"


def find(text: str) -> str | None:
    """The most telling status of a failure in a text, the first of equals; None if there is none."""
    failures = [status for status in find_all(text) if status[0] != "2"]
    return max(failures, key=weight, default=None)


def weight(status: str) -> int:
    """How much a status tells: 0 only its class, 1 its subject too, or that time ran out, 2 the cause.

    Systems that gave up after days say 4.4.7 and quote the last answer behind it: that is the cause.
    """
    if status.endswith(".0.0"):
        return 0
    return 1 if status.endswith((".0", ".4.7")) else 2


def reply_class(text: str) -> str | None:
    """The class "4" or "5" of the first SMTP reply code in a text, None if there is none."""
    found = _REPLY.search(text)
    return found[1] if found else None


def is_hard(status: str) -> bool:
    """Whether the address itself is dead, so that nothing more should be sent to it."""
    return status in HARD


def words(status: str) -> str:
    """Say for a person what a status means; an unknown detail falls back on its subject.

    >>> words("5.1.1")
    'refused: the mailbox does not exist'
    """
    first, subject, detail = status.split(".")
    verb = _CLASSES.get(first, "unknown result")
    known = _DETAILS.get(f"{subject}.{detail}")
    return f"{verb}: {known}" if known else f"{verb} {_SUBJECTS.get(subject, _SUBJECTS['0'])}"
