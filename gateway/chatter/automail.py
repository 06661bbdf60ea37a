"""Mail that a change sends by itself: the record type maps a field, or a value of it, to a template.

Posted after the entry that made it, as a message of its own, so that answers land on the thread. Where the
template names a time to come it stands on the thread at once, and its mail waits until then. A
template that cannot be filled in spoils no change: the log says what was wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog

from gateway.chatter import templates
from gateway.chatter.changelog import author_of, plain_entry
from gateway.chatter.partners import address_or_bad_value, find_or_add
from gateway.chatter.post import Author, Draft, Posting
from gateway.chatter.types import TypeRules
from gateway.errors import Forbidden, RequestError
from gateway.rules import sentences
from gateway.rules.tracking import templates_of
from store.models.views import PartnerView, ThreadView
from store.queries import follower as followers
from store.session import Session

log = structlog.get_logger()


def send_mapped(
    session: Session, thread: ThreadView, changed: set[str], actor: PartnerView | None, *, rules: TypeRules,
    posting: Posting, now: datetime, spared: Mapping[int, str] | None = None,
) -> int:  # fmt: skip
    """Send what the new values of these fields are mapped to; answers how many messages were posted.

    spared: who is not told by them, and why not.
    """
    names = templates_of(rules.fields, changed, thread.fields)
    return sum(_send(session, thread, name, actor, posting, now, spared or {}) for name in names)


def sends_at_creation(thread: ThreadView, rules: TypeRules) -> bool:
    """A value of a new record is mapped to a template."""
    return bool(templates_of(rules.fields, set(thread.fields), thread.fields))


def send_at_creation(
    session: Session, thread: ThreadView, actor: PartnerView | None, *, rules: TypeRules, posting: Posting,
    now: datetime, spared: Mapping[int, str] | None = None,
) -> int:  # fmt: skip
    """Send what the values of a new record are mapped to. spared: as for ``send_mapped``."""
    return send_mapped(
        session, thread, set(thread.fields), actor, rules=rules, posting=posting, now=now, spared=spared
    )


def _send(
    session: Session,
    thread: ThreadView,
    name: str,
    actor: PartnerView | None,
    posting: Posting,
    now: datetime,
    spared: Mapping[int, str],
) -> int:
    author = author_of(actor)
    try:
        if templates.get(session, name).owner_id is not None:
            raise Forbidden(f"template {name!r} was saved by a colleague; an admin must write it")
        filled = templates.render(session, name, thread, author=author, house=posting.language)
        mail_at = templates.send_at(session, name, thread, now)
        addresses = {address_or_bad_value(text, "recipients"): "" for text in filled.recipients}
    except RequestError as trouble:
        log.warning("template not sent", template=name, record_type=thread.record_type, trouble=str(trouble))
        posting.post(session, plain_entry(thread, actor, sentences.NOT_SENT % {"trouble": trouble}), now)
        return 0
    told = (
        frozenset(partner.id for partner in find_or_add(session, addresses, now).values())
        if addresses
        else frozenset()
    )
    draft = Draft(
        thread, "message", "discussions", _unless_told(author, told), subject=filled.subject or None,
        body_html=filled.html, body_text=filled.text, recipients=told, generated=True,
        files=filled.files, spared=spared, mail_at=mail_at,
    )  # fmt: skip
    receipt = posting.post(session, draft, now)
    followers.invite(session, thread.id, told, now)
    templates.personalise(session, receipt.message_id, name, thread, author=author, house=posting.language)
    return 1


def _unless_told(author: Author, told: frozenset[Any]) -> Author:
    """The author; by name only where the mail is for him too, because authors are not told."""
    return Author(None, author.name, author.email) if author.partner_id in told else author
