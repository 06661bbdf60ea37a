"""Follow, change a subscription, leave, invite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gateway.chatter.changelog import author_of
from gateway.chatter.post import INVITED, SYSTEM, Draft, Posting
from gateway.chatter.types import Types
from gateway.errors import BadValue, NotFound
from gateway.rules import sentences
from gateway.rules.subscription import allowed, defaults, unknown
from store.models.views import PartnerView, ThreadView
from store.queries import follower as followers
from store.session import Session


def follow(
    session: Session, thread: ThreadView, partner: PartnerView, *, types: Types, wanted: Sequence[str] | None,
    reason: str, now: datetime,
) -> bool:  # fmt: skip
    """Make a partner a follower; answers True when he is new.

    wanted: None = the defaults, and who follows already keeps his set; given = replaces it. Who was assigned
    has chosen to follow from now on; an outsider gets none of the internal subtypes, whatever was asked for. Raises
    BadValue for an unknown subtype and for a deactivated partner.
    """
    if not partner.active:
        raise BadValue.of("email", f"{partner.email} is deactivated")
    subtypes = types.get(thread.record_type, session).subtypes
    if wanted is None:
        chosen = defaults(subtypes, internal=partner.internal)
    else:
        _check(unknown(subtypes, wanted), thread.record_type)
        chosen = allowed(subtypes, wanted, internal=partner.internal)
    is_new = followers.follow(session, thread.id, [(partner.id, chosen)], reason=reason, now=now) == 1
    if not is_new and wanted is None:
        followers.stay(session, [{"thread_id": thread.id, "partner_id": partner.id, "reason": reason}])
    elif not is_new and wanted is not None:
        followers.set_subtypes(session, thread.id, partner.id, chosen)
    return is_new


def change(
    session: Session, thread: ThreadView, partner_id: int, *, types: Types, wanted: Sequence[str]
) -> frozenset[str]:
    """Replace a subscription. Raises NotFound when he does not follow, BadValue for an unknown subtype."""
    follower = followers.follower(session, thread.id, partner_id)
    if follower is None:
        raise NotFound(f"partner {partner_id} does not follow this record")
    subtypes = types.get(thread.record_type, session).subtypes
    _check(unknown(subtypes, wanted), thread.record_type)
    chosen = allowed(subtypes, wanted, internal=follower.internal)
    followers.set_subtypes(session, thread.id, partner_id, chosen)
    return chosen


def leave(
    session: Session, thread: ThreadView, partner: PartnerView, *, posting: Posting, now: datetime
) -> bool:
    """End a subscription; False when he did not follow. An outsider who leaves is noted in the log."""
    if not followers.unfollow(session, thread.id, partner.id):
        return False
    if not partner.internal:
        posting.post(session, left_entry(thread, partner), now)
    return True


def left_entry(thread: ThreadView, partner: PartnerView) -> Draft:
    """The log entry that says that somebody left."""
    text = sentences.LEFT % {"name": partner.name or partner.email}
    return Draft(
        thread, "log", "note", SYSTEM, internal=True, body_text=text, body_html=f"<p>{_escaped(text)}</p>",
        generated=True, tell=False,
    )  # fmt: skip


def invite(
    session: Session, pairs: Sequence[tuple[ThreadView, PartnerView]], *, posting: Posting, html: str, text: str,
    by: PartnerView | None, now: datetime,
) -> int:  # fmt: skip
    """Tell followers that they were invited, each in the way he wants to be told; answers how many.

    An entry of the log says who invited whom; the mail carries its Message-ID, so an answer lands on the
    thread. Whoever has not been sent his last invitation yet gets no other. html, text: of the inviter,
    cleaned, "" = the house's own.
    """
    waiting = followers.waiting_invitations(session, sorted({thread.id for thread, _ in pairs}))
    wanted = [(thread, partner) for thread, partner in pairs if (thread.id, partner.id) not in waiting]
    payload = {"html": html, "text": text, "by": by.name or by.email if by else ""}
    posting.post_all(session, [_invited_entry(*pair, by, payload) for pair in wanted], now)
    followers.invite_all(session, [(thread.id, partner.id) for thread, partner in wanted], now)
    return len(wanted)


def _invited_entry(
    thread: ThreadView, partner: PartnerView, by: PartnerView | None, payload: dict[str, Any]
) -> Draft:
    """The log entry about an invitation. He may be an outsider, and his answer is no note: so it is not internal."""
    name = partner.name or partner.email
    words = (sentences.INVITED_BY if by else sentences.INVITED) % {"by": payload["by"], "name": name}
    return Draft(
        thread, "log", "note", author_of(by), body_text=words, body_html=f"<p>{_escaped(words)}</p>", generated=True,
        tell=False, concerned=frozenset({partner.id}), concern=INVITED, payload=payload,
    )  # fmt: skip


def _check(names: list[str], record_type: str) -> None:
    if names:
        raise BadValue.of("subtypes", f"{record_type} has no subtype {', '.join(names)}")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
