"""Unpack winmail.dat, in which Outlook hides files from everybody else (MS-OXTNEF)."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

MOST_FILES = 200
_SIGNATURE = b"\x78\x9f\x3e\x22"


def is_tnef(content: bytes) -> bool:
    """Say whether octets begin as TNEF does."""
    return content.startswith(_SIGNATURE)


def unpack(content: bytes) -> tuple[list[tuple[str, bytes]], str, str] | None:
    """Give the files (name, content) and the text and HTML bodies inside; None if it cannot be read."""
    if not is_tnef(content):
        return None
    from tnefparse import TNEF  # rare: not worth loading for each process

    logging.getLogger("tnefparse").setLevel(logging.CRITICAL)  # it warns about each damaged octet
    try:
        read = TNEF(content, do_checksum=False)
        files = [(_name(file), bytes(file.data)) for file in read.attachments[:MOST_FILES] if file.data]
        return files, _text(read.body), _text(_attribute(read, "htmlbody"))
    except Exception:  # noqa: BLE001 - tnefparse raises anything on damaged octets; the file stays packed
        return None


def _name(file: Any) -> str:
    with contextlib.suppress(Exception):
        return _text(file.long_filename())
    return ""


def _attribute(read: Any, name: str) -> Any:
    with contextlib.suppress(Exception):
        return getattr(read, name)
    return ""


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return value.strip("\0") if isinstance(value, str) else ""
