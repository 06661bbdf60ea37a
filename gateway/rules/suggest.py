"""Whom the composer proposes as recipients beside the followers. Pure.

The customer who opened the record by mail, and who took part in the last conversation: its author, To
and Cc. Never a follower (he hears of it anyway) but for the customer, never an address of ours, never who
writes. Source: DESIGN section 5; Odoo Chatter, "Suggested recipients".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

CUSTOMER = "customer"
AUTHOR = "author"
REPLY_TO = "reply-to"


class Candidate(NamedTuple):
    """Somebody who could be suggested. email: normalised. reason: customer, author, to, cc, reply-to, recipient.

    claimed: nothing proves that he wrote what names him; then sending to him is what vouches for him.
    """

    email: str
    name: str
    reason: str
    claimed: bool = False


class Suggestion(NamedTuple):
    """A proposed recipient. ticked: proposed so strongly that the composer ticks him beforehand."""

    email: str
    name: str
    reason: str
    ticked: bool


def suggestions(
    candidates: Iterable[Candidate],
    *,
    followers: Collection[str],
    writer: str,
    is_ours: Callable[[str], bool],
) -> list[Suggestion]:
    """The proposed recipients, each once, in the order of the candidates.

    followers: all their addresses, normalised. writer: who composes, "" = not known. is_ours: the address is
    an alias, a reply address or another one of the gateway.
    """
    found: dict[str, Suggestion] = {}
    for one in candidates:
        follows = one.email in followers
        if not one.email or one.email == writer or is_ours(one.email) or (follows and one.reason != CUSTOMER):
            continue
        ticked = one.claimed and not follows and one.reason in (CUSTOMER, AUTHOR)
        known = found.get(one.email)
        if known is None:
            found[one.email] = Suggestion(one.email, one.name, one.reason, ticked)
        elif ticked or (one.name and not known.name):
            found[one.email] = known._replace(name=known.name or one.name, ticked=ticked or known.ticked)
    return list(found.values())
