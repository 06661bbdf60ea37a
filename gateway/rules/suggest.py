"""Whom the composer proposes as recipients beside the followers. Pure.

The customer who opened the record by mail, and who took part in the last conversation: its author, To
and Cc. Never a follower (he hears of it anyway) but for the customer, never an address of ours, never who
writes, and nobody twice, whichever of his addresses was used. Source: DESIGN section 5; Odoo Chatter,
"Suggested recipients".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from store.models.views import PartnerView

CUSTOMER = "customer"
AUTHOR = "author"
REPLY_TO = "reply-to"


class Candidate(NamedTuple):
    """Somebody who could be suggested. email: normalised. reason: customer, author, to, cc, reply-to, recipient.

    claimed: nothing proves that he wrote what names him; then sending to him is what vouches for him.
    partner: who has the address, None = nobody yet.
    """

    email: str
    name: str
    reason: str
    claimed: bool = False
    partner: PartnerView | None = None

    @property
    def who(self) -> int | str:
        """What tells him from others: the partner, or the address of who is none."""
        return self.partner.id if self.partner is not None else self.email


class Suggestion(NamedTuple):
    """A proposed recipient. ticked: proposed so strongly that the composer ticks him beforehand."""

    email: str
    name: str
    reason: str
    ticked: bool
    partner: PartnerView | None = None


def suggestions(
    candidates: Iterable[Candidate],
    *,
    followers: Collection[int],
    writer: int | str,
    is_ours: Callable[[str], bool],
) -> list[Suggestion]:
    """The proposed recipients, each once, in the order of the candidates.

    followers: partner ids. writer: who composes, as ``Candidate.who``; "" = not known. is_ours: the address is
    an alias, a reply address or another one of the gateway.
    """
    found: dict[int | str, Suggestion] = {}
    for one in candidates:
        follows = one.who in followers
        if one.who == writer or not _may_be_proposed(one, follows=follows) or is_ours(one.email):
            continue
        name = one.name or (one.partner.name if one.partner is not None else "")
        ticked = one.claimed and not follows and one.reason in (CUSTOMER, AUTHOR)
        known = found.get(one.who)
        if known is None:
            found[one.who] = Suggestion(one.email, name, one.reason, ticked, one.partner)
        elif ticked or (name and not known.name):
            found[one.who] = known._replace(name=known.name or name, ticked=ticked or known.ticked)
    return list(found.values())


def _may_be_proposed(one: Candidate, *, follows: bool) -> bool:
    """Who gets mail at all, and does not get this one anyway; a colleague is nobody's customer."""
    if not one.email or (one.partner is not None and not one.partner.active):
        return False
    if one.reason == CUSTOMER:
        return one.partner is None or not one.partner.internal
    return not follows
