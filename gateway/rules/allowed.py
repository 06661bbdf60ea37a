"""May this mail still go out? Asked again just before it is written. Pure.

Between the post and the mail a reader may have left, read it on the web, lost his access or his assignment,
and the message may have been withdrawn (DESIGN section 4, "still allowed?").
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.rules.visibility import may_be_told

SKIPPED = "skipped"
SUPPRESSED = "suppressed"


class Facts(NamedTuple):
    """What is known about one delivery now.

    reason: why the notice was made. assigned: the record is still his. internal_message: a note or anything that
    only staff may read. confirmed: an outsider whom the author named in it on purpose, and who was one then.
    suppressed: why the address gets no mail, None if it does. may_access: False when the record is open
    to some colleagues only and he is none of them; who was named in person gets his message all the same.
    """

    reason: str
    follows: bool = True
    assigned: bool = True
    internal_message: bool = False
    confirmed: bool = False
    internal_partner: bool = True
    partner_active: bool = True
    may_access: bool = True
    withdrawn: bool = False
    read: bool = False
    suppressed: str | None = None


class Refusal(NamedTuple):
    """Why a delivery is not sent. state: skipped or suppressed. leak: it would have left the house."""

    state: str
    reason: str
    leak: bool = False


def refusal(facts: Facts) -> Refusal | None:
    """Say why this mail must not go out, None if it may; what protects others comes first."""
    if not may_be_told(
        internal_message=facts.internal_message,
        internal_partner=facts.internal_partner,
        mentioned_on_purpose=facts.confirmed,
    ):
        return Refusal(SKIPPED, "internal: the reader is an outsider", leak=True)
    if facts.reason == "follower" and facts.internal_partner and not facts.may_access:
        return Refusal(SKIPPED, "no access to the record")
    if facts.withdrawn:
        return Refusal(SKIPPED, "the message was withdrawn")
    if not facts.partner_active:
        return Refusal(SKIPPED, "the partner is inactive")
    if facts.reason == "follower" and not facts.follows:
        return Refusal(SKIPPED, "no follower any more")
    if facts.reason == "invited" and not facts.follows:
        return Refusal(SKIPPED, "not following any more")
    if facts.reason == "assigned" and not facts.assigned:
        return Refusal(SKIPPED, "no longer assigned")
    if facts.read:
        return Refusal(SKIPPED, "read on the web")
    if facts.suppressed is not None:
        return Refusal(SUPPRESSED, facts.suppressed)
    return None
