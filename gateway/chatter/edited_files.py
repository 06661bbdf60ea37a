"""Which files an edit takes off a message and which it adds: uploads, and images of the body.

An image belongs to the body that shows it by its Content-ID; any other file is named by its id.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from gateway.chatter.post import File
from gateway.chatter.write import free_files
from gateway.errors import BadValue
from store.models.views import ThreadView
from store.session import Session


def taken(had: Sequence[Any], ids: Sequence[int] | None, *, old_html: str, new_html: str) -> set[int]:
    """The files that go: images that the body showed and shows no more, and with an empty list all others.

    had: the files of the message. ids: what the edit says of files, None = nothing.
    """
    shown = {file.id for file in had if shows(new_html, file.content_id)}
    if ids is not None and not ids:
        return {file.id for file in had} - shown
    return {file.id for file in had if file.inline and shows(old_html, file.content_id)} - shown


def added(
    session: Session, thread: ThreadView, ids: Sequence[int], have: Collection[int], *, uploader: str,
    owner_id: int,
) -> list[int]:  # fmt: skip
    """Those of the ids that are not there yet, which must be free for this uploader, acting for the owner.

    Raises BadValue naming the place.
    """
    new = [file for file in dict.fromkeys(ids) if file not in have]
    try:
        return list(free_files(session, thread, new, uploader=uploader, author_id=owner_id))
    except BadValue as trouble:
        index = int(trouble.errors[0].pointer.rpartition("/")[2])
        raise BadValue.of(f"attachment_ids/{list(ids).index(new[index])}", str(trouble)) from trouble


def new_images(images: Sequence[File], html: str, had: Collection[Any]) -> list[File]:
    """Those of the images that the body shows and that the message does not have yet."""
    known = {file.content_id for file in had}
    return [image for image in images if image.content_id not in known and shows(html, image.content_id)]


def shows(html: str, content_id: str | None) -> bool:
    """The body shows the image of this Content-ID."""
    return bool(content_id) and f'"cid:{content_id}"' in html


def image_row(message: Any, image: File, now: datetime) -> dict[str, Any]:
    """The row of an image that stands in the body of a message."""
    return {
        "thread_id": message.thread_id, "message_id": message.id, "name": image.name,
        "content_type": image.content_type, "size": image.size, "blob": image.blob, "content_id": image.content_id,
        "inline": True, "created_at": now, "preview": None,
    }  # fmt: skip
