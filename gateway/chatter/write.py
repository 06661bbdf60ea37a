"""Write a message or a note on a thread: from names and texts of a call to a draft that can be posted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from gateway.chatter import linked_images, templates
from gateway.chatter.partners import address_or_bad_value, find_or_add, known
from gateway.chatter.post import Addressee, Author, Draft, File, Posting, Receipt
from gateway.errors import BadShape, BadValue, Conflict, FieldError, NotFound
from gateway.mail.address import normalise
from gateway.mail.html import clean, from_text, to_text
from store.models.views import PartnerView, ThreadView
from store.queries import files
from store.queries import follower as followers
from store.queries.partner import by_address, by_addresses, signature_of
from store.session import Session

KINDS = {"message": "discussions", "note": "note"}


@dataclass(frozen=True, slots=True)
class Writing:
    """What somebody wrote. author, actor, mentions, recipients, cc, confirm_external: e-mails.

    actor: who really writes, in the author's name; "" = the author himself. recipients and cc are told alike;
    cc is shown to all who are named. skip_followers: only who is named hears of it. template: name of the one
    that fills what is left out of subject, body and recipients; "" = none. signature: the author's is put
    under the text.
    files: images that stood in the body itself. uploader: the token or session that posts, which must have
    uploaded the files of attachment_ids; "" = not asked.
    """

    kind: str
    author: str
    body_html: str | None = None
    body_text: str | None = None
    subject: str | None = None
    mentions: Sequence[str] = ()
    recipients: Sequence[str] = ()
    attachment_ids: Sequence[int] = ()
    confirm_external: Sequence[str] = ()
    files: tuple[File, ...] = ()
    uploader: str = ""
    template: str = ""
    signature: bool = False
    actor: str = ""
    cc: Sequence[str] = ()
    skip_followers: bool = False


class Named(NamedTuple):
    """Whom a message names."""

    mentioned: Sequence[PartnerView]
    recipients: Sequence[PartnerView]
    copied: Sequence[PartnerView]

    def everybody(self) -> list[PartnerView]:
        """All of them, in the order of the fields."""
        return [*self.mentioned, *self.recipients, *self.copied]

    def told(self, confirmed: frozenset[int]) -> tuple[frozenset[int], frozenset[int]]:
        """Who is mentioned and who a recipient, by id: an outsider who was confirmed by name counts as mentioned."""
        mentioned = frozenset(partner.id for partner in self.mentioned)
        recipients = frozenset(partner.id for partner in [*self.recipients, *self.copied])
        return mentioned | confirmed, recipients - confirmed


def write(
    session: Session, thread: ThreadView, writing: Writing, *, posting: Posting, now: datetime,
    author: PartnerView | None = None,
) -> Receipt:  # fmt: skip
    """Post what somebody wrote. author: the partner whose address the writing names, where he is known already.

    A note that names an outsider without confirming him is refused with Conflict, ``external`` naming
    him: nothing was posted. Who opened the record unproven and is addressed now follows it: that vouches for him.
    Raises BadValue naming the field, BadShape without any body.
    """
    draft = draft_of(session, thread, writing, now, author, house=posting.language)
    receipt = posting.post(session, draft, now)
    if writing.template and not _has_body(writing):
        own_subject = bool(writing.subject)
        templates.personalise(
            session,
            receipt.message_id,
            writing.template,
            thread,
            author=draft.author,
            house=posting.language,
            own_subject=own_subject,
            signed=writing.signature,
        )
    named = draft.mentioned | draft.recipients
    if draft.author.internal and named:
        followers.invite(session, thread.id, named, now)
        posting.follow_claimed(session, draft, now)
    return receipt


def send_at(session: Session, thread: ThreadView, template: str, now: datetime) -> datetime:
    """When a message made from a template is to be posted where the call does not say; never before now."""
    if not template:
        return now
    try:
        return templates.send_at(session, template, thread, now)
    except NotFound as trouble:
        raise BadValue.of("template", str(trouble)) from trouble


def draft_of(
    session: Session, thread: ThreadView, writing: Writing, now: datetime, author: PartnerView | None = None, *,
    house: str = "",
) -> Draft:  # fmt: skip
    """The draft of what somebody wrote; see ``write``. house: the language of who names none."""
    if writing.template:
        writing = _loaded(session, thread, writing, house)
    if writing.kind not in KINDS:
        raise BadValue.of("kind", f"{writing.kind!r} is neither message nor note")
    author = author or known(session, writing.author, "author")
    if not author.active:
        raise BadValue.of("author", f"{author.email} is deactivated")
    actor = known(session, writing.actor, "actor") if writing.actor else author
    mentioned = named_partners(session, writing.mentions, "mentions", now)
    recipients = named_partners(session, writing.recipients, "recipients", now)
    copied = named_partners(session, writing.cc, "cc", now)
    is_note = writing.kind == "note"
    if is_note and not author.internal:
        raise BadValue.of("author", f"{author.email} is not internal: a note is for staff")
    named = Named(mentioned, recipients, copied)
    confirmed = confirmed_outsiders(session, writing.confirm_external, named.everybody() if is_note else [])
    addressed = named.told(confirmed)
    if writing.body_html is None and writing.body_text is None and not writing.attachment_ids:
        raise BadShape("a message needs body_html or body_text", [FieldError("#/body_text", "missing")])
    body_html, shown = linked_images.into_body(session, writing.body_html, writing.attachment_ids)
    html, text = bodies(body_html, writing.body_text)
    if writing.signature:
        html, text = templates.with_signature(html, text, signature_of(session, author.id))
    chosen = free_files(
        session, thread, writing.attachment_ids, uploader=writing.uploader, author_id=author.id
    )
    if not text.strip() and not chosen and not writing.files and "<img" not in html:
        field = "template" if writing.template else "body_text"
        raise BadValue.of(field, "there is nothing to post: write something, or add a file")
    return Draft(
        thread, writing.kind, KINDS[writing.kind], Author(author.id, author.name, author.email, author.internal),
        actor_id=actor.id, internal=is_note, subject=_one_line(writing.subject), body_html=html, body_text=text,
        files=writing.files, attachment_ids=tuple(chosen), shown_inside=shown, extra_search=tuple(chosen.values()),
        mentioned=addressed[0], recipients=addressed[1], confirmed=confirmed,
        addressees=addressees(to=recipients, cc=copied), named_only=writing.skip_followers,
        followers=() if is_note or not actor.active else ((actor.id, actor.internal),),
    )  # fmt: skip


def addressees(*, to: Sequence[PartnerView], cc: Sequence[PartnerView]) -> tuple[Addressee, ...]:
    """Whom a message names, in the order of its fields, each once."""
    found: dict[int, Addressee] = {}
    for how, people in (("to", to), ("cc", cc)):
        for one in people:
            found.setdefault(one.id, Addressee(one.id, one.name, one.email, how))
    return tuple(found.values())


def _has_body(writing: Writing) -> bool:
    return writing.body_html is not None or writing.body_text is not None


def _loaded(session: Session, thread: ThreadView, writing: Writing, house: str) -> Writing:
    """The writing with what its template says where it says nothing itself.

    A message to one person is loaded with his name and in his language; each mail has its reader's anyway.
    """
    named = [*writing.recipients, *writing.mentions]
    reader = by_address(session, normalise(named[0])) if len(named) == 1 else None
    author = known(session, writing.author, "author")
    try:
        loaded = templates.render(
            session, writing.template, thread, author=author, reader=reader or templates.NOBODY,
            language=reader.language if reader else "", house=house,
        )  # fmt: skip
    except NotFound as trouble:
        raise BadValue.of("template", str(trouble)) from trouble
    html, text = (writing.body_html, writing.body_text) if _has_body(writing) else (loaded.html, loaded.text)
    return replace(
        writing, subject=writing.subject or loaded.subject or None, body_html=html, body_text=text,
        recipients=writing.recipients or loaded.recipients, files=(*writing.files, *loaded.files),
    )  # fmt: skip


def named_partners(session: Session, emails: Sequence[str], pointer: str, now: datetime) -> list[PartnerView]:
    """The partners of some e-mails; who is unknown becomes an external one. Raises BadValue naming the place."""
    addresses = {address_or_bad_value(text, f"{pointer}/{index}"): "" for index, text in enumerate(emails)}
    return list(find_or_add(session, addresses, now).values()) if addresses else []


def confirmed_outsiders(
    session: Session, confirmed: Sequence[str], named: Sequence[PartnerView]
) -> frozenset[int]:
    """The outsiders of a note who were confirmed, by any of their addresses. Raises Conflict for any who was not."""
    addresses = [address_or_bad_value(text, f"confirm_external/{i}") for i, text in enumerate(confirmed)]
    allowed = {partner.id for partner in by_addresses(session, addresses).values()}
    outsiders = [partner for partner in named if not partner.internal]
    open_ones = sorted({partner.email for partner in outsiders if partner.id not in allowed})
    if open_ones:
        raise Conflict(
            f"this note would go outside, to {', '.join(open_ones)}",
            [FieldError("#/confirm_external", f"{email} is not internal") for email in open_ones],
            external=open_ones,
        )
    return frozenset(partner.id for partner in outsiders)


def bodies(body_html: str | None, body_text: str | None) -> tuple[str, str]:
    """The HTML and the text of what was given in either form; HTML is cleaned."""
    if body_html is not None:
        html = clean(body_html)
        return html, body_text if body_text is not None else to_text(html)
    text = body_text or ""
    return from_text(text), text


def free_files(
    session: Session, thread: ThreadView, ids: Sequence[int], *, uploader: str = "", author_id: int = 0
) -> dict[int, str]:
    """The names of files of this record that are part of no message. Raises BadValue naming the place.

    uploader: only what this token or session uploaded, for this author; "" = whoever it was.
    """
    free = files.pending(session, thread.id, ids, by=uploader, author_id=author_id) if ids else {}
    for index, attachment_id in enumerate(ids):
        if attachment_id not in free:
            raise BadValue.of(
                f"attachment_ids/{index}", f"file {attachment_id} is not a free file of this record"
            )
    return {attachment_id: free[attachment_id] for attachment_id in ids}


def _one_line(subject: str | None) -> str | None:
    return " ".join(subject.split()) if subject else None
