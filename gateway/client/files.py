"""Files of records and of messages."""

from __future__ import annotations

from gateway.client.calls import Call, Cursor, Upload, asked, given, record_path
from gateway.client.shapes.common import Page
from gateway.client.shapes.files import File, Files


def upload(
    record_type: str,
    key: str,
    *,
    name: str,
    content: bytes,
    content_type: str = "application/octet-stream",
    pending: bool = False,
    actor: str | None = None,
    idempotency_key: str = "",
) -> Call[File]:
    """Give a record a file; its id can go into a message. actor: for whom; then only into what he writes.

    pending: it is for a message that is being written, hidden until that is sent.
    """
    path, form = f"{record_path(record_type, key)}/attachments", _form(pending=pending, actor=actor)
    return Call("POST", path, File, form, key=idempotency_key, uploads=(Upload(name, content, content_type),))


def upload_files(
    record_type: str,
    key: str,
    first: Upload,
    second: Upload,
    *more: Upload,
    pending: bool = False,
    actor: str | None = None,
    idempotency_key: str = "",
) -> Call[Files]:
    """Give a record two files or more, all or none; answers them in their order. The rest as of ``upload``."""
    path, form = f"{record_path(record_type, key)}/attachments", _form(pending=pending, actor=actor)
    return Call("POST", path, Files, form, key=idempotency_key, uploads=(first, second, *more))


def _form(*, pending: bool, actor: str | None) -> dict[str, str]:
    return given(pending="true" if pending else None, actor=actor)


def files(
    record_type: str,
    key: str,
    *,
    before: Cursor = None,
    after: Cursor = None,
    around: Cursor = None,
    limit: int = 200,
    actor: str = "",
) -> Call[Page[File]]:
    """Files of a record and of its messages, in the order in which they came. actor: that this person may have."""
    wish = asked(before=before, after=after, around=around, limit=limit, actor=actor)
    return Call("GET", f"{record_path(record_type, key)}/attachments", Page[File], query=wish)


def download(attachment_id: int, *, actor: str = "") -> Call[bytes]:
    """The octets of a file. actor: if this person may have it."""
    return Call("GET", f"/attachments/{attachment_id}", bytes, query=asked(actor=actor))


def download_all(message_id: int, *, actor: str = "") -> Call[bytes]:
    """All files of a message in one ZIP archive; a ProblemError of 404 when it has none."""
    return Call("GET", f"/messages/{message_id}/attachments.zip", bytes, query=asked(actor=actor))


def delete_file(attachment_id: int, *, actor: str = "") -> Call[None]:
    """Take a file away. actor: its uploader, the author of its message, or an admin; without one, the token must have
    uploaded it or carry the scope admin."""
    return Call("DELETE", f"/attachments/{attachment_id}", None, query=asked(actor=actor))
