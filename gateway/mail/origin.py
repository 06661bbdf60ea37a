"""Where a mail says that it came from, for those that come without an envelope (a file, a pipe, a call)."""

from __future__ import annotations

from gateway.mail import ids
from gateway.mail.address import normalise
from gateway.mail.message import ParsedMail
from gateway.mail.parse import parse

HEAD_OCTETS = 64 * 1024


def presumed_reverse_path(head: bytes) -> str:
    """The reverse-path of a mail that nobody named one for: its Return-Path, else its author.

    head: the mail, or as much of its beginning as holds the header. "" is the null path, and also the
    answer where no author can be read; such a mail is held for its From.
    """
    header = head[:HEAD_OCTETS].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    mail = parse(header + b"\n\n")
    told = return_path(mail)
    if told is not None and (not told or normalise(told)):
        return told
    return mail.author.addr_spec if mail.author else ""


def return_path(mail: ParsedMail) -> str | None:
    """The address of the Return-Path field (RFC 5321 section 4.4), "" for the null path, None if there is none."""
    value = next(mail.values("return-path"), None)
    if value is None:
        return None
    found = ids.message_ids(value)
    return found[0].strip("<>") if found else value.strip("<> ")
