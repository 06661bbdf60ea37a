"""What is said on records: posted, found, changed."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.client.calls import Call, Cursor, asked, given, record_path
from gateway.client.shapes.common import Page
from gateway.client.shapes.messages import Considered, Found, Message, Suggested, Version


def post_message(
    record_type: str,
    key: str,
    *,
    author: str,
    kind: str = "message",
    body_html: str | None = None,
    body_text: str | None = None,
    subject: str | None = None,
    mentions: Sequence[str] | None = None,
    recipients: Sequence[str] | None = None,
    cc: Sequence[str] | None = None,
    skip_followers: bool | None = None,
    attachment_ids: Sequence[int] | None = None,
    confirm_external: Sequence[str] | None = None,
    template: str | None = None,
    signature: bool | None = None,
    actor: str | None = None,
    idempotency_key: str = "",
) -> Call[Message]:
    """Post a message or a note now, also where its template names a time to come: ``schedule_message`` keeps it.

    mentions, recipients, cc, confirm_external: e-mails. cc is shown to all named.
    """
    body = given(
        kind=kind, author=author, body_html=body_html, body_text=body_text, subject=subject, mentions=mentions,
        recipients=recipients, cc=cc, skip_followers=skip_followers, attachment_ids=attachment_ids,
        confirm_external=confirm_external, template=template, signature=signature, actor=actor,
        send_at="now" if template else None,
    )  # fmt: skip
    path = f"{record_path(record_type, key)}/messages"
    return Call("POST", path, Message, body, key=idempotency_key)


def messages(
    record_type: str,
    key: str,
    *,
    query: str = "",
    kind: str | Sequence[str] = "",
    before: Cursor = None,
    after: Cursor = None,
    around: Cursor = None,
    limit: int = 30,
    actor: str = "",
) -> Call[Page[Message]]:
    """The thread of a record, newest first. query: only what holds these words, with highlights.

    kind: message, note, log, or several of them. before, after, around: ids of messages; around = the page with
    that message in its middle. actor: as this person sees it.
    """
    wish = asked(q=query, kind=kind, before=before, after=after, around=around, limit=limit, actor=actor)
    return Call("GET", f"{record_path(record_type, key)}/messages", Page[Message], query=wish)


def message(message_id: int, *, actor: str = "") -> Call[Message]:
    """One message with its notices."""
    return Call("GET", f"/messages/{message_id}", Message, query=asked(actor=actor))


def search(
    query: str,
    *,
    record_type: str = "",
    kind: str | Sequence[str] = "",
    before: Cursor = None,
    after: Cursor = None,
    around: Cursor = None,
    limit: int = 30,
    actor: str = "",
) -> Call[Page[Found]]:
    """Messages of all records that hold these words, newest first. actor: only what this person may read.

    kind, before, after, around: as of ``messages``. A page may be short and have a ``next`` all the same.
    """
    wish = asked(
        q=query,
        type=record_type,
        kind=kind,
        before=before,
        after=after,
        around=around,
        limit=limit,
        actor=actor,
    )
    return Call("GET", "/search", Page[Found], query=wish)


def edit_message(
    message_id: int,
    *,
    body_html: str | None = None,
    body_text: str | None = None,
    attachment_ids: Sequence[int] | None = None,
    mentions: Sequence[str] | None = None,
    tell_mentions: bool | None = None,
    confirm_external: Sequence[str] | None = None,
    correction: bool | None = None,
    actor: str | None = None,
) -> Call[Message]:
    """Change what was posted. attachment_ids: added, [] takes all away. correction: mail the new text."""
    body = given(
        body_html=body_html, body_text=body_text, attachment_ids=attachment_ids, mentions=mentions,
        tell_mentions=tell_mentions, confirm_external=confirm_external, correction=correction, actor=actor,
    )  # fmt: skip
    return Call("PATCH", f"/messages/{message_id}", Message, body)


def delete_message(message_id: int, *, actor: str = "") -> Call[None]:
    """Take back what was posted; its place in the thread stays, empty."""
    return Call("DELETE", f"/messages/{message_id}", None, query=asked(actor=actor))


def hide_link_preview(message_id: int, preview_id: int, *, actor: str = "") -> Call[None]:
    """Show no more what a link of a message leads to. actor: the author of the message or an admin."""
    path = f"/messages/{message_id}/link-previews/{preview_id}"
    return Call("DELETE", path, None, query=asked(actor=actor))


def versions(
    message_id: int,
    *,
    before: Cursor = None,
    after: Cursor = None,
    around: Cursor = None,
    limit: int = 30,
    actor: str = "",
) -> Call[Page[Version]]:
    """How a message stood before each edit, newest first. actor: its author or an admin."""
    wish = asked(before=before, after=after, around=around, limit=limit, actor=actor)
    return Call("GET", f"/messages/{message_id}/versions", Page[Version], query=wish)


def audience(
    record_type: str,
    key: str,
    *,
    kind: str = "message",
    subtype: str = "",
    mentions: Sequence[str] | None = None,
    recipients: Sequence[str] | None = None,
    cc: Sequence[str] | None = None,
    confirm_external: Sequence[str] | None = None,
    skip_followers: bool | None = None,
    author: str = "",
    before: Cursor = None,
    after: Cursor = None,
    around: Cursor = None,
    limit: int = 200,
    actor: str = "",
) -> Call[Page[Considered]]:
    """Who would hear of a message now: everybody who is considered, and why or why not. Asking enters nobody.

    subtype: "" = that of the kind. author: "" = the system; the rest as of ``post_message``. Partners by id, then who
    is none yet by e-mail: each is the cursor. actor: not at all for an outsider, who is not shown who follows.
    """
    wish = asked(
        kind=kind, subtype=subtype, mentions=mentions, recipients=recipients, cc=cc, confirm_external=confirm_external,
        skip_followers=skip_followers, author=author, before=before, after=after, around=around, limit=limit, actor=actor,
    )  # fmt: skip
    return Call("GET", f"{record_path(record_type, key)}/audience", Page[Considered], query=wish)


def suggested_recipients(
    record_type: str,
    key: str,
    *,
    before: Cursor = None,
    after: Cursor = None,
    around: Cursor = None,
    limit: int = 200,
    actor: str = "",
) -> Call[Page[Suggested]]:
    """Whom to propose beside the followers: customer, author, To and Cc of the last conversation, the best first.

    before, after, around: e-mails. actor: who writes; he is not proposed to himself.
    """
    path = f"{record_path(record_type, key)}/suggested-recipients"
    wish = asked(before=before, after=after, around=around, limit=limit, actor=actor)
    return Call("GET", path, Page[Suggested], query=wish)
