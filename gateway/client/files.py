"""Files of records and of messages."""

from __future__ import annotations

from gateway.client.calls import Call, Upload, asked, given, record_path
from gateway.client.shapes.files import File, Files


def upload(
    record_type: str,
    key: str,
    *,
    name: str,
    content: bytes,
    content_type: str = "application/octet-stream",
    actor: str | None = None,
) -> Call[File]:
    """Give a record a file; its id can go into a message. actor: for whom; then only into what he writes."""
    path = f"{record_path(record_type, key)}/attachments"
    return Call("POST", path, File, given(actor=actor), uploads=(Upload(name, content, content_type),))


def files(record_type: str, key: str, *, actor: str = "") -> Call[Files]:
    """All files of a record and of its messages."""
    path = f"{record_path(record_type, key)}/attachments"
    return Call("GET", path, Files, query=asked(actor=actor))


def download(attachment_id: int, *, actor: str = "") -> Call[bytes]:
    """The octets of a file."""
    return Call("GET", f"/attachments/{attachment_id}", bytes, query=asked(actor=actor))


def delete_file(attachment_id: int, *, actor: str = "") -> Call[None]:
    """Take a file away."""
    return Call("DELETE", f"/attachments/{attachment_id}", None, query=asked(actor=actor))
