"""A message on its way into a thread, and the row that it becomes: values only, posted by ``post.py``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from gateway.rules.tracking import Change
from store.models.views import ThreadView
from store.search import indexed


@dataclass(frozen=True, slots=True)
class Author:
    """Who is shown as the author. partner_id None = the system, or somebody who is no partner."""

    partner_id: int | None
    name: str
    email: str
    internal: bool = False


SYSTEM = Author(None, "Threadpost", "")


@dataclass(frozen=True, slots=True)
class File:
    """A file whose octets are durable in the blob store already. preview: a few lines about it, "" if none."""

    name: str
    content_type: str
    size: int
    blob: str
    content_id: str | None = None
    inline: bool = False
    preview: str = ""


class Addressee(NamedTuple):
    """Somebody whom a message names in To or Cc, as he went then. partner_id None = nobody we know. how: to or cc."""

    partner_id: int | None
    name: str
    email: str
    how: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A message on its way into a thread.

    kind: message, note or log. internal: for staff only. actor_id: who really wrote it where the author is
    another, None = the author. mentioned, recipients: partner ids. spared: partners who are not told, and why.
    confirmed: outsiders who may get this internal message. addressed / addressed_count_for, named_only: as in
    rules/recipients. shown_inside: those of attachment_ids that the body shows, with their Content-IDs.
    followers: partners who begin to follow by this message: (id, internal). addressees: whom To and Cc show.
    passed_on: the author forwarded what another wrote. header_id: the Message-ID under which it came in, None if
    it was written here. tell: False = stored, nobody is told but those whom it concerns. concerned: partner ids
    whom it concerns in person, for the reason ``concern`` (ASSIGNED, INVITED, or as in rules/recipients); payload:
    what their mails say beside it. mail_at: before when no mail about it leaves, None = at once.
    """

    thread: ThreadView
    kind: str
    subtype: str
    author: Author
    actor_id: int | None = None
    internal: bool = False
    confidence: str = ""
    subject: str | None = None
    body_html: str = ""
    body_text: str = ""
    quoted_html: str | None = None
    parent_id: int | None = None
    date: datetime | None = None
    files: tuple[File, ...] = ()
    attachment_ids: tuple[int, ...] = ()
    shown_inside: Mapping[int, str] = field(default_factory=dict)
    mentioned: frozenset[int] = frozenset()
    recipients: frozenset[int] = frozenset()
    confirmed: frozenset[int] = frozenset()
    spared: Mapping[int, str] = field(default_factory=dict)
    addressed: frozenset[int] = frozenset()
    addressed_count_for: str = "nobody"
    named_only: bool = False
    addressees: tuple[Addressee, ...] = ()
    followers: tuple[tuple[int, bool], ...] = ()
    header_id: str | None = None
    inbound_id: int | None = None
    tracking: tuple[Change, ...] = ()
    folded: bool = False
    generated: bool = False
    passed_on: bool = False
    tell: bool = True
    extra_search: tuple[str, ...] = field(default=())
    concerned: frozenset[int] = frozenset()
    concern: str = ""
    payload: dict[str, Any] | None = None
    mail_at: datetime | None = None


def row_of(draft: Draft, header_id: str, now: datetime) -> dict[str, Any]:
    return {
        "thread_id": draft.thread.id,
        "kind": draft.kind,
        "subtype": draft.subtype,
        "internal": draft.internal,
        "author_id": draft.author.partner_id,
        "author_name": draft.author.name,
        "author_email": draft.author.email,
        "confidence": draft.confidence,
        "date": draft.date or now,
        "subject": draft.subject,
        "body_html": draft.body_html,
        "body_text": draft.body_text,
        "quoted_html": draft.quoted_html,
        "message_id": header_id,
        "parent_id": draft.parent_id,
        "tracking": [_line(change) for change in draft.tracking] or None,
        "addressees": [one._asdict() for one in draft.addressees] or None,
        "folded": draft.folded,
        "generated": draft.generated,
        "inbound_id": draft.inbound_id,
        "search_text": search_text(draft),
        "search_internal": search_internal(draft),
        "edited_at": None,
        "deleted_at": None,
    }


def search_text(draft: Draft) -> str:
    """What a search in the thread looks at: subject, body, file names, tracked values."""
    names = [*(file.name for file in draft.files), *draft.extra_search]
    return search_words(
        draft.subject, draft.body_text, names, [_line(change) for change in draft.tracking], draft.internal
    )


def search_internal(draft: Draft) -> str:
    """What only staff finds: the internal changes in an entry that others may read."""
    lines = [] if draft.internal else [_line(change) for change in draft.tracking if change.internal]
    return search_words(None, "", (), lines, internal=True) if lines else ""


def search_words(
    subject: str | None,
    body_text: str,
    names: Sequence[str],
    tracking: Sequence[dict[str, Any]],
    internal: bool = False,
) -> str:
    """The words of a message as they are indexed. names: of its files. internal: staff alone reads it."""
    shown = [line for line in tracking if internal or not line.get("internal")]
    words = [
        subject or "",
        body_text,
        *names,
        *(line[name] for line in shown for name in ("label", "old", "new")),
    ]
    return indexed("\n".join(word for word in words if word))


def _line(change: Change) -> dict[str, Any]:
    line: dict[str, Any] = {
        "field": change.field,
        "label": change.label,
        "old": change.old,
        "new": change.new,
    }
    if change.type:
        line["type"] = change.type
    if change.kind:
        line["kind"] = change.kind
    if change.internal:
        line["internal"] = True
    if change.old_value is not None:
        line |= {"old_value": change.old_value, "new_value": change.new_value}
    return line
