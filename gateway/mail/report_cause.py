"""Why was a message not delivered, as far as the words of a mail system tell?

Many systems give no enhanced status or a general one, so the words decide. What is told first is the
cause; of two that begin at the same place the upper row wins. In doubt an address lives: giving up a
living one is the worse mistake.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.mail.report_words import phrases

_LIMIT = 6_000  # characters of a diagnosis that are read; the cause stands in its first lines


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason of a failure. status: subject and detail (RFC 3463) to put behind the class.

    hard: the address is dead. alive: the mailbox exists, whatever the status says.
    """

    name: str
    status: str
    words: str
    hard: bool = False
    alive: bool = False


_ROWS: tuple[tuple[Cause, re.Pattern[str]], ...] = (
    (
        Cause("full", "2.2", "the mailbox is full", alive=True),
        phrases(
            "mail ?box ~full", "mailfolder is full", "mailbox size limit", "over ?quota", "over ~quota", "quota exceed",
            "exceed\\w* ~quota", "quota ~exceed", "out of (?:storage|disk)", "insufficient ~(?:space|storage|quota)",
            "not enough (?:storage )?space", "not enough storage", "storage ~exceed", "exceed\\w* storage",
            "user is over", "disk full", "mailbox exceeds", "inbox is full", "容量", "переполнен",
        ),
    ),
    (
        Cause("loop", "4.6", "a mail loop was found", alive=True),
        phrases("too many hops", "hop count exceed", "mail loop", "message looping", "routing loop", "loops back to"),
    ),
    (
        Cause("too big", "3.4", "the message is too big", alive=True),
        phrases(
            "too (?:large|big)", "message size exceed", "size exceeds", "exceed\\w* ~(?:maximum|size)", "maximum ~size",
            "max message size", "sizelimit",
        ),
    ),
    (
        Cause("relay", "7.1", "the mail system does not relay for the sender", alive=True),
        phrases(
            "relay\\w* ~(?:denied|prohibited|not (?:allowed|permitted))", "not (?:permitted|allowed) to ~relay",
            "not relay", "unable to relay", "relaying", "not a gateway", "smtp authentication", "authentication ~required",
            "not authenticated", "must authenticate",
        ),
    ),
    (
        Cause("dead domain", "1.2", "the domain does not exist or takes no mail", hard=True),
        phrases(
            "host unknown", "unknown host", "host not found", "domain ~not (?:be )?found", "domain ~n.t be found",
            "unrouteable mail domain", "unroutable mail domain", "no such domain", "domain ~does(?: not|n.t) exist",
            "name or service not known", "nxdomain", "null mx", "bad destination host", "unknown domain",
            "illegal host/domain", "host or domain name not found", "no mx or a", "no mx record", "cannot find ~mail exchanger",
            "host ~name lookup failure", "non-existent domain", "nullmx",
        ),
    ),
    (
        Cause("moved", "1.6", "the mailbox has moved", hard=True),
        phrases("has moved", "no longer with", "has left", "user not local; please try"),
    ),
    (
        Cause("dead mailbox", "1.1", "the mailbox does not exist", hard=True),
        phrases(
            "(?:user|recipient|address|addressee|mailbox|account|alias|local part|local-part|login)s? ~(?:is )?unknown",
            "(?:unknown|unrecognized|nonexistent|non-existent) (?:or \\w+ )?(?:local )?"
            "(?:user|recipient|address|addressee|mailbox|account|alias|part|local.part|name)",
            "(?:user|recipient|address|mailbox|account|person|name|userid)\\w* ~not (?:be )?(?:found|known|recogni[sz]ed|exist)",
            "no (?:such|valid) (?:user|recipient|person|mailbox|address|account|local user|name)",
            "no mailbox ~by that name", "no user by that name", "no mailbox here", "no account by that name",
            "(?:user|recipient|address|mailbox|account|person)\\w* ~does(?: not|n.t) exist",
            "does(?: not|n.t) exist here", "does(?: not|n.t) have an? ~account", "that does(?: not|n.t) exist",
            "invalid (?:final delivery )?(?:user|recipient|mailbox|address|userid)",
            "not a valid (?:user|recipient|mailbox|address)", "is not a known user", "not a local user",
            "not listed in ~(?:directory|address book|name)", "not our customer", "no longer (?:valid|exists|available|in use|active)",
            "unrouteable address", "unroutable address", "not my user", "no matches to", "cannot be found in ~directory",
            "name is not recogni[sz]ed", "couldn.t be found", "wasn.t found", "was not found", "bad destination mailbox",
            "disabled or discontinued", "存在しない", "見つかりません", "не существует", "не найден", "unbekannt",
            "nicht vorhanden", "n.existe pas", "no existe", "non esiste", "não existe", "nao existe", "不存在",
        ),
    ),
    (
        Cause("policy", "7.1", "refused by a policy", alive=True),
        phrases(
            "spam", "black ?list", "block ?list", "blocked", "dnsbl", "\\brbl\\b", "spamhaus", "reputation", "polic(?:y|ies)",
            "dmarc", "\\bspf\\b", "dkim", "not authori[sz]ed", "unauthori[sz]ed", "access denied", "banned", "virus",
            "content ~reject", "reverse dns", "ptr record", "\\bptr\\b", "prohibited", "recipient preferences",
            "not allowed to", "not permitted", "unsolicited", "bulk e?-?mail", "may not exist", "権限",
        ),
    ),
    (
        Cause("disabled", "2.1", "the mailbox is disabled", hard=True),
        phrases(
            "(?:account|mailbox|user)\\w* ~(?:disabled|inactive|deactivated|closed|suspended)",
            "(?:disabled|inactive) (?:user|account|mailbox)",
        ),
    ),
    (
        Cause("expired", "4.7", "it was tried for too long"),
        phrases(
            "retry time", "too long", "for \\d+ (?:days?|hours?)", "expired", "after \\d+ (?:days?|hours?)", "timeout exceeded",
            "not been collected", "giving up on", "message timed out", "after [\\d.]+ hour",
        ),
    ),
    (
        Cause("unreachable", "4.1", "the host cannot be reached"),
        phrases(
            "connection (?:was )?(?:refused|timed ?out|reset|dropped|failed|lost)", "could(?: not|n.t) connect",
            "could not initiate smtp", "no route to host", "timed out", "network (?:is )?unreachable", "unable to connect",
            "service (?:currently )?unavailable", "connection to ~failed", "try again later", "unavailable or busy",
            "temporary ~(?:error|failure|problem)", "dns error", "lookup failure",
        ),
    ),
    (
        Cause("unavailable", "2.0", "the mailbox is not available"),
        phrases("mailbox (?:is )?(?:currently )?unavailable", "mailbox name not allowed", "not accepting mail", "over limit"),
    ),
)  # fmt: skip


def cause_of(text: str) -> Cause | None:
    """The cause that is told first in a diagnosis, None when it says nothing known."""
    head = text[:_LIMIT]
    found = [(told.start(), cause) for cause, words in _ROWS if (told := words.search(head))]
    return min(found, key=lambda one: one[0])[1] if found else None
