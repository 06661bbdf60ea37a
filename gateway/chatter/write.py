"""Write a message or a note on a thread: from names and texts of a call to a draft that can be posted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.chatter.partners import address_or_bad_value, find_or_add, known
from gateway.chatter.post import Author, Draft, Posting, Receipt
from gateway.errors import BadShape, BadValue, Conflict, FieldError
from gateway.mail.html import clean, from_text, to_text
from store.models.views import PartnerView, ThreadView
from store.queries import message as messages
from store.queries import thread as threads
from store.session import Session

KINDS = {"message": "discussions", "note": "note"}


@dataclass(frozen=True, slots=True)
class Writing:
    """What somebody wrote. author, mentions, recipients, confirm_external: e-mails."""

    kind: str
    author: str
    body_html: str | None = None
    body_text: str | None = None
    subject: str | None = None
    mentions: Sequence[str] = ()
    recipients: Sequence[str] = ()
    attachment_ids: Sequence[int] = ()
    confirm_external: Sequence[str] = ()


def write(session: Session, thread: ThreadView, writing: Writing, *, posting: Posting, now: datetime) -> Receipt:
    """Post what somebody wrote.

    A note that names an outsider without confirming him is refused with Conflict, ``external`` naming
    him: nothing was posted. Raises BadValue naming the field, BadShape without any body.
    """
    draft = draft_of(session, thread, writing, now)
    receipt = posting.post(session, draft, now)
    if draft.author.internal:
        threads.invite(session, thread.id, draft.mentioned | draft.recipients, now)
    return receipt


def draft_of(session: Session, thread: ThreadView, writing: Writing, now: datetime) -> Draft:
    """The draft of what somebody wrote; see ``write``."""
    if writing.kind not in KINDS:
        raise BadValue.of("kind", f"{writing.kind!r} is neither message nor note")
    author = known(session, writing.author, "author")
    if not author.active:
        raise BadValue.of("author", f"{author.email} is deactivated")
    mentioned = _partners(session, writing.mentions, "mentions", now)
    recipients = _partners(session, writing.recipients, "recipients", now)
    is_note = writing.kind == "note"
    if is_note and not author.internal:
        raise BadValue.of("author", f"{author.email} is not internal: a note is for staff")
    confirmed = _confirmed(writing, [*mentioned, *recipients]) if is_note else frozenset()
    html, text = _bodies(writing)
    return Draft(
        thread, writing.kind, KINDS[writing.kind], Author(author.id, author.name, author.email, author.internal),
        internal=is_note, subject=_one_line(writing.subject), body_html=html, body_text=text,
        attachment_ids=_files(session, thread, writing.attachment_ids),
        mentioned=frozenset(partner.id for partner in mentioned),
        recipients=frozenset(partner.id for partner in recipients), confirmed=confirmed,
        followers=() if is_note else ((author.id, author.internal),),
    )  # fmt: skip


def _partners(session: Session, emails: Sequence[str], pointer: str, now: datetime) -> list[PartnerView]:
    addresses = {address_or_bad_value(text, f"{pointer}/{index}"): "" for index, text in enumerate(emails)}
    return list(find_or_add(session, addresses, now).values()) if addresses else []


def _confirmed(writing: Writing, named: Sequence[PartnerView]) -> frozenset[int]:
    """The outsiders of a note who were confirmed. Raises Conflict for any who was not."""
    allowed = {address_or_bad_value(text, f"confirm_external/{i}") for i, text in enumerate(writing.confirm_external)}
    outsiders = [partner for partner in named if not partner.internal]
    open_ones = sorted({partner.email for partner in outsiders if partner.email not in allowed})
    if open_ones:
        raise Conflict(
            f"this note would go outside, to {', '.join(open_ones)}",
            [FieldError("#/confirm_external", f"{email} is not internal") for email in open_ones],
            external=open_ones,
        )
    return frozenset(partner.id for partner in outsiders)


def _bodies(writing: Writing) -> tuple[str, str]:
    if writing.body_html is None and writing.body_text is None and not writing.attachment_ids:
        raise BadShape("a message needs body_html or body_text", [FieldError("#/body_text", "missing")])
    if writing.body_html is not None:
        html = clean(writing.body_html)
        return html, writing.body_text if writing.body_text is not None else to_text(html)
    text = writing.body_text or ""
    return from_text(text), text


def _files(session: Session, thread: ThreadView, ids: Sequence[int]) -> tuple[int, ...]:
    free = set(messages.free_attachments(session, thread.id, ids)) if ids else set()
    for index, attachment_id in enumerate(ids):
        if attachment_id not in free:
            raise BadValue.of(f"attachment_ids/{index}", f"file {attachment_id} is not a free file of this record")
    return tuple(ids)


def _one_line(subject: str | None) -> str | None:
    return " ".join(subject.split()) if subject else None
