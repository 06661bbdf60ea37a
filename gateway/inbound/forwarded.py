"""A colleague passes a customer's mail on to an alias: the customer wrote the first message, not he.

Only a verified colleague is believed, and only where a record is opened. Who the customer is remains his
claim: the message is shown as not verified, and the customer is neither mailed nor made a follower unless
the house wants that of every author. The colleague is the record's creator, follows it, and what he wrote
above the mail becomes a note, so that it stays inside.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gateway.chatter.partners import find_or_add
from gateway.chatter.post import Author, Draft
from gateway.inbound.reading import PassedOn
from gateway.mail.address import normalise
from gateway.mail.html import from_text
from gateway.rules import sentences
from gateway.rules.authorship import Confidence, Policy
from store.models.views import PartnerView
from store.session import Session


def customer_of(
    session: Session, passed_on: PassedOn | None, *, own_domains: frozenset[str], now: datetime
) -> PartnerView | None:
    """The partner who wrote a mail that was passed on; a new external one for an unknown address.

    None if nothing was passed on, or if it is mail of a colleague, a deactivated partner or our own: then the
    mail is its sender's like any other.
    """
    address = normalise(passed_on.author.addr_spec) if passed_on is not None else ""
    if passed_on is None or not address or address.rpartition("@")[2] in own_domains:
        return None
    found = find_or_add(session, {address: passed_on.author.name}, now)[address]
    return None if found.internal or not found.active else found


def as_customers(draft: Draft, passed_on: PassedOn, customer: PartnerView, policy: Policy) -> Draft:
    """Make a colleague's draft the customer's message. The Message-ID stays, so answers to the colleague land here."""
    return replace(
        draft,
        author=Author(customer.id, customer.name, customer.email),
        confidence=Confidence.CLAIMED,
        subject=passed_on.subject or draft.subject,
        body_html=passed_on.reply_html,
        body_text=passed_on.reply_text,
        quoted_html=passed_on.quoted_html,
        date=min(passed_on.date, draft.date) if passed_on.date and draft.date else draft.date,
        files=passed_on.files,
        followers=((customer.id, False),) if policy.auto_follow == "always" else (),
    )


def remark(draft: Draft, passed_on: PassedOn, customers_id: int) -> Draft:
    """What the colleague said about the mail, as a note; or, if nothing, a log entry that it was he.

    draft: his own, as it would have been posted. It makes him follow and tells him nothing.
    """
    text = passed_on.comment or sentences.FORWARDED % {"address": passed_on.author.addr_spec}
    return replace(
        draft,
        kind="note" if passed_on.comment else "log",
        subtype="note",
        internal=True,
        subject=None,
        body_html=from_text(text),
        body_text=text,
        quoted_html=None,
        parent_id=customers_id,
        files=(),
        header_id=None,
        concerned=frozenset(),
        tell=bool(passed_on.comment),
    )
