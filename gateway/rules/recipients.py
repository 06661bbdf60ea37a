"""Decide who is told about a message, by which channel, and why; and who is not, and why not.

Pure: values in, values out. Source: DESIGN section 6; Odoo Chatter, "Edit follower subscription",
"Log notes" and "Send messages".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set
from typing import NamedTuple

from gateway.rules.visibility import ALL, may_access, may_be_told
from store.models.views import AudienceView

EMAIL = "email"
FOLLOWER = "follower"
INBOX = "inbox"
NOBODY = "none"
ANSWER, CHARGE = "answer", "charge"  # it answers what he wrote; nobody nearer to it can be told
_NOBODY_SPARED: Mapping[int, str] = {}


class Notice(NamedTuple):
    """One decision. channel: email, inbox or none. state: queued, inbox, skipped or suppressed.

    reason: why he is told (follower, mention, recipient) or why not.
    """

    partner_id: int
    email: str
    channel: str
    state: str
    reason: str


class Said(NamedTuple):
    """What a message says about who should hear of it.

    internal: for staff only. author_id: who wrote it and is not told, None = the system. mentioned,
    recipients: partner ids. confirmed: outsiders who may get an internal message because they were named in
    it on purpose. spared: partners who are not told, and why not. addressed: partners who got the original mail themselves (its To and Cc);
    addressed_count_for: whom that spares a copy: ``everybody`` (a verified colleague wrote), ``externals`` (a
    verified outsider wrote) or ``nobody`` (nothing proves the header). members, access: who may work on the
    record, as in rules/visibility. named_only: followers are left out of this one.
    """

    subtype: str
    internal: bool = False
    author_id: int | None = None
    mentioned: Set[int] = frozenset()
    recipients: Set[int] = frozenset()
    confirmed: Set[int] = frozenset()
    spared: Mapping[int, str] = _NOBODY_SPARED
    addressed: Set[int] = frozenset()
    addressed_count_for: str = "nobody"
    members: Collection[int] | None = None
    access: str = ALL
    named_only: bool = False


def notices(audience: Iterable[AudienceView], said: Said) -> list[Notice]:
    """One notice for each partner of the audience, by partner id, so equal inputs give equal queues.

    audience: followers, mentioned and recipients, each once.
    """
    told = []
    for partner in sorted(audience, key=lambda partner: partner.partner_id):
        reason = _reason(partner, said)
        why_not = _why_not(partner, reason, said)
        if why_not is None and partner.partner_id in said.spared:
            why_not = "skipped", said.spared[partner.partner_id]
        if why_not is not None:
            told.append(Notice(partner.partner_id, partner.email, NOBODY, *why_not))
        elif partner.partner_id in said.addressed and _spares(partner, said.addressed_count_for):
            told.append(_addressed(partner))
        else:
            told.append(_by_timing(partner, reason or ""))
    return told


def reachable(
    candidates: Iterable[AudienceView], *, members: Collection[int] | None, access: str
) -> AudienceView | None:
    """The first colleague who may work on the record and to whom a notice in person gets through; None if none.

    members, access: as in ``Said``. On a record that is open to its followers, all count as such.
    """
    return next(
        (
            one
            for one in candidates
            if may_access(
                internal=one.internal, active=one.active, partner_id=one.partner_id, members=members,
                access=access, follows=True,
            )
            and _unreachable(one, "recipient") is None
        ),
        None,
    )  # fmt: skip


def _reason(partner: AudienceView, said: Said) -> str | None:
    if partner.partner_id in said.mentioned:
        return "mention"
    if partner.partner_id in said.recipients:
        return "recipient"
    if partner.subtypes is not None and said.subtype in partner.subtypes:
        return FOLLOWER
    return None


def _why_not(partner: AudienceView, reason: str | None, said: Said) -> tuple[str, str] | None:
    """State and reason when he is not told, None when he is."""
    if partner.partner_id == said.author_id:
        return "skipped", "the author"
    if not partner.active:
        return "skipped", "deactivated"
    if reason is None:
        return "skipped", f"not subscribed to {said.subtype}"
    if reason == FOLLOWER and said.named_only:
        return "skipped", "left out by the author"
    if not may_be_told(
        internal_message=said.internal,
        internal_partner=partner.internal,
        mentioned_on_purpose=partner.partner_id in said.confirmed,
    ):
        return "skipped", "for staff only"
    if reason == FOLLOWER and partner.internal and not _may_access(partner, said):
        return "skipped", "no access to the record"
    return _unreachable(partner, reason)


def _may_access(partner: AudienceView, said: Said) -> bool:
    """Who was named in person may read the message all the same (rules/visibility.may_read); a follower may not."""
    return may_access(
        internal=partner.internal, active=partner.active, partner_id=partner.partner_id, members=said.members,
        access=said.access, follows=partner.subtypes is not None,
    )  # fmt: skip


def _unreachable(partner: AudienceView, reason: str) -> tuple[str, str] | None:
    """Nothing goes to a suppressed address, nor to who wants nothing; a colleague who is named has his inbox."""
    timing = _timing(partner)
    if partner.suppressed is not None and timing != "web" and not (partner.internal and reason == "mention"):
        return "suppressed", partner.suppressed
    if timing == "none" and reason != "mention":
        return "skipped", "wants no notices"
    return None


def _spares(partner: AudienceView, whom: str) -> bool:
    return whom == "everybody" or (whom == "externals" and not partner.internal)


def _addressed(partner: AudienceView) -> Notice:
    if partner.internal:
        return Notice(partner.partner_id, partner.email, INBOX, "inbox", "addressed directly")
    return Notice(partner.partner_id, partner.email, NOBODY, "skipped", "addressed directly")


def _by_timing(partner: AudienceView, reason: str) -> Notice:
    on_the_web = _timing(partner) == "web" and reason != "mention"
    if partner.internal and (on_the_web or partner.suppressed is not None):
        return Notice(partner.partner_id, partner.email, INBOX, "inbox", reason)
    return Notice(partner.partner_id, partner.email, EMAIL, "queued", reason)


def _timing(partner: AudienceView) -> str:
    # todo: window, hourly, daily and weekly collect into digests once those exist; until then: at once
    return str(partner.notify.get("timing", "now")) if partner.notify else "now"
