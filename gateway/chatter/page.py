"""What the API and the pages show of the messages of a thread.

Views are values; each function takes all the rows of a page at once, so that a list of N items costs the
same number of statements as a list of one. Names and shapes are those of DESIGN section 8.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from gateway.chatter.entries import delivery_views as delivery_views
from gateway.chatter.entries import ledger_entries as ledger_entries
from gateway.chatter.entries import ledger_entry as ledger_entry
from gateway.chatter.highlight import highlights
from gateway.chatter.lines import holds, with_lines, worded, words_of
from gateway.chatter.linked_images import address
from gateway.chatter.names import Person, RecordName
from gateway.chatter.previews import LinkPreviewView, preview_view
from gateway.mail.html import clean
from gateway.rules.visibility import is_only_quoted
from gateway.wording import Wording
from store.queries import message as messages
from store.queries import partner as partners
from store.queries import preview as links
from store.search import Phrase
from store.session import Session

_TROUBLE = frozenset({"failed", "deferred", "bounced", "complained", "suppressed"})


class FileView(msgspec.Struct, frozen=True):
    """A file. size: octets. inline: shown inside the body. preview: a few lines about it, "" if none.

    main: the one to show beside the conversation, told in the list of a record.
    """

    id: int
    name: str
    size: int
    content_type: str
    inline: bool = False
    preview: str = ""
    main: bool = False


class ChangeView(msgspec.Struct, frozen=True):
    """One tracked change, as texts. type: boolean where the texts are the words yes and no, else absent."""

    field: str
    label: str
    old: str
    new: str
    type: str | msgspec.UnsetType = msgspec.UNSET


class NoticeView(msgspec.Struct, frozen=True):
    """Whether a partner was told. reason: why, or why not; with status and words where a mail had trouble.

    delivery: the mail that carries it, to try it again; null where none does.
    """

    partner: Person
    channel: str
    state: str
    reason: str
    status: str = ""
    detail: str = ""
    read_at: datetime | None = None
    delivery: int | None = None


class MessageView(msgspec.Struct, frozen=True):
    """One entry of a thread. to, cc: whom its author named beside the followers. link_previews: what its links lead to,
    as far as that is known. highlights: only in a search."""

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
    deleted_at: datetime | None
    notices: list[NoticeView]
    to: list[Person]
    cc: list[Person]
    link_previews: list[LinkPreviewView]
    highlights: list[str] | msgspec.UnsetType = msgspec.UNSET


def message_views(
    session: Session, rows: Sequence[Any], words: Sequence[Phrase] = (), *, outsider: bool = False,
    labels: Mapping[tuple[str, str], str] | None = None, files: bool = True, previews: bool = False,
    wording: Wording | None = None,
) -> list[MessageView]:  # fmt: skip
    """The messages of rows of ``messages.page``, in their order: two statements, three with previews.

    words: that were looked for, to be marked; an entry that held them only in lines which are not shown is left out.

    An image inside the body that the thread has shown before, such as the logo of a signature, is no file
    of the list; the body shows it as ever. outsider: without what is for staff: who was told, internal
    changes, and what a colleague's program quoted, which may be a note. labels: what subtypes are called that
    were found by that, by record type and name. files: False = none of them has any, which spares the question.
    previews: with what their links lead to. wording: of the reader's language, for people; None = as it is
    stored, for programs.
    """
    ids = [row.id for row in rows]
    files_of = messages.attachments_of(session, ids if files else ())
    notices = {} if outsider else messages.notices_of(session, ids)
    names = {row.id: (labels or {}).get((row.record_type, row.subtype), "") for row in rows}
    narrowed = with_lines(session, rows, outsider=outsider)
    rows = [
        shown
        for row, shown in zip(rows, narrowed, strict=True)
        if shown is row or holds(words_of(shown, files_of.get(row.id, []), names[row.id]), words)
    ]
    if wording is not None:
        rows = [worded(row, wording) for row in rows]
    staff = _staff_among(session, rows)
    linked = links.of_messages(session, ids) if previews else {}
    return [
        _message(
            row, files_of.get(row.id, []), notices.get(row.id, []), words, staff, label=names[row.id],
            linked=linked.get(row.id, []), hides_quotation=outsider and bool(row.partner_internal),
        )
        for row in rows
    ]  # fmt: skip


def _staff_among(session: Session, rows: Sequence[Any]) -> frozenset[int]:
    """Who of those named in To and Cc is a colleague; no statement where nobody is named."""
    ids = {one["partner_id"] for row in rows for one in row.addressees or () if one["partner_id"]}
    return frozenset(found.id for found in partners.by_ids(session, sorted(ids)).values() if found.internal)


def _named(row: Any, how: str, staff: Collection[int]) -> list[Person]:
    return [
        Person(one["partner_id"], one["name"], one["email"], one["partner_id"] in staff)
        for one in row.addressees or ()
        if one["how"] == how
    ]


def _message(
    row: Any, files: Sequence[Any], notices: Sequence[Any], words: Sequence[Phrase], staff: Collection[int], *,
    label: str, linked: Sequence[Any], hides_quotation: bool,
) -> MessageView:  # fmt: skip
    urls = {file.content_id: address(file.id) for file in files if file.content_id}
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
        body_html=shown(row.body_html, urls),
        body_text=row.body_text,
        quoted_html=None if row.quoted_html is None or hides_quotation else shown(row.quoted_html, urls),
        message_id=row.message_id,
        parent_id=row.parent_id,
        attachments=[
            file_view(file)
            for file in files
            if not file.repeated
            and not (
                hides_quotation
                and is_only_quoted(file.content_id, body_html=row.body_html, quoted_html=row.quoted_html)
            )
        ],
        tracking=[change_view(line) for line in row.tracking or ()],
        folded=row.folded,
        edited_at=row.edited_at,
        deleted_at=row.deleted_at,
        notices=[_notice(notice) for notice in _one_each(notices)],
        to=_named(row, "to", staff),
        cc=_named(row, "cc", staff),
        link_previews=[preview_view(one) for one in linked],
        highlights=highlights(words_of(row, files, label), words) if words else msgspec.UNSET,
    )


def change_view(line: Mapping[str, Any]) -> ChangeView:
    """A stored line of a log entry as it is shown."""
    return ChangeView(
        line["field"], line["label"], line["old"], line["new"], line.get("type") or msgspec.UNSET
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


def _one_each(notices: Sequence[Any]) -> list[Any]:
    """One row for each partner: his last mail about the message, but for one that was left out for the sake of another."""
    found: dict[int, Any] = {}
    for row in notices:
        if row.partner_id not in found or row.delivery_state != "skipped":
            found[row.partner_id] = row
    return list(found.values())


def _notice(row: Any) -> NoticeView:
    state = row.delivery_state or row.state
    words = " ".join(word for word in (row.status, row.detail) if word) if state in _TROUBLE else ""
    if row.status and row.detail and row.status in row.detail:
        words = row.detail
    if words == row.reason:
        words = ""
    return NoticeView(
        partner=Person(row.partner_id, row.name, row.email, row.internal),
        channel=row.channel,
        state=state,
        reason=f"{row.reason}: {words}" if words else row.reason,
        status=row.status or "",
        detail=row.detail or "",
        read_at=row.read_at,
        delivery=row.delivery_id,
    )


def file_view(row: Any) -> FileView:
    """A file of a row of ``attachment``."""
    return FileView(row.id, row.name, row.size, row.content_type, row.inline, row.preview or "")


def shown(html: str, urls: dict[str, str]) -> str:
    """HTML as a browser may get it: cleaned again, whatever the store holds, inline images at their addresses.

    urls: Content-ID without brackets -> path.
    """
    return clean(html, urls) if "<" in html else html
