"""Edit and delete what was written here: who may, what is kept, who hears of it.

An edit is not sent again; mail that still waits shows the new text. A correction mail goes to those who
have the old text in their mailbox, only when it is asked for. Deleting leaves a tombstone: the place in
the thread stays, the words and files are gone, also from the earlier versions.
Source: DESIGN section 8; Odoo Chatter, "Edit sent message".
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.chatter import edit_notices, linked_images
from gateway.chatter import edited_files as files
from gateway.chatter.names import Person
from gateway.chatter.partners import known
from gateway.chatter.post import File, Posting, search_words
from gateway.chatter.write import bodies
from gateway.errors import BadValue, Conflict, Forbidden, NotFound
from gateway.mail.data_images import back_to_cids
from gateway.rules.visibility import may_access
from store.models.views import PartnerView, ThreadView
from store.queries import edit as store
from store.queries import follower as followers
from store.queries import message as messages
from store.queries import preview as previews
from store.queries import thread as threads
from store.session import Session


@dataclass(frozen=True, slots=True)
class Edit:
    """What an edit says; None = unchanged.

    attachment_ids: added to the files; an empty list takes all files away but the images that the body still
    shows. mentions: e-mails of who is named now; tell_mentions: they hear of it. correction: who has the old
    text gets a mail with the new. uploader: the token that edits, which must have uploaded the files it adds;
    "" = not asked. images: those that stood in the new HTML itself.
    """

    body_html: str | None = None
    body_text: str | None = None
    attachment_ids: Sequence[int] | None = None
    mentions: Sequence[str] = ()
    tell_mentions: bool = False
    confirm_external: Sequence[str] = ()
    correction: bool = False
    uploader: str = ""
    images: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """How a message stood before an edit. editor: who replaced it; deleted: by deleting the message.

    files: [{name, size, content_type}] that it had.
    """

    id: int
    body_html: str
    body_text: str
    written_at: datetime
    replaced_at: datetime
    editor: Person
    deleted: bool
    files: Sequence[dict[str, Any]] = ()


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
    row, thread, editor = _held(session, message_id, actor, trusted=trusted, posting=posting)
    if row.deleted_at is not None:
        raise Conflict(f"message {message_id} was deleted")
    had = store.files_of(session, row.id)
    change, shown = _with_links(session, change, had)
    html, text = _text(row, change, had)
    is_new_text = (html, text) != (row.body_html, row.body_text)
    taken = files.taken(had, change.attachment_ids, old_html=row.body_html, new_html=html)
    added = files.added(
        session, thread, change.attachment_ids or (), {file.id for file in had}, uploader=change.uploader,
        owner_id=editor.id if editor is not None else row.author_id or 0,
    )  # fmt: skip
    images = files.new_images(change.images, html, had)
    is_changed = bool(is_new_text or taken or added or images)
    if is_changed:
        rest = [file for file in had if file.id not in taken]
        _keep_something(
            html, text, [*rest, *added, *images], "body_text" if is_new_text else "attachment_ids"
        )
        store.add_version(session, _version(row, had, editor, now))
        store.remove_files(session, sorted(taken))
        messages.bind_attachments(session, row.id, added)
        messages.show_inside(session, shown)
        messages.add_attachments(session, [files.image_row(row, image, now) for image in images])
        _rewrite(session, row, html, text, now)
    if is_new_text:
        store.forget_payloads(session, row.id)
        posting.previews.edited(session, row, html, now)
    edit_notices.mention(
        session, row, thread, change.mentions, tell=change.tell_mentions, confirmed=change.confirm_external,
        posting=posting, now=now,
    )  # fmt: skip
    if change.correction and is_changed:
        edit_notices.correct(session, row, thread, editor, posting, now)


def without_file(
    session: Session, message_id: int, file_id: int, *, editor: PartnerView | None, is_admin: bool, now: datetime
) -> None:  # fmt: skip
    """Take one file off a message; what it had stays named among its versions.

    editor: who does it, None = the application. Raises Conflict for a mail that came in, which stays as it
    came but for an admin, and BadValue when nothing would be left.
    """
    row = store.hold(session, message_id)
    if row is None:
        raise NotFound(f"there is no message {message_id}")
    if row.inbound_id is not None and not is_admin:
        raise Conflict(f"message {message_id} came by mail: it stays as it came")
    had = store.files_of(session, row.id)
    rest = [file for file in had if file.id != file_id]
    _keep_something(row.body_html, row.body_text, rest, "attachment_id")
    store.add_version(session, _version(row, had, editor, now))
    store.remove_files(session, [file_id])
    _rewrite(session, row, row.body_html, row.body_text, now)


def remove(
    session: Session, message_id: int, *, actor: str | None, trusted: bool, posting: Posting, now: datetime
) -> None:
    """Delete a message that was written here; again does nothing. Raises NotFound, Forbidden, Conflict."""
    row, _, editor = _held(session, message_id, actor, trusted=trusted, posting=posting)
    if row.deleted_at is not None:
        return
    nothing = {"body_html": "", "body_text": "", "deleted": True}
    store.add_version(session, _version(row, (), editor, now) | nothing)
    store.empty_versions(session, row.id)
    messages.remove_attachments(session, row.id)
    previews.remove_all(session, row.id)
    store.withdraw(session, row.id, "the message was withdrawn", now)
    store.empty_payloads(session, row.id)
    emptied = {"body_html": "", "body_text": "", "quoted_html": None, "subject": None, "search_text": ""}
    messages.change(session, row.id, {**emptied, "search_internal": "", "deleted_at": now})


def hide_preview(
    session: Session, message_id: int, preview_id: int, *, actor: str | None, trusted: bool, posting: Posting
) -> None:  # fmt: skip
    """Show no more what a link of a message leads to; whoever may change a message may, also of one that came by mail.

    Raises NotFound, Forbidden, BadValue.
    """
    _by_its_author(session, message_id, actor, trusted=trusted, posting=posting)
    if not previews.hide(session, message_id, preview_id):
        raise NotFound(f"message {message_id} shows no link preview {preview_id}")


def may_see_versions(session: Session, message_id: int, *, author_id: int | None, actor: str | None) -> None:
    """Refuse who is neither the author of a message nor an admin: a reader was shown the last text only.

    author_id: of the message. actor: e-mail of who asks, None = the application itself. Raises Forbidden, BadValue.
    """
    if actor:
        who = known(session, actor, "actor")
        if not who.active or (who.id != author_id and who.role != "admin"):
            raise Forbidden(f"{who.email} is neither the author of message {message_id} nor an admin")


def versions(
    session: Session, message_id: int, *, before: int | None, after: int | None, limit: int
) -> list[Version]:
    """Earlier versions of a message, newest first; the present one is the message."""
    return [
        Version(
            row.id, row.body_html, row.body_text, row.written_at, row.replaced_at,
            Person(row.editor_id, row.name or row.editor_name, row.email or row.editor_email, bool(row.internal)),
            row.deleted, row.files or (),
        )
        for row in store.versions(session, message_id, before=before, after=after, limit=limit)
    ]  # fmt: skip


def _held(
    session: Session, message_id: int, actor: str | None, *, trusted: bool, posting: Posting
) -> tuple[Any, ThreadView, PartnerView | None]:
    """A message that was written here, its thread, and who changes it (None = the application)."""
    row, thread, editor = _by_its_author(session, message_id, actor, trusted=trusted, posting=posting)
    if row.kind not in ("message", "note") or row.tracking or row.generated:
        raise Conflict(f"message {message_id} is an entry of the log: it stays as it is")
    if row.inbound_id is not None:
        raise Conflict(f"message {message_id} came by mail: it stays as it came")
    return row, thread, editor


def _by_its_author(
    session: Session, message_id: int, actor: str | None, *, trusted: bool, posting: Posting
) -> tuple[Any, ThreadView, PartnerView | None]:
    """The message, its thread, and who may change it (None = the application)."""
    row = store.hold(session, message_id)
    thread = threads.by_id(session, row.thread_id) if row is not None else None
    if row is None or thread is None:
        raise NotFound(f"there is no message {message_id}")
    return row, thread, _editor(session, row, thread, actor, trusted=trusted, posting=posting)


def _editor(
    session: Session, row: Any, thread: ThreadView, actor: str | None, *, trusted: bool, posting: Posting
) -> PartnerView | None:
    """Who changes the message: its author or an admin, who may work on the record still (Odoo T235)."""
    if not actor:
        if trusted:
            return None
        raise BadValue.of("actor", "name the person for whom the application acts")
    editor = known(session, actor, "actor")
    if not editor.active or (editor.id != row.author_id and editor.role != "admin"):
        raise Forbidden(f"{editor.email} is neither the author of message {row.id} nor an admin")
    if not _takes_part(session, thread, editor, posting):
        raise Forbidden(f"{thread.record_type} {thread.key} is closed to {editor.email} by now")
    return editor


def _takes_part(session: Session, thread: ThreadView, who: PartnerView, posting: Posting) -> bool:
    """A colleague may work on the record; an outsider follows it."""
    follows = followers.is_follower(session, thread.id, who.id)
    if not who.internal:
        return follows
    access = posting.access(session, thread)
    return may_access(
        internal=True, active=who.active, partner_id=who.id, members=thread.members, access=access,
        follows=follows,
    )  # fmt: skip


def _text(row: Any, change: Edit, had: Sequence[Any]) -> tuple[str, str]:
    """HTML and text as they are after the edit; the images of the message are found at their addresses again."""
    if change.body_html is None and change.body_text is None:
        return row.body_html, row.body_text
    if change.body_html is None:
        return bodies(None, change.body_text)
    shown = {linked_images.address(file.id): file.content_id for file in had if file.content_id}
    return bodies(back_to_cids(change.body_html, shown), change.body_text)


def _with_links(session: Session, change: Edit, had: Sequence[Any]) -> tuple[Edit, dict[int, str]]:
    """The edit with the images that stood beside the body, or come with it, bound to it; and their Content-IDs."""
    inside = {file.id for file in had if file.content_id}
    beside = {*(file.id for file in had), *(change.attachment_ids or ())} - inside
    html, shown = linked_images.into_body(session, change.body_html, sorted(beside))
    return replace(change, body_html=html), shown


def _keep_something(html: str, text: str, rest: Collection[Any], pointer: str) -> None:
    if not text.strip() and not html.strip() and not rest:
        raise BadValue.of(pointer, "nothing would be left; delete the message instead")


def _rewrite(session: Session, row: Any, html: str, text: str, now: datetime) -> None:
    """Write the texts, with the words by which the message is found."""
    names = [file.name for file in store.files_of(session, row.id)]
    words = search_words(row.subject, text, names, row.tracking or (), row.internal)
    values = {"body_html": html, "body_text": text, "edited_at": now, "search_text": words}
    messages.change(session, row.id, values)


def _version(row: Any, had: Sequence[Any], editor: PartnerView | None, now: datetime) -> dict[str, Any]:
    named = [{"name": file.name, "size": file.size, "content_type": file.content_type} for file in had]
    return {
        "message_id": row.id, "editor_id": editor.id if editor else None, "editor_name": editor.name if editor else "",
        "editor_email": editor.email if editor else "", "written_at": row.edited_at or row.date, "replaced_at": now,
        "body_html": row.body_html, "body_text": row.body_text, "deleted": False, "files": named or None,
    }  # fmt: skip
