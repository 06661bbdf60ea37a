"""What can happen to the files of a record and of its messages."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import IO, Any, BinaryIO, cast

from gateway.chatter.edit import without_file
from gateway.chatter.post import File
from gateway.errors import Conflict, Forbidden, NotFound
from gateway.mail.data_images import pull
from gateway.rules.visibility import may_change_file
from store.blobs import BlobStore
from store.models.views import PartnerView
from store.queries import files as store
from store.queries import message as messages
from store.queries import thread as threads
from store.queries.access_filter import Reader
from store.session import Session

_CHUNK = 256 * 1024


def without_data_images(html: str | None, blobs: BlobStore) -> tuple[str | None, tuple[File, ...]]:
    """The HTML with its base64 images as files, whose octets are durable then. Raises OSError."""
    if html is None:
        return None, ()
    pulled, images = pull(html)
    files = [
        File(
            image.name,
            image.content_type,
            len(image.content),
            blobs.put(image.content),
            image.content_id,
            True,
        )
        for image in images
    ]
    return pulled, tuple(files)


def readable(session: Session, reader: Reader, attachment_id: int) -> Any:
    """The row of a file that the asker may have. Raises NotFound, which tells others nothing."""
    row = store.one(session, reader, attachment_id)
    if row is None:
        raise NotFound(f"there is no file {attachment_id}")
    return row


def delete(
    session: Session,
    reader: Reader,
    attachment_id: int,
    *,
    by: str,
    is_admin: bool,
    actor: PartnerView | None,
    now: datetime,
) -> None:
    """Take a file away: its uploader, the author of its message, or an admin may.

    by: the token or session that asks. actor: the person for whom, None = the application for itself.
    is_admin: of the one or the other. What a message had stays named among its versions. Raises NotFound,
    Forbidden, Conflict for a mail that came in and for what will be sent later, BadValue when nothing would be left of the message.
    """
    row = readable(session, reader, attachment_id)
    message = messages.one(session, row.message_id) if row.message_id is not None else None
    own = may_change_file(
        is_admin=is_admin, actor_id=actor.id if actor else None, uploader_id=row.uploader_id,
        author_id=message.author_id if message is not None else None, same_caller=row.uploaded_by == by,
    )  # fmt: skip
    if not own:
        raise Forbidden(f"file {attachment_id} belongs to somebody else")
    if row.scheduled_id is not None:
        raise Conflict(f"file {attachment_id} belongs to the scheduled message {row.scheduled_id}")
    if message is None:
        store.delete(session, attachment_id)
        return
    if reader.internal and not threads.readable(session, reader, [message.thread_id]):
        raise Forbidden(f"{message.record_type} {message.key} is closed to who asks")
    without_file(session, message.id, attachment_id, editor=actor, is_admin=is_admin, now=now)


def zipped(rows: Sequence[Any], open_blob: Callable[[str], BinaryIO]) -> Iterator[bytes]:
    """The files as one ZIP archive, made while it is sent. rows: of ``attachment``."""
    sink = _Sink()
    with zipfile.ZipFile(cast(IO[bytes], sink), "w", zipfile.ZIP_STORED) as archive:
        for name, row in zip(_distinct([row.name for row in rows]), rows, strict=True):
            made = zipfile.ZipInfo(name, date_time=row.created_at.timetuple()[:6])
            with open_blob(row.blob) as source, archive.open(made, "w", force_zip64=True) as target:
                while chunk := source.read(_CHUNK):
                    target.write(chunk)
                    yield sink.take()
    yield sink.take()


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, those that came before numbered: ``a.txt``, ``a (2).txt``."""
    taken: dict[str, int] = {}
    found = []
    for name in names:
        count = taken[name.lower()] = taken.get(name.lower(), 0) + 1
        path = PurePosixPath(name)
        found.append(name if count == 1 else f"{path.stem} ({count}){path.suffix}")
    return found


class _Sink:
    """Something to write into that cannot be wound back; what was written is taken out in pieces."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes, /) -> int:
        self._written += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken
