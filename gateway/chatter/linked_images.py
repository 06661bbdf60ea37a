"""Uploaded images that a body shows at their addresses: in the message they stand inside it, under a Content-ID.

Editors link a picture that was uploaded before (``<img src="/api/v1/attachments/7">``). It is then no file beside
the message as well (Odoo Chatter, H10), and travels inside the mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.mail.data_images import back_to_cids
from store.queries import files
from store.session import Session


def address(attachment_id: int) -> str:
    """Where a file is found, and how a body names it."""
    return f"/api/v1/attachments/{attachment_id}"


def content_id(attachment_id: int) -> str:
    """The Content-ID of an uploaded image inside a body."""
    return f"file{attachment_id}@inline"


def into_body(session: Session, html: str | None, ids: Sequence[int]) -> tuple[str | None, dict[int, str]]:
    """The HTML with those of the files that are images and that it links bound to it, and their Content-IDs.

    No statement where it links none of them.
    """
    bound = to_cids(html, ids)
    if html is None or bound == html:
        return html, {}
    images = files.images(session, ids)
    bound = to_cids(html, images)
    return bound, {one: content_id(one) for one in images if f"cid:{content_id(one)}" in (bound or "")}


def to_cids(html: str | None, ids: Iterable[int]) -> str | None:
    """The HTML with the addresses of these files as Content-IDs."""
    return html and back_to_cids(html, {address(one): content_id(one) for one in ids})
