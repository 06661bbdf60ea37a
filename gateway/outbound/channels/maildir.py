"""Without a relay, mail lands in a Maildir under the data directory, for the page /dev/outbox.

tmp, sync, new: a reader never sees half a mail (https://cr.yp.to/proto/maildir.html).
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from gateway.outbound.channels import USUAL_LARGEST, Deferred, Mail, Outcome, Sent


class Maildir:
    """Delivers into a directory. The envelope is kept in Return-Path and Delivered-To. largest: octets, 0 = usual."""

    width = 4

    def __init__(self, directory: Path, *, largest: int = 0) -> None:
        self.largest = largest or USUAL_LARGEST
        self._directory = directory
        for name in ("tmp", "new", "cur"):
            (directory / name).mkdir(parents=True, exist_ok=True)

    async def deliver(self, mail: Mail) -> Outcome:
        """Write one mail durably."""
        try:
            name = await asyncio.to_thread(self._write, mail)
        except OSError as trouble:
            return Deferred("4.3.1", f"the outbox cannot be written: {trouble.strerror}", unreachable=True)
        return Sent(detail=f"outbox/new/{name}")

    async def close(self) -> None:
        """Nothing to let go of."""

    def _write(self, mail: Mail) -> str:
        name = f"{time.time_ns()}.{mail.id}-{mail.lease}.{secrets.token_hex(4)}"
        path = self._directory / "tmp" / name
        with open(path, "xb") as file:
            file.write(f"Return-Path: <{mail.reverse_path}>\r\nDelivered-To: {mail.recipient}\r\n".encode())
            file.write(mail.header)
            file.write(mail.content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(path, self._directory / "new" / name)
        _sync(self._directory / "new")
        return name


@dataclass(frozen=True, slots=True)
class Written:
    """A mail of the outbox. name: of its file. text, html: decoded, "" if absent."""

    name: str
    written_at: datetime
    recipient: str
    author: str
    subject: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    files: tuple[str, ...]


def outbox(directory: Path, *, limit: int = 100) -> list[Written]:
    """The latest mails of a Maildir, newest first."""
    found = [path for name in ("new", "cur") for path in (directory / name).glob("*") if path.is_file()]
    return [_read(path) for path in sorted(found, key=lambda path: path.name, reverse=True)[:limit]]


def raw(directory: Path, name: str) -> bytes | None:
    """The octets of one mail, None if there is none of this name."""
    if "/" in name or name.startswith("."):
        return None
    paths = (directory / place / name for place in ("new", "cur"))
    return next((path.read_bytes() for path in paths if path.is_file()), None)


def _read(path: Path) -> Written:
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return Written(
        name=path.name,
        written_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        recipient=str(mail["Delivered-To"] or ""),
        author=str(mail["From"] or ""),
        subject=str(mail["Subject"] or ""),
        headers=tuple((name, str(value)) for name, value in mail.items()),
        text=_body(mail, "plain"),
        html=_body(mail, "html"),
        files=tuple(part.get_filename() or "" for part in mail.iter_attachments()),
    )


def _body(mail: EmailMessage, subtype: str) -> str:
    part = mail.get_body((subtype,))
    return str(part.get_content()) if part is not None else ""


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
