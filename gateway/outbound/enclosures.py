"""Which files of a message travel inside its mail, and which are behind a link because it has no room.

The size that counts is the one on the wire: header, both texts, and the files in base64 (RFC 1870 section 4;
Odoo Chatter, H09: 8/6 of the files and a margin).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from gateway.mail import compose
from store.blobs import BlobDamaged, BlobStore

log = structlog.get_logger()

_MARGIN = 16 * 1024  # header with its signatures, our layout around the texts, the list of files
_PART = 512  # boundary and fields of one file
_BASE64_LINE = 57  # octets that become 76 letters and CRLF
_ENCODED_LINE = 78


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file of a message as the templates see it. attached: it is in this mail. url: where else it is, "" if nowhere."""

    name: str
    size: int
    attached: bool
    url: str = ""


@dataclass(frozen=True, slots=True)
class Enclosures:
    """The files of one mail: as listed, as attached, and as shown inside the HTML (by id, with Content-ID)."""

    listed: list[ListedFile]
    parts: list[compose.Part]
    inline: dict[int, tuple[str, compose.Part]]


def room_for_files(largest: int, text: str, html: str) -> int:
    """The octets on the wire that are left for files. largest: octets of the largest mail that will be taken."""
    texts = sum(
        len(compose.text_part(one, subtype).content) for one, subtype in ((text, "plain"), (html, "html"))
    )
    return largest - _MARGIN - texts


def encoded(size: int) -> int:
    """The octets that a file of this size takes in a mail.

    >>> encoded(90_000)
    123674
    """
    return -(-size // _BASE64_LINE) * _ENCODED_LINE + _PART


def enclose(
    files: Sequence[Any], *, room: int, blobs: BlobStore | None, url_of: Callable[[int], str]
) -> Enclosures:
    """Take in, in their order, the files for which there is room. url_of: the link of a file by its id, "" if none."""
    found = Enclosures([], [], {})
    for file in files:
        part = _part(file, blobs) if encoded(file.size) <= room else None
        if part is not None:
            room -= encoded(file.size)
        if part is not None and file.inline and file.content_id:
            found.inline[file.id] = (file.content_id, part)
            continue
        found.listed.append(
            ListedFile(file.name, file.size, part is not None, "" if part is not None else url_of(file.id))
        )
        if part is not None:
            found.parts.append(part)
    return found


def _part(file: Any, blobs: BlobStore | None) -> compose.Part | None:
    if blobs is None:
        return None
    try:
        content = blobs.get(file.blob)
    except (OSError, BlobDamaged) as trouble:
        log.error("file not attached", attachment=file.id, trouble=str(trouble))
        return None
    content_id = file.content_id if file.inline else None
    return compose.file_part(file.name, file.content_type, content, content_id=content_id)
