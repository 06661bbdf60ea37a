"""PATCH and DELETE /messages/{id}, the earlier versions of a message, and the link previews that it hides."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from litestar import delete, get, patch

from gateway.chatter import edit as editing
from gateway.chatter.access import Caller
from gateway.chatter.actor import reader_of
from gateway.chatter.files import without_data_images
from gateway.chatter.names import Person
from gateway.chatter.page import MessageView
from gateway.web.api.messages import one_message
from gateway.web.auth import Asking, hide_unless, needs
from gateway.web.idempotency import caller_name
from gateway.web.paging import Page, Wished, both_ways
from gateway.web.schema import Body, Id
from gateway.web.services import Given, Services
from store.session import Session


class EditBody(Body):
    """PATCH /messages/{id}. attachment_ids: added; an empty list takes all files away but the images that the body
    still shows.

    tell_mentions: who is named for the first time hears of it. correction: who has the old text in his
    mailbox gets a mail with the new one.
    """

    body_html: str | None = None
    body_text: str | None = None
    attachment_ids: list[Id] | None = None
    mentions: list[str] | None = None
    tell_mentions: bool = False
    confirm_external: list[str] | None = None
    correction: bool = False


class VersionFile(msgspec.Struct, frozen=True):
    """A file that a message had. size: octets."""

    name: str
    size: int
    content_type: str


class VersionView(msgspec.Struct, frozen=True):
    """How a message stood. date: when this was written; replaced_at, replaced_by: its end."""

    id: int
    body_html: str
    body_text: str
    date: datetime
    replaced_at: datetime
    replaced_by: Person
    deleted: bool
    attachments: list[VersionFile]


@patch("/messages/{message_id:int}", guards=[needs("post")], sync_to_thread=True, tags=["messages"])
def edit_message(message_id: int, data: EditBody, services: Given, caller: Asking) -> MessageView:
    """Change what was written here; its author or an admin. Nobody is mailed again unless that is asked for."""
    html, images = without_data_images(data.body_html, services.blobs)
    change = editing.Edit(
        html, data.body_text, data.attachment_ids, data.mentions or (), data.tell_mentions,
        data.confirm_external or (), data.correction, caller_name(caller), images,
    )  # fmt: skip

    def work(session: Session) -> MessageView:
        _visible(session, services, caller, "post", message_id, data.actor)
        editing.edit(
            session, message_id, change, actor=data.actor, trusted=caller.may("admin"), posting=services.posting,
            now=services.now(),
        )  # fmt: skip
        return one_message(session, message_id, previews=services.shows_previews)

    return services.write(work)


@delete("/messages/{message_id:int}", guards=[needs("post")], sync_to_thread=True, tags=["messages"])
def delete_message(message_id: int, services: Given, caller: Asking, actor: str | None = None) -> None:
    """Take back what was written here; its author or an admin. The place in the thread stays, empty."""

    def work(session: Session) -> None:
        _visible(session, services, caller, "post", message_id, actor)
        editing.remove(
            session, message_id, actor=actor, trusted=caller.may("admin"), posting=services.posting, now=services.now()
        )  # fmt: skip

    services.write(work)


@delete(
    "/messages/{message_id:int}/link-previews/{preview_id:int}", guards=[needs("post")], sync_to_thread=True,
    tags=["messages"],
)  # fmt: skip
def hide_link_preview(
    message_id: int, preview_id: int, services: Given, caller: Asking, actor: str | None = None
) -> None:
    """Show no more what a link leads to; the author of the message or an admin. The link itself stays."""

    def work(session: Session) -> None:
        _visible(session, services, caller, "post", message_id, actor)
        editing.hide_preview(
            session, message_id, preview_id, actor=actor, trusted=caller.may("admin"), posting=services.posting
        )  # fmt: skip

    services.write(work)


@get("/messages/{message_id:int}/versions", guards=[needs("read")], sync_to_thread=True, tags=["messages"])
def list_versions(
    message_id: int, services: Given, caller: Asking, wish: Wished, actor: str | None = None
) -> Page[VersionView]:
    """How the message stood before each edit, newest first. actor: who asks, its author or an admin."""

    def work(session: Session) -> Page[VersionView]:
        message = _visible(session, services, caller, "read", message_id, actor)
        editing.may_see_versions(session, message_id, author_id=message.author.id, actor=actor)
        page, following = both_ways(partial(editing.versions, session, message_id), wish)
        return Page([_view(version) for version in page], following)

    return services.read(work)


def _view(one: editing.Version) -> VersionView:
    return VersionView(
        one.id, one.body_html, one.body_text, one.written_at, one.replaced_at, one.editor, one.deleted,
        [VersionFile(**file) for file in one.files],
    )  # fmt: skip


def _visible(
    session: Session, services: Services, caller: Caller, scope: str, message_id: int, actor: str | None
) -> MessageView:
    """The message. Raises NotFound for one that the token does not cover, or that the actor may not read."""
    view = one_message(session, message_id, reader_of(session, services.types, caller=caller, actor=actor))
    hide_unless(caller, scope, view.record.type, f"there is no message {message_id}")
    return view


handlers: list[Any] = [edit_message, delete_message, hide_link_preview, list_versions]
