"""What the API and the pages show of a thread: messages, records, followers, partners.

Views are values; each function takes all the rows of a page at once, so that a list of N items costs the
same number of statements as a list of one. Names and shapes are those of DESIGN section 8.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from gateway.chatter.entries import delivery_views as delivery_views
from gateway.chatter.entries import ledger_entries as ledger_entries
from gateway.chatter.entries import ledger_entry as ledger_entry
from gateway.chatter.names import Person, RecordName, person
from store.models.views import PartnerView, ThreadView
from store.queries import listing
from store.queries import message as messages
from store.queries import partner as partners
from store.queries import thread as threads
from store.search import fold
from store.session import Session

_CID = re.compile(r'src="cid:([^"]{1,998})"')
_TROUBLE = frozenset({"failed", "deferred", "bounced", "complained", "suppressed"})
_AROUND = 60  # characters of context on each side of a search hit
_MOST_HITS = 3


class FileView(msgspec.Struct, frozen=True):
    """A file. size: octets. inline: shown inside the body."""

    id: int
    name: str
    size: int
    content_type: str
    inline: bool = False


class ChangeView(msgspec.Struct, frozen=True):
    """One tracked change, as texts."""

    field: str
    label: str
    old: str
    new: str


class NoticeView(msgspec.Struct, frozen=True):
    """Whether a partner was told. reason: why, or why not; with status and words where a mail had trouble."""

    partner: Person
    channel: str
    state: str
    reason: str
    status: str = ""
    detail: str = ""
    read_at: datetime | None = None


class MessageView(msgspec.Struct, frozen=True):
    """One entry of a thread. highlights: only in the answer to a search."""

    id: int
    record: RecordName
    kind: str
    subtype: str
    internal: bool
    author: Person
    confidence: str
    date: datetime
    subject: str | None
    body_html: str
    body_text: str
    quoted_html: str | None
    message_id: str
    parent_id: int | None
    attachments: list[FileView]
    tracking: list[ChangeView]
    folded: bool
    edited_at: datetime | None
    notices: list[NoticeView]
    highlights: list[str] | msgspec.UnsetType = msgspec.UNSET


class RecordView(msgspec.Struct, frozen=True):
    """A record. reply_address: its own, to be put in Cc; whoever writes there writes on the thread."""

    type: str
    key: str
    title: str
    url: str | None
    fields: dict[str, Any]
    reply_address: str
    assignee: Person | None
    creator: Person | None
    follower_count: int
    domain: str
    active: bool


class FollowerView(msgspec.Struct, frozen=True):
    """A follower with the subtypes that he wants."""

    partner: Person
    subtypes: list[str]
    reason: str


class PartnerDetails(msgspec.Struct, frozen=True):
    """Everything about a partner."""

    id: int
    name: str
    email: str
    internal: bool
    role: str
    active: bool
    language: str
    timezone: str
    phone: str
    addresses: list[str]
    notify: dict[str, Any]


def message_views(session: Session, rows: Sequence[Any], words: Sequence[str] = ()) -> list[MessageView]:
    """The messages of rows of ``messages.page``, in their order: two statements. words: folded, to be marked."""
    ids = [row.id for row in rows]
    files = messages.attachments_of(session, ids)
    notices = messages.notices_of(session, ids)
    return [_message(row, files.get(row.id, []), notices.get(row.id, []), words) for row in rows]


def _message(row: Any, files: Sequence[Any], notices: Sequence[Any], words: Sequence[str]) -> MessageView:
    urls = {file.content_id: f"/api/v1/attachments/{file.id}" for file in files if file.content_id}
    return MessageView(
        id=row.id,
        record=RecordName(row.record_type, row.key),
        kind=row.kind,
        subtype=row.subtype,
        internal=row.internal,
        author=_author(row),
        confidence=row.confidence,
        date=row.date,
        subject=row.subject,
        body_html=bind_images(row.body_html, urls),
        body_text=row.body_text,
        quoted_html=None if row.quoted_html is None else bind_images(row.quoted_html, urls),
        message_id=row.message_id,
        parent_id=row.parent_id,
        attachments=[file_view(file) for file in files],
        tracking=[ChangeView(**line) for line in row.tracking or ()],
        folded=row.folded,
        edited_at=row.edited_at,
        notices=[_notice(notice) for notice in {notice.partner_id: notice for notice in notices}.values()],
        highlights=highlights(_searched(row, files), words) if words else msgspec.UNSET,
    )


def _author(row: Any) -> Person:
    if row.author_id is None:
        return Person(None, row.author_name, row.author_email, False)
    return Person(
        row.author_id,
        row.partner_name or row.author_name,
        row.author_email or row.partner_email,
        row.partner_internal,
    )


def _notice(row: Any) -> NoticeView:
    state = row.delivery_state or row.state
    words = " ".join(word for word in (row.status, row.detail) if word) if state in _TROUBLE else ""
    if row.status and row.detail and row.status in row.detail:
        words = row.detail
    return NoticeView(
        partner=Person(row.partner_id, row.name, row.email, row.internal),
        channel=row.channel,
        state=state,
        reason=f"{row.reason}: {words}" if words else row.reason,
        status=row.status or "",
        detail=row.detail or "",
        read_at=row.read_at,
    )


def file_view(row: Any) -> FileView:
    """A file of a row of ``attachment``."""
    return FileView(row.id, row.name, row.size, row.content_type, row.inline)


def bind_images(html: str, urls: dict[str, str]) -> str:
    """Give inline images their addresses. urls: Content-ID without brackets -> path; an unknown one stays."""

    def address(image: re.Match[str]) -> str:
        url = urls.get(entities.unescape(image[1]))
        return image[0] if url is None else f'src="{url}"'

    return _CID.sub(address, html) if 'src="cid:' in html else html


def _searched(row: Any, files: Sequence[Any]) -> str:
    tracked = [line[name] for line in row.tracking or () for name in ("label", "old", "new")]
    parts = [row.subject or "", row.body_text, *(file.name for file in files), *tracked]
    return "\n".join(part for part in parts if part)


def highlights(text: str, words: Sequence[str]) -> list[str]:
    """Where the words stand in a text: at most three snippets of HTML, hits inside ``<mark>``.

    words: folded; accents and case do not matter, as in the search itself.

    >>> highlights("Café & bar", ["cafe"])
    ['<mark>Café</mark> &amp; bar']
    """
    folded, places = _with_places(text)
    hits = sorted({found for word in words for found in _find(folded, word)})
    snippets: list[str] = []
    shown_to = -1
    for start, _ in hits:
        if start < shown_to or len(snippets) == _MOST_HITS:
            continue
        left, right = max(0, start - _AROUND), min(len(folded), start + 2 * _AROUND)
        inside = [(max(a, left), min(b, right)) for a, b in hits if a < right and b > left]
        snippets.append(_marked(text, places, left, right, inside))
        shown_to = right
    return snippets


def _with_places(text: str) -> tuple[str, list[int]]:
    """The folded text, blanks kept, and for each of its letters (and its end) the place in the original."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        plain = " " if letter.isspace() else fold(letter)
        letters.append(plain)
        places.extend([place] * len(plain))
    return "".join(letters), [*places, len(text)]


def _find(folded: str, word: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    at = folded.find(word) if word else -1
    while at >= 0 and len(found) < 50:
        found.append((at, at + len(word)))
        at = folded.find(word, at + len(word))
    return found


def _marked(text: str, places: Sequence[int], left: int, right: int, hits: Sequence[tuple[int, int]]) -> str:
    out: list[str] = []
    at = places[left]
    for start, end in hits:
        begin, stop = max(places[start], at), max(places[end], places[end - 1] + 1)
        if stop <= at:
            continue
        out.append(f"{entities.escape(text[at:begin])}<mark>{entities.escape(text[begin:stop])}</mark>")
        at = stop
    out.append(entities.escape(text[at : places[right]]))
    return " ".join("".join(out).split())


class RecordViews:
    """Shows records. reply_address: (thread, generation) -> the record's own address."""

    def __init__(self, reply_address: Callable[[ThreadView, int], str]) -> None:
        self._reply_address = reply_address

    def many(self, session: Session, rows: Sequence[ThreadView]) -> list[RecordView]:
        """The records of some threads, in their order: three statements."""
        ids = [thread.id for thread in rows]
        counts = listing.follower_counts(session, ids)
        generations = listing.generations(session, ids)
        named = {
            partner_id
            for thread in rows
            for partner_id in (thread.assignee_id, thread.creator_id)
            if partner_id
        }
        known = {found.id: person(found) for found in partners.by_ids(session, sorted(named)).values()}
        return [
            RecordView(
                type=thread.record_type, key=thread.key, title=thread.title, url=thread.url, fields=thread.fields,
                reply_address=self._reply_address(thread, generations.get(thread.id, 0)),
                assignee=known.get(thread.assignee_id or 0), creator=known.get(thread.creator_id or 0),
                follower_count=counts.get(thread.id, 0), domain=thread.domain, active=thread.active,
            )
            for thread in rows
        ]  # fmt: skip

    def one(self, session: Session, thread: ThreadView) -> RecordView:
        """The record of a thread."""
        return self.many(session, [thread])[0]


def follower_view(row: Any) -> FollowerView:
    """A follower of a row of ``threads.followers``."""
    who = Person(row.partner_id, row.name, row.email, row.internal)
    return FollowerView(who, sorted(row.subtypes), row.reason)


def follower_of(session: Session, thread_id: int, partner_id: int) -> FollowerView | None:
    """One follower, None if the partner does not follow."""
    row = threads.follower(session, thread_id, partner_id)
    return None if row is None else follower_view(row)


def partner_details(session: Session, rows: Sequence[PartnerView]) -> list[PartnerDetails]:
    """Everything about some partners, in their order: two statements."""
    ids = [partner.id for partner in rows]
    addresses = listing.addresses(session, ids)
    phones = listing.phones(session, ids)
    return [
        PartnerDetails(
            id=partner.id, name=partner.name, email=partner.email, internal=partner.internal, role=partner.role,
            active=partner.active, language=partner.language, timezone=partner.timezone,
            phone=phones.get(partner.id, ""), addresses=addresses.get(partner.id, []), notify=partner.notify,
        )
        for partner in rows
    ]  # fmt: skip
