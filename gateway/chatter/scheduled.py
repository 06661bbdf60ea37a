"""Messages that are posted later: kept hidden, then posted as their author with the rights he has then.

What cannot be posted stays here with its trouble, and its author finds the text in his inbox: nothing is
lost, and the next one goes on. A record that is deleted takes with it what waited on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
import structlog

from gateway.chatter import edited_files, linked_images
from gateway.chatter.actor import may_open, reader_of
from gateway.chatter.names import Person, RecordName
from gateway.chatter.page import ChangeView, FileView, NoticeView, file_view
from gateway.chatter.partners import known
from gateway.chatter.post import SYSTEM, Draft, File, Posting, Receipt
from gateway.chatter.types import Types
from gateway.chatter.write import KINDS, Writing, bodies, draft_of, write
from gateway.errors import BadValue, Conflict, Forbidden, NotFound, RequestError
from gateway.mail.html import clean, from_text
from gateway.rules import sentences
from gateway.rules.recipients import INBOX
from store.models.views import PartnerView, ThreadView
from store.queries import files
from store.queries import message as messages
from store.queries import partner as partners
from store.queries import scheduled as store
from store.queries import thread as threads
from store.queries.listing import Collision
from store.session import Database, Session

log = structlog.get_logger()

_NAME_SOMEBODY = "name the person for whom the application acts"
_MOST_COLLISIONS = 5  # then what collides is set aside


class ScheduledView(msgspec.Struct, frozen=True):
    """A message that is to be posted later. state: waiting, or failed; then trouble says why.

    signature: the author's is put under the text when it is posted. It has the names of a message, too, for who reads
    it as one: date is its send_at, message_id is "", nobody has a notice. mentions, recipients, cc: e-mails.
    """

    id: int
    record: RecordName
    kind: str
    author: Person
    send_at: datetime
    subject: str | None
    body_html: str
    body_text: str
    mentions: list[str]
    recipients: list[str]
    cc: list[str]
    skip_followers: bool
    attachment_ids: list[int]
    template: str
    signature: bool
    state: str
    trouble: str
    created_at: datetime
    date: datetime
    subtype: str
    internal: bool
    attachments: list[FileView]
    message_id: str = ""
    confidence: str = ""
    quoted_html: str | None = None
    parent_id: int | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    folded: bool = False
    tracking: tuple[ChangeView, ...] = ()
    notices: tuple[NoticeView, ...] = ()


def schedule(
    session: Session,
    thread: ThreadView,
    writing: Writing,
    send_at: datetime,
    *,
    creator: str | None,
    now: datetime,
) -> ScheduledView:
    """Keep a message for later; what would be refused now is refused now. creator: e-mail, None = nobody named."""
    draft = draft_of(session, thread, writing, now)
    writing = replace(writing, uploader="")  # asked just now; from here on the files are kept for it
    by = known(session, creator, "actor") if creator else None
    values = {
        "thread_id": thread.id, "author_id": draft.author.partner_id, "creator_id": by.id if by else None,
        "writing": msgspec.to_builtins(writing), "send_at": send_at, "created_at": now,
    }  # fmt: skip
    scheduled_id = store.add(session, values)
    _reserve(session, scheduled_id, writing)
    return views(session, [store.one(session, scheduled_id)])[0]


def _reserve(session: Session, scheduled_id: int, writing: Writing) -> None:
    """Keep the files for this message. Raises Conflict when another took one at the same time."""
    if not files.reserve(session, scheduled_id, writing.attachment_ids):
        raise Conflict("one of the files was put into another message just now")


def views(session: Session, rows: Sequence[Any]) -> list[ScheduledView]:
    """How rows of ``store.queries.scheduled`` are shown."""
    kept: dict[int, list[FileView]] = {}
    for file in files.of_scheduled(session, [row.id for row in rows if row.writing.get("attachment_ids")]):
        kept.setdefault(file.scheduled_id, []).append(file_view(file))
    return [_view(row, kept.get(row.id, [])) for row in rows]


def _view(row: Any, kept: list[FileView]) -> ScheduledView:
    writing = writing_of(row)
    html, text = bodies(linked_images.to_cids(writing.body_html, writing.attachment_ids), writing.body_text)
    return ScheduledView(
        id=row.id, record=RecordName(row.record_type, row.key), kind=writing.kind,
        author=Person(row.author_id, row.name, row.email, row.internal), send_at=row.send_at, subject=writing.subject,
        body_html=_at_addresses(html, writing), body_text=text, mentions=list(writing.mentions), recipients=list(writing.recipients),
        cc=list(writing.cc), skip_followers=writing.skip_followers, attachment_ids=list(writing.attachment_ids),
        template=writing.template, signature=writing.signature, state=row.state, trouble=row.trouble,
        created_at=row.created_at, date=row.send_at, subtype=KINDS.get(writing.kind, ""),
        internal=writing.kind == "note", attachments=kept,
    )  # fmt: skip


def _at_addresses(html: str, writing: Writing) -> str:
    """The HTML with the uploads that it shows at their addresses again."""
    if not writing.attachment_ids:
        return html
    urls = {linked_images.content_id(one): linked_images.address(one) for one in writing.attachment_ids}
    inside = {file.content_id: f"cid:{file.content_id}" for file in writing.files if file.content_id}
    return clean(html, urls | inside)


def writing_of(row: Any) -> Writing:
    """What is to be posted."""
    return msgspec.convert(row.writing, Writing)


def held(session: Session, scheduled_id: int) -> Any:
    """The row, nobody else's to change until this transaction ends. Raises NotFound."""
    row = store.hold(session, scheduled_id)
    if row is None:
        raise NotFound(f"there is no scheduled message {scheduled_id}")
    return row


@dataclass(frozen=True, slots=True)
class Change:
    """What is changed of a scheduled message. fields: of Writing. send_at: None = as it was.

    images: those that stood in a new HTML itself. uploader: the token that changes it, which must have
    uploaded the files it adds.
    """

    fields: Mapping[str, Any]
    send_at: datetime | None = None
    images: tuple[File, ...] = ()
    uploader: str = ""


def change(
    session: Session, scheduled_id: int, change: Change, *, actor: str | None, trusted: bool, now: datetime
) -> ScheduledView:
    """Change what waits or failed; it waits again. For who wrote or entered it, or an admin.

    Others would put words into his mouth. Raises NotFound, Forbidden, BadValue, Conflict.
    """
    row = held(session, scheduled_id)
    by = _allowed(session, row, actor, trusted=trusted)
    old = writing_of(row)
    thread = threads.by_id(session, row.thread_id)
    assert thread is not None
    edited_files.added(
        session, thread, change.fields.get("attachment_ids", ()), old.attachment_ids, uploader=change.uploader,
        owner_id=by.id if by is not None else row.author_id,
    )  # fmt: skip
    files.release(session, scheduled_id)
    new = replace(old, **change.fields)
    new = replace(new, uploader="", files=_shown_images(new, (*old.files, *change.images)))
    draft_of(session, thread, new, now)
    _reserve(session, scheduled_id, new)
    values = {"writing": msgspec.to_builtins(new), "state": "waiting", "trouble": ""}
    store.change(session, scheduled_id, values | ({"send_at": change.send_at} if change.send_at else {}))
    return views(session, [store.one(session, scheduled_id)])[0]


def _shown_images(writing: Writing, images: Iterable[File]) -> tuple[File, ...]:
    """Those of the images that the HTML shows, each once."""
    known_images = {image.content_id: image for image in images}
    return tuple(one for one in known_images.values() if f"cid:{one.content_id}" in (writing.body_html or ""))


def take_back(session: Session, scheduled_id: int, *, actor: str | None, trusted: bool) -> None:
    """Delete it; it is never posted. For everybody who may post on the record (Odoo T216). Raises NotFound, BadValue."""
    if not actor and not trusted:
        raise BadValue.of("actor", _NAME_SOMEBODY)
    if not store.remove(session, scheduled_id):
        raise NotFound(f"there is no scheduled message {scheduled_id}")


def send_now(
    session: Session,
    scheduled_id: int,
    *,
    actor: str | None,
    trusted: bool,
    posting: Posting,
    types: Types,
    now: datetime,
) -> Receipt:
    """Post it now: for who entered or wrote it, or an admin. Raises NotFound, Forbidden, BadValue, Conflict."""
    row = held(session, scheduled_id)
    _allowed(session, row, actor, trusted=trusted)
    return _post(session, row, posting=posting, types=types, now=now)


def _allowed(session: Session, row: Any, actor: str | None, *, trusted: bool) -> PartnerView | None:
    """Who entered or wrote it, or an admin; None = a trusted application. Raises Forbidden, BadValue."""
    if not actor:
        if trusted:
            return None
        raise BadValue.of("actor", _NAME_SOMEBODY)
    who = known(session, actor, "actor")
    if not who.active or (who.id not in (row.creator_id, row.author_id) and who.role != "admin"):
        raise Forbidden(f"{who.email} neither wrote nor entered this message and is no admin")
    return who


def post_due(database: Database, *, posting: Posting, types: Types, now: datetime) -> list[int]:
    """Post what is due, each in a transaction of its own; answers the ids of the messages. Raises StoreUnavailable."""
    posted: list[int] = []
    collisions = 0
    while True:
        taken: Any = None
        try:
            with database.write() as session:
                taken = store.take_due(session, now)
                if taken is None:
                    return posted
                receipt = _post(session, taken, posting=posting, types=types, now=now)
            posted.append(receipt.message_id)
        except Collision as trouble:
            collisions += 1
            if collisions > _MOST_COLLISIONS:
                _fail(database, taken, str(trouble), posting, now)
        except RequestError as trouble:
            _fail(database, taken, str(trouble), posting, now)
        except (
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            AssertionError,
        ) as trouble:  # a fault of ours
            log.exception("scheduled message failed", scheduled=taken and taken.id)
            _fail(database, taken, f"{type(trouble).__name__}: {trouble}", posting, now)


def _post(session: Session, row: Any, *, posting: Posting, types: Types, now: datetime) -> Receipt:
    """Post as the author, who must still be allowed to."""
    thread, author = threads.by_id(session, row.thread_id), partners.by_id(session, row.author_id)
    assert thread is not None and author is not None
    if not author.active:
        raise Forbidden(f"{author.email} is deactivated")
    if author.internal and not may_open(session, reader_of(session, types, partner=author), thread):
        raise Forbidden(f"{author.email} may not work on this record any more")
    files.release(session, row.id)  # so that the message may have them
    receipt = write(session, thread, replace(writing_of(row), author=author.email), posting=posting, now=now)
    store.remove(session, row.id)
    log.info("scheduled message posted", scheduled=row.id, message=receipt.message_id)
    return receipt


def _fail(database: Database, row: Any, trouble: str, posting: Posting, now: datetime) -> None:
    """Set one aside and give its author the text back."""
    log.warning("scheduled message not posted", scheduled=row.id, trouble=trouble)
    with database.write() as session:
        if store.hold(session, row.id) is None:
            return
        store.change(session, row.id, {"state": "failed", "trouble": trouble})
        thread = threads.by_id(session, row.thread_id)
        assert thread is not None
        said = sentences.NOT_POSTED % {"name": row.name or row.email, "trouble": trouble}
        text = f"{said}\n\n{_view(row, []).body_text}"
        draft = Draft(
            thread, "log", "note", SYSTEM, internal=True, body_text=text, body_html=from_text(text), generated=True,
            tell=False,
        )  # fmt: skip
        receipt = posting.post(session, draft, now)
        if row.internal:
            notice = {
                "message_id": receipt.message_id, "partner_id": row.author_id, "channel": INBOX, "state": "inbox",
                "reason": "scheduled message not posted", "read_at": None,
            }  # fmt: skip
            messages.add_notices(session, [notice])
