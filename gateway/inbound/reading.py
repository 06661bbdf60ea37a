"""Read one mail: everything that can be known from its octets, before the store is asked anything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.chatter.post import File
from gateway.mail.data_images import pull
from gateway.mail.forward import read_forward
from gateway.mail.html import clean, from_text
from gateway.mail.message import Address, Attachment, ParsedMail, Split
from gateway.mail.overlong import beginning, beginning_of_html, shortened
from gateway.mail.parse import fingerprint, parse
from gateway.mail.preview import preview
from gateway.mail.quote import split
from gateway.mail.topmost import topmost_fields
from gateway.rules.disposition import Disposition, Ordinary, disposition
from store.blobs import BlobStore

_PLUS = r"(?:\+|%2b|&#0{0,5}43;|&#x0{0,5}2b;|&plus;)"  # as it stands in text, links and HTML
_TOKEN = re.compile(rf"\b([a-z][a-z0-9-]{{0,15}}){_PLUS}[a-z2-7]{{28,}}", re.IGNORECASE)
_AFTER_PLUS = re.compile(rf"{_PLUS}[a-z2-7]{{28}}", re.IGNORECASE)  # quick to say that there is none
_TOKEN_OCTETS = re.compile(_TOKEN.pattern.encode(), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PassedOn:
    """The mail that this one forwards, split and cleaned as it would be if it had come itself.

    author: who is claimed to have written it. comment: what the forwarder wrote about it, "" if nothing.
    files: of the whole mail, and those of the forwarded one if it was attached.
    """

    author: Address
    subject: str
    date: datetime | None
    reply_text: str
    reply_html: str
    quoted_html: str | None
    comment: str
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A mail as read. mail: without its bodies and the octets of its attachments, durable as ``files``.

    topmost: the first header fields as they stand, where a hop writes. passed_on: None if it forwards nothing.
    """

    mail: ParsedMail
    topmost: tuple[tuple[str, str], ...]
    disposition: Disposition
    fingerprint: str
    reply_text: str
    reply_html: str
    quoted_html: str | None
    files: tuple[File, ...]
    passed_on: PassedOn | None = None


def read(
    raw: bytes, *, reverse_path: str, spam_headers: Sequence[tuple[str, str]], blobs: BlobStore
) -> Reading:
    """Parse, split, clean and classify. Raises OSError when a file cannot be stored."""
    whole = parse(raw)
    mail = shortened(_without_data_images(whole))
    cut = split("" if mail.text_is_derived else mail.text, mail.html)
    html, quoted = _cleaned(cut)
    found = disposition(mail, reverse_path, spam_headers=spam_headers)
    files = tuple(_keep(file, blobs) for file in mail.attachments)
    return Reading(
        topmost=topmost_fields(raw),
        mail=replace(mail, attachments=(), subject=hide_tokens(mail.subject), text="", html=""),
        disposition=found,
        fingerprint=fingerprint(whole),
        reply_text=hide_tokens(cut.reply_text),
        reply_html=html,
        quoted_html=quoted,
        files=files,
        passed_on=_passed_on(mail, files, blobs) if isinstance(found, Ordinary) else None,
    )


def _without_data_images(mail: ParsedMail) -> ParsedMail:
    """The mail with the base64 images of its HTML as files; otherwise they would be lost in cleaning."""
    html, images = pull(mail.html)
    return replace(mail, html=html, attachments=mail.attachments + images) if images else mail


def _cleaned(cut: Split) -> tuple[str, str | None]:
    """The safe HTML of what is new and of what was cut, None if nothing was."""
    html = clean(cut.reply_html) if cut.reply_html else from_text(cut.reply_text)
    quoted = (
        clean(cut.quoted_html) if cut.quoted_html else from_text(cut.quoted_text) if cut.quoted_text else ""
    )
    return hide_tokens(html), hide_tokens(quoted) or None


def _passed_on(mail: ParsedMail, files: tuple[File, ...], blobs: BlobStore) -> PassedOn | None:
    found = read_forward(mail)
    if found is None:
        return None
    cut = split(beginning(found.text), beginning_of_html(found.html))
    html, quoted = _cleaned(cut)
    return PassedOn(
        author=found.author,
        subject=hide_tokens(found.subject),
        date=found.date,
        reply_text=hide_tokens(cut.reply_text),
        reply_html=html,
        quoted_html=quoted,
        comment=hide_tokens(found.comment),
        files=files + tuple(_keep(file, blobs) for file in found.files),
    )


def hide_tokens(text: str) -> str:
    """Cut the tokens out of signed addresses, so that no reader learns another reader's reply address."""
    return _TOKEN.sub(r"\1+…", text) if _AFTER_PLUS.search(text) else text


def _keep(file: Attachment, blobs: BlobStore) -> File:
    """Store a file; attached mails and texts lose the tokens in them, as they are sent on to other readers."""
    content = file.content
    if file.content_type.startswith(("text/", "message/")):
        content = _TOKEN_OCTETS.sub(rb"\1+...", content)
    name, shown = hide_tokens(file.name), hide_tokens(preview(file))
    return File(
        name, file.content_type, len(content), blobs.put(content), file.content_id, file.inline, shown
    )
