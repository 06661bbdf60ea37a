"""Who hears of an edit: who is named in it for the first time, and who has the old text, where that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gateway.chatter.post import Author, Draft, Posting, delivery_row
from gateway.chatter.write import confirmed_outsiders, named_partners
from store.models.views import PartnerView, ThreadView
from store.queries import edit as store
from store.queries import follower as followers
from store.queries import message as messages
from store.session import Session


def mention(
    session: Session, row: Any, thread: ThreadView, named: Sequence[str], *, tell: bool, confirmed: Sequence[str],
    posting: Posting, now: datetime,
) -> None:  # fmt: skip
    """Note who is named now and was not told before.

    named: e-mails. tell: they hear of it. confirmed: e-mails of outsiders who may so read a note.
    """
    partners = named_partners(session, named, "mentions", now)
    outsiders: frozenset[int] = frozenset()
    if row.internal and tell:
        outsiders = confirmed_outsiders(session, confirmed, partners)
    new = frozenset(partner.id for partner in partners) - store.told(session, row.id)
    if not new:
        return
    draft = Draft(
        thread, row.kind, row.subtype, Author(row.author_id, row.author_name, row.author_email),
        internal=row.internal, mentioned=new, confirmed=outsiders,
    )  # fmt: skip
    decided = [notice for notice in posting.audience(session, draft, now) if notice.partner_id in new]
    if not tell:
        silent = "mentioned in an edit"
        decided = [notice._replace(channel="none", state="skipped", reason=silent) for notice in decided]
    store.forget_notices(session, row.id, new)
    posting.queue(session, draft, row.id, row.message_id, decided, now)
    told = [notice.partner_id for notice in decided if notice.state in ("queued", "inbox")]
    followers.invite(session, thread.id, told, now)


def correct(
    session: Session,
    row: Any,
    thread: ThreadView,
    editor: PartnerView | None,
    posting: Posting,
    now: datetime,
) -> None:
    """Queue the correction; always under a new Message-ID, because programs fold equal ones into one mail.

    editor: None = the application, which names nobody.
    """
    header_id = posting.new_header_id(thread)
    rows = [
        delivery_row(
            "correction", address=reader.address, reason=reader.reason, header_id=header_id, now=now, message_id=row.id,
            thread_id=thread.id, partner_id=reader.partner_id, confirmed=reader.confirmed, payload=_by(row, editor),
        )
        | {"author_id": row.author_id}
        for reader in store.mailed(session, row.id)
        if editor is None or reader.partner_id != editor.id
    ]  # fmt: skip
    store.unread_again(session, row.id)
    if rows:
        messages.add_refs(session, row.id, [(header_id, True)])
        messages.add_deliveries(session, rows)


def _by(row: Any, editor: PartnerView | None) -> dict[str, Any] | None:
    """Who is said to have corrected the message; None = its author."""
    if editor is None:
        return {"by": ""}
    return None if editor.id == row.author_id else {"by": editor.name or editor.email.partition("@")[0]}
