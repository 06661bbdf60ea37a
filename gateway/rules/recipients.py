"""Decide who is told about a message, by which channel, and why; and who is not, and why not.

Pure: values in, values out. Source: DESIGN section 6; Odoo Chatter, "Edit follower subscription",
"Log notes" and "Send messages".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Set
from typing import NamedTuple

from gateway.rules.visibility import may_be_told
from store.models.views import AudienceView

EMAIL = "email"
INBOX = "inbox"
NOBODY = "none"


class Notice(NamedTuple):
    """One decision. channel: email, inbox or none. state: queued, inbox, skipped or suppressed.

    reason: why he is told (follower, mention, recipient) or why not.
    """

    partner_id: int
    email: str
    channel: str
    state: str
    reason: str


def notices(
    audience: Iterable[AudienceView],
    *,
    subtype: str,
    internal: bool,
    author_id: int | None,
    mentioned: Set[int] = frozenset(),
    recipients: Set[int] = frozenset(),
    confirmed: Set[int] = frozenset(),
    addressed: Collection[str] = frozenset(),
    addressed_count_for: str = "nobody",
) -> list[Notice]:
    """One notice for each partner of the audience, by partner id, so equal inputs give equal queues.

    audience: followers, mentioned and recipients, each once. internal: the message is for staff only.
    confirmed: outsiders who may get an internal message because they were mentioned on purpose.
    addressed: addresses that got the original mail themselves (its To and Cc); addressed_count_for:
    whom that spares a copy: ``everybody`` (a verified colleague wrote), ``externals`` (a verified
    outsider wrote) or ``nobody`` (nothing proves the header).
    """
    told = []
    for partner in sorted(audience, key=lambda partner: partner.partner_id):
        reason = _reason(partner, subtype, mentioned, recipients)
        why_not = _why_not(
            partner,
            reason=reason,
            subtype=subtype,
            internal=internal,
            author_id=author_id,
            confirmed=partner.partner_id in confirmed,
        )
        if why_not is not None:
            told.append(Notice(partner.partner_id, partner.email, NOBODY, *why_not))
        elif partner.email in addressed and _spares(partner, addressed_count_for):
            told.append(_addressed(partner))
        else:
            told.append(_by_timing(partner, reason or ""))
    return told


def _reason(partner: AudienceView, subtype: str, mentioned: Set[int], recipients: Set[int]) -> str | None:
    if partner.partner_id in mentioned:
        return "mention"
    if partner.partner_id in recipients:
        return "recipient"
    if partner.subtypes is not None and subtype in partner.subtypes:
        return "follower"
    return None


def _why_not(
    partner: AudienceView,
    *,
    reason: str | None,
    subtype: str,
    internal: bool,
    author_id: int | None,
    confirmed: bool,
) -> tuple[str, str] | None:
    """State and reason when he is not told, None when he is."""
    if partner.partner_id == author_id:
        return "skipped", "the author"
    if not partner.active:
        return "skipped", "deactivated"
    if reason is None:
        return "skipped", f"not subscribed to {subtype}"
    if not may_be_told(
        internal_message=internal, internal_partner=partner.internal, mentioned_on_purpose=confirmed
    ):
        return "skipped", "for staff only"
    if partner.suppressed is not None and _timing(partner) != "web":
        return "suppressed", partner.suppressed
    if _timing(partner) == "none" and reason != "mention":
        return "skipped", "wants no notices"
    return None


def _spares(partner: AudienceView, whom: str) -> bool:
    return whom == "everybody" or (whom == "externals" and not partner.internal)


def _addressed(partner: AudienceView) -> Notice:
    if partner.internal:
        return Notice(partner.partner_id, partner.email, INBOX, "inbox", "addressed directly")
    return Notice(partner.partner_id, partner.email, NOBODY, "skipped", "addressed directly")


def _by_timing(partner: AudienceView, reason: str) -> Notice:
    if _timing(partner) == "web" and partner.internal and reason != "mention":
        return Notice(partner.partner_id, partner.email, INBOX, "inbox", reason)
    return Notice(partner.partner_id, partner.email, EMAIL, "queued", reason)


def _timing(partner: AudienceView) -> str:
    # todo: window, hourly, daily and weekly collect into digests once those exist; until then: at once
    return str(partner.notify.get("timing", "now")) if partner.notify else "now"
