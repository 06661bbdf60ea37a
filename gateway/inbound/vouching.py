"""Who the author of a mail is once a person settled it, and how sure we are then (DESIGN section 5, the clicks).

A decision posts the mail; it does not change the evidence. Two clicks are evidence: the colleague who says at
his true address "yes, that was me" has proven it, and "this is Carol" makes the address hers.
"""

from __future__ import annotations

from collections.abc import Set

from gateway.chatter.partners import find_or_add
from gateway.inbound.case import Case, Decision
from gateway.inbound.lookup import participant
from gateway.rules.authorship import Confidence, confidence
from store.models.views import ParticipantView, ThreadView
from store.queries import partner as partners
from store.session import Session


def settled_author(
    session: Session,
    case: Case,
    thread: ThreadView | None,
    author: ParticipantView | None,
    own_domains: Set[str],
    minted_for: Set[int],
) -> tuple[ParticipantView | None, Confidence]:
    """The author and the confidence of a mail; author: whose address From is, None if nobody's.

    minted_for: the partners for whom the reply addresses speak that were used.
    """
    decision = case.mail.decision
    sure = confidence(
        case.verdict, author_id=author.partner_id if author else None, token_partner_ids=minted_for
    )
    if decision is None:
        return author, sure
    if decision.as_email is None:
        return author, _let_pass(sure)
    find_or_add(session, {decision.as_email: ""}, case.now)
    chosen = participant(session, thread.id if thread else 0, decision.as_email)
    assert chosen is not None  # he was entered just now, if he was gone
    if author is not None and author.partner_id == chosen.partner_id:
        return chosen, Confidence.VERIFIED if decision.confirmed else _let_pass(sure)
    if author is None and _may_be_his(case, chosen, own_domains):
        addresses = partners.addresses_of(session, chosen.partner_id)
        partners.set_addresses(session, chosen.partner_id, [*addresses, case.address])
        case.trace.add("identify", f"{case.address} is {chosen.email} from now on", _by(decision))
        his = confidence(case.verdict, author_id=chosen.partner_id, token_partner_ids=minted_for)
        return chosen, _let_pass(his)
    return chosen, Confidence.CLAIMED  # what proves the address of somebody else proves nothing about him


def _may_be_his(case: Case, chosen: ParticipantView, own_domains: Set[str]) -> bool:
    """The From address may be added to a partner by a click.

    Never what failed authentication, as then somebody else wrote it; an address from which mail acts as a
    colleague only when it is proven that the mail came from there.
    """
    if not case.address or case.address.rpartition("@")[2] in own_domains or case.verdict.result == "fail":
        return False
    return not chosen.internal or case.verdict.result == "pass"


def _let_pass(sure: Confidence) -> Confidence:
    """What a person lets pass is shown as not verified at worst."""
    return Confidence.CLAIMED if sure is Confidence.FAILED else sure


def _by(decision: Decision) -> str:
    return f"so says {decision.by}"
