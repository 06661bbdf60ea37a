"""Who wrote a mail, how sure we are, and what that lets him do: the trust table of DESIGN section 5.

A token routes; it never proves who writes. Evidence about the author comes from SPF, DKIM, DMARC or a
hop or relay that we were told to trust.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from enum import StrEnum

from gateway.rules.routing import Nowhere, Route, ToAlias, ToThread
from store.models.views import ParticipantView


class Confidence(StrEnum):
    """How sure we are that the author is who From says."""

    VERIFIED = "verified"  # evidence, in alignment with From
    TOKEN = "token"  # no evidence, but From is an address of the partner whose token was used  # noqa: S105
    CLAIMED = "claimed"  # no evidence either way
    FAILED = "failed"  # evidence against him, or a From that cannot be judged


@dataclass(frozen=True, slots=True)
class Verdict:
    """What authentication found: ``pass``, ``fail`` or ``none``, and why in words."""

    result: str
    reason: str


@dataclass(frozen=True, slots=True)
class Policy:
    """House rules that the trust table leaves open.

    outsiders: ``hold`` or ``same_domain``. auto_follow: ``verified``, ``always`` or ``never``.
    """

    outsiders: str = "hold"
    auto_follow: str = "verified"


@dataclass(frozen=True, slots=True)
class Admit:
    """The mail is posted. badge: shown as not verified. follow: the author becomes a follower."""

    reason: str
    follow: bool = False
    badge: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """A person must look at it. confirm: ask the colleague at his true address whether he wrote it."""

    reason: str
    confirm: bool = False


Admission = Admit | Hold


def confidence(verdict: Verdict, *, author_id: int | None, token_partner_ids: Set[int]) -> Confidence:
    """How sure we are. author_id: the partner of the From address, None if nobody.

    token_partner_ids: for whom the reply addresses were minted that the mail used, in whatever order.
    """
    if verdict.result == "fail":
        return Confidence.FAILED
    if verdict.result == "pass":
        return Confidence.VERIFIED
    if author_id in token_partner_ids:
        return Confidence.TOKEN
    return Confidence.CLAIMED


def admission(
    route: Route,
    author: ParticipantView | None,
    sure: Confidence,
    *,
    may_access: bool,
    policy: Policy,
    same_domain: Callable[[], bool] = lambda: False,
) -> Admission:
    """Decide by the trust table. author: None when no partner has the From address.

    may_access: an internal author may work on the record. same_domain: From is verified in the
    organisational domain of the token's partner, freemail apart; asked only where the policy wants it.
    """
    if isinstance(route, Nowhere):
        return Hold(route.reason)
    if sure is Confidence.FAILED:
        return Hold("the author failed authentication")
    if author is not None and author.internal:
        return _internal(author, sure, may_access=may_access)
    if isinstance(route, ToAlias):
        return _stranger(author, sure, policy)
    if author is not None and not author.active:
        return Hold("the author is deactivated")
    if author is not None and (author.follower or author.invited):
        return _participant(route, author, sure, policy)
    if sure is Confidence.TOKEN:  # the partner for whom the token was minted is invited by that
        return Admit("answers with his own reply address", follow=policy.auto_follow != "never", badge=True)
    if sure is Confidence.VERIFIED and author is not None and author.partner_id in route.partner_ids:
        return Admit("answers with his own reply address", follow=policy.auto_follow != "never")
    if sure is Confidence.VERIFIED and policy.outsiders == "same_domain" and same_domain():
        return Admit("writes from the domain of the invited partner", follow=policy.auto_follow != "never")
    return Hold("the author takes no part in this thread")


def _internal(author: ParticipantView, sure: Confidence, *, may_access: bool) -> Admission:
    if not author.active:
        return Hold("the colleague is deactivated")
    if not may_access:
        return Hold("the colleague has no access to this record")
    if sure is Confidence.VERIFIED:
        return Admit("a verified colleague", follow=True)
    return Hold("claims to be a colleague, without proof", confirm=True)


def _participant(route: ToThread, author: ParticipantView, sure: Confidence, policy: Policy) -> Admission:
    joins = not author.follower and policy.auto_follow != "never"
    part = "a follower" if author.follower else "was invited"
    if sure is Confidence.VERIFIED:
        return Admit(f"{part}, verified", follow=joins)
    if sure is Confidence.TOKEN:
        return Admit(f"{part}, known by his reply address", follow=joins, badge=True)
    if route.by == "references":
        return Hold("only references led here, and nothing proves the author")
    if author.follower:
        return Admit("claims to be a follower", badge=True)
    return Hold("claims to be an invited partner, without proof")


def _stranger(author: ParticipantView | None, sure: Confidence, policy: Policy) -> Admission:
    if author is not None and not author.active:
        return Hold("the author is deactivated")
    if sure is Confidence.VERIFIED:
        return Admit("a verified author opens a record", follow=policy.auto_follow != "never")
    return Admit("an author without proof opens a record", follow=policy.auto_follow == "always", badge=True)
