"""Edit and delete what was written here: who may, what is kept, who hears of it.

An edit is not sent again; mail that still waits shows the new text. A correction mail goes to those who
have the old text in their mailbox, only when it is asked for. Deleting leaves a tombstone: the place in
the thread stays, the words and files are gone, also from the earlier versions.
Source: DESIGN section 8; Odoo Chatter, "Edit sent message".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.chatter.names import Person
from gateway.chatter.partners import known
from gateway.chatter.post import Author, Draft, Posting, delivery_row
from gateway.chatter.write import bodies, confirmed_outsiders, free_files, named_partners
from gateway.errors import BadValue, Conflict, FieldError, Forbidden, NotFound
from gateway.rules.recipients import EMAIL
from gateway.rules.visibility import may_access
from store.models.views import PartnerView, ThreadView
from store.queries import edit as store
from store.queries import follower as followers
from store.queries import message as messages
from store.queries import thread as threads
from store.search import indexed
from store.session import Session


@dataclass(frozen=True, slots=True)
class Edit:
    """What an edit says; None = unchanged.

    attachment_ids: added to the files; an empty list takes all files away. mentions: e-mails of who is
    named now; tell_mentions: they hear of it. correction: who has the old text gets a mail with the new.
    uploader: the token that edits, which must have uploaded the files it adds; "" = not asked.
    """

    body_html: str | None = None
    body_text: str | None = None
    attachment_ids: Sequence[int] | None = None
    mentions: Sequence[str] = ()
    tell_mentions: bool = False
    confirm_external: Sequence[str] = ()
    correction: bool = False
    uploader: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """How a message stood before an edit. editor: who replaced it; deleted: by deleting the message."""

    id: int
    body_html: str
    body_text: str
    written_at: datetime
    replaced_at: datetime
    editor: Person
    deleted: bool


def edit(
    session: Session,
    message_id: int,
    change: Edit,
    *,
    actor: str | None,
    trusted: bool,
    posting: Posting,
    now: datetime,
) -> None:
    """Change a message that was written here.

    actor: e-mail of who does it, None = the application itself. trusted: the application may act without
    naming anybody. Raises NotFound, Forbidden, Conflict, BadValue.
    """
    row, thread, editor = _held(session, message_id, actor, trusted=trusted)
    if row.deleted_at is not None:
        raise Conflict(f"message {message_id} was deleted")
    files_changed = _change_files(session, row, thread, change)
    is_new_text = _change_text(session, row, change, editor, now)
    if files_changed or is_new_text:
        words = [row.subject or "", _text(row, change)[1], *store.file_names(session, row.id)]
        values = {"edited_at": now, "search_text": indexed("\n".join(word for word in words if word))}
        messages.change(session, row.id, values)
    if is_new_text:
        store.forget_payloads(session, row.id)
    _mention(session, row, thread, change, posting, now)
    if change.correction and (files_changed or is_new_text):
        _correct(session, row, thread, editor, posting, now)


def remove(session: Session, message_id: int, *, actor: str | None, trusted: bool, now: datetime) -> None:
    """Delete a message that was written here; again does nothing. Raises NotFound, Forbidden, Conflict."""
    row, _, editor = _held(session, message_id, actor, trusted=trusted)
    if row.deleted_at is not None:
        return
    store.add_version(
        session, _version(row, editor, now) | {"body_html": "", "body_text": "", "deleted": True}
    )
    store.empty_versions(session, row.id)
    messages.remove_attachments(session, row.id)
    store.withdraw(session, row.id, "the message was withdrawn", now)
    emptied = {"body_html": "", "body_text": "", "quoted_html": None, "subject": None, "search_text": ""}
    messages.change(session, row.id, {**emptied, "deleted_at": now})


def versions(session: Session, message_id: int, *, before: int | None, limit: int) -> list[Version]:
    """Earlier versions of a message, newest first; the present one is the message."""
    return [
        Version(
            row.id, row.body_html, row.body_text, row.written_at, row.replaced_at,
            Person(row.editor_id, row.name or row.editor_name, row.email or row.editor_email, bool(row.internal)),
            row.deleted,
        )
        for row in store.versions(session, message_id, before=before, limit=limit)
    ]  # fmt: skip


def _held(
    session: Session, message_id: int, actor: str | None, *, trusted: bool
) -> tuple[Any, ThreadView, PartnerView | None]:
    """The message, its thread, and who changes it (None = the application)."""
    row = store.hold(session, message_id)
    thread = threads.by_id(session, row.thread_id) if row is not None else None
    if row is None or thread is None:
        raise NotFound(f"there is no message {message_id}")
    editor = _editor(session, row, thread, actor, trusted=trusted)
    if row.kind not in ("message", "note") or row.tracking or row.generated:
        raise Conflict(f"message {message_id} is an entry of the log: it stays as it is")
    if row.inbound_id is not None:
        raise Conflict(f"message {message_id} came by mail: it stays as it came")
    return row, thread, editor


def _editor(
    session: Session, row: Any, thread: ThreadView, actor: str | None, *, trusted: bool
) -> PartnerView | None:
    if not actor:
        if trusted:
            return None
        detail = "name the person for whom the application acts"
        raise BadValue(detail, [FieldError("#/actor", detail)])
    editor = known(session, actor, "actor")
    sees = not editor.internal or may_access(
        internal=True, active=editor.active, partner_id=editor.id, members=thread.members
    )
    if not editor.active or not sees or (editor.id != row.author_id and editor.role != "admin"):
        raise Forbidden(f"{editor.email} is neither the author of message {row.id} nor an admin")
    return editor


def _text(row: Any, change: Edit) -> tuple[str, str]:
    """HTML and text as they are after the edit."""
    if change.body_html is None and change.body_text is None:
        return row.body_html, row.body_text
    return bodies(change.body_html, change.body_text)


def _change_text(session: Session, row: Any, change: Edit, editor: PartnerView | None, now: datetime) -> bool:
    html, text = _text(row, change)
    if (html, text) == (row.body_html, row.body_text):
        return False
    if not text.strip() and not html.strip() and not store.file_ids(session, row.id):
        raise BadValue.of("body_text", "nothing would be left; delete the message instead")
    store.add_version(session, _version(row, editor, now))
    messages.change(session, row.id, {"body_html": html, "body_text": text})
    return True


def _version(row: Any, editor: PartnerView | None, now: datetime) -> dict[str, Any]:
    return {
        "message_id": row.id, "editor_id": editor.id if editor else None, "editor_name": editor.name if editor else "",
        "editor_email": editor.email if editor else "", "written_at": row.edited_at or row.date, "replaced_at": now,
        "body_html": row.body_html, "body_text": row.body_text, "deleted": False,
    }  # fmt: skip


def _change_files(session: Session, row: Any, thread: ThreadView, change: Edit) -> bool:
    """An empty list takes all files away, a list adds to them."""
    if change.attachment_ids is None:
        return False
    have = store.file_ids(session, row.id)
    if not change.attachment_ids:
        store.remove_files(session, sorted(have))
        return bool(have)
    new = [attachment_id for attachment_id in change.attachment_ids if attachment_id not in have]
    if new:
        free = free_files(session, thread, new, uploader=change.uploader, author_id=row.author_id or 0)
        messages.bind_attachments(session, row.id, list(free))
    return bool(new)


def _mention(
    session: Session, row: Any, thread: ThreadView, change: Edit, posting: Posting, now: datetime
) -> None:
    """Note who is named now and was not told before; they hear of it only when that is asked for."""
    named = named_partners(session, change.mentions, "mentions", now)
    confirmed: frozenset[int] = frozenset()
    if row.internal and change.tell_mentions:
        confirmed = confirmed_outsiders(session, change.confirm_external, named)
    new = frozenset(partner.id for partner in named) - store.told(session, row.id)
    if not new:
        return
    draft = Draft(
        thread, row.kind, row.subtype, Author(row.author_id, row.author_name, row.author_email),
        internal=row.internal, mentioned=new, confirmed=confirmed,
    )  # fmt: skip
    decided = [notice for notice in posting.audience(session, draft, now) if notice.partner_id in new]
    if not change.tell_mentions:
        silent = "mentioned in an edit"
        decided = [notice._replace(channel="none", state="skipped", reason=silent) for notice in decided]
    store.forget_notices(session, row.id, new)
    messages.add_notices(
        session,
        [
            {"message_id": row.id, "partner_id": notice.partner_id, "channel": notice.channel,
             "state": notice.state, "reason": notice.reason, "read_at": None}
            for notice in decided
        ],
    )  # fmt: skip
    mailed = [notice for notice in decided if notice.channel == EMAIL and notice.state == "queued"]
    messages.add_deliveries(
        session,
        [
            delivery_row(
                "message", address=notice.email, reason=notice.reason, header_id=row.message_id, now=now,
                message_id=row.id, thread_id=thread.id, partner_id=notice.partner_id,
            )
            for notice in mailed
        ],
    )  # fmt: skip
    followers.invite(session, thread.id, [notice.partner_id for notice in mailed], now)


def _correct(
    session: Session,
    row: Any,
    thread: ThreadView,
    editor: PartnerView | None,
    posting: Posting,
    now: datetime,
) -> None:
    """Queue the correction; always under a new Message-ID, because programs fold equal ones into one mail."""
    header_id = posting.new_header_id(thread)
    rows = [
        delivery_row(
            "correction", address=reader.address, reason=reader.reason, header_id=header_id, now=now, message_id=row.id,
            thread_id=thread.id, partner_id=reader.partner_id,
        )
        for reader in store.mailed(session, row.id)
        if editor is None or reader.partner_id != editor.id
    ]  # fmt: skip
    store.unread_again(session, row.id)
    if rows:
        messages.add_refs(session, row.id, [(header_id, True)])
        messages.add_deliveries(session, rows)
