"""Read one mail: everything that can be known from its octets, before the store is asked anything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.chatter.post import File
from gateway.mail.html import clean, from_text
from gateway.mail.message import Attachment, ParsedMail
from gateway.mail.parse import fingerprint, parse
from gateway.mail.quote import split
from gateway.mail.topmost import topmost_fields
from gateway.rules.disposition import Disposition, disposition
from store.blobs import BlobStore

_TOKEN = re.compile(r"\b([a-z][a-z0-9-]{0,15})\+[a-z2-7]{28,60}(?=[+@])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """A mail as read. mail: without its bodies and the octets of its attachments, durable as ``files``.

    topmost: the first header fields as they stand, where a hop writes.
    """

    mail: ParsedMail
    topmost: tuple[tuple[str, str], ...]
    disposition: Disposition
    fingerprint: str
    reply_text: str
    reply_html: str
    quoted_html: str | None
    files: tuple[File, ...]


def read(
    raw: bytes, *, reverse_path: str, spam_headers: Sequence[tuple[str, str]], blobs: BlobStore
) -> Reading:
    """Parse, split, clean and classify. Raises OSError when a file cannot be stored."""
    mail = parse(raw)
    cut = split(mail.text, mail.html)
    html = clean(cut.reply_html) if cut.reply_html else from_text(cut.reply_text)
    quoted = clean(cut.quoted_html) if cut.quoted_html else from_text(cut.quoted_text) if cut.quoted_text else ""
    return Reading(
        topmost=topmost_fields(raw),
        mail=replace(mail, attachments=(), subject=hide_tokens(mail.subject), text="", html=""),
        disposition=disposition(mail, reverse_path, spam_headers=spam_headers),
        fingerprint=fingerprint(mail),
        reply_text=hide_tokens(cut.reply_text),
        reply_html=hide_tokens(html),
        quoted_html=hide_tokens(quoted) or None,
        files=tuple(_keep(file, blobs) for file in mail.attachments),
    )


def hide_tokens(text: str) -> str:
    """Cut the tokens out of signed addresses, so that no reader learns another reader's reply address."""
    return _TOKEN.sub(r"\1+…", text) if "+" in text else text


def _keep(file: Attachment, blobs: BlobStore) -> File:
    digest = blobs.put(file.content)
    return File(file.name, file.content_type, len(file.content), digest, file.content_id, file.inline)
