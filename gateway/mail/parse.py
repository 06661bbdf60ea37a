"""Read a mail from octets; never fails, whatever the octets are.

The floor is our own tolerant reading (structure, words, charset). flanker is the second reader, asked
only where the first ends with a defect and an empty value, since on real mails it is right no more
often and raises on a few in a hundred.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import Any

from gateway.mail import address, bodies, dates, header, ids, leaf, structure
from gateway.mail.message import ParsedMail
from gateway.mail.structure import Part

_MOST_DEFECTS = 50
_MOST_FOR_SECOND = 1 << 20


def parse(raw: bytes) -> ParsedMail:
    """Read a mail; what is wrong with it is listed in its defects.

    Over a limit of structure, only the header is read and ``unreadable`` says why.
    """
    octets = structure.normalise(raw)
    try:
        root = structure.read(octets)
    except structure.TooComplex as limit:
        top = structure.read_header(octets)
        mail = _from_header(top)
        defects = (*mail.defects, str(limit))
        return replace(mail, unreadable=str(limit), defects=defects, leaf_digests=(leaf.digest(octets),))
    mail = _from_header(root)
    body = bodies.read(octets, root, crlf=len(raw) - len(octets) == octets.count(b"\n"))
    mail = replace(
        mail,
        text=body.text,
        html=body.html,
        text_is_derived=body.text_is_derived,
        attachments=tuple(body.attachments),
        leaf_digests=tuple(body.digests),
        report_parts=tuple(body.report_parts),
        defects=tuple(dict.fromkeys((*mail.defects, *body.defects)))[:_MOST_DEFECTS],
    )
    return _second_reading(octets, root, mail) if _is_poor(mail, root) else mail


def fingerprint(mail: ParsedMail) -> str:
    """SHA-256 in hexadecimal of what stays the same over all doors and re-encodings of one mail."""
    author = address.normalise(mail.author.addr_spec) if mail.author else ",".join(mail.author_claims)
    date = mail.date.isoformat() if mail.date else mail.value("date")
    parts = (author, mail.message_id or "", date, mail.subject, *mail.leaf_digests)
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _from_header(root: Part) -> ParsedMail:
    charset = _charset(root)
    headers = header.decoded(root.fields, charset)
    first = dict(reversed(headers))
    author = header.author(root.fields, charset)
    names = {name for name, _ in root.fields}
    message_ids = ids.message_ids(first.get("message-id", ""))
    defects = list(root.defects) + ([author.defect] if author.defect else [])
    return ParsedMail(
        headers=headers,
        message_id=message_ids[0] if message_ids else None,
        in_reply_to=ids.message_ids(first.get("in-reply-to", "")),
        references=ids.message_ids(first.get("references", "")),
        date=dates.read(first["date"]) if "date" in first else None,
        subject=first.get("subject", ""),
        author=author.mailbox,
        author_claims=author.claims,
        to=header.mailboxes(root.fields, "to", charset),
        cc=header.mailboxes(root.fields, "cc", charset) if "cc" in names else (),
        reply_to=header.mailboxes(root.fields, "reply-to", charset) if "reply-to" in names else (),
        content_type=root.content_type,
        defects=tuple(dict.fromkeys(defects)),
    )


def _charset(root: Part) -> str:
    """Name the charset that raw octets in the header are most likely of: that of the first text."""
    part = root
    while "charset" not in part.parameters and part.children:
        part = part.children[0]
    return part.parameters.get("charset", "")


def _is_poor(mail: ParsedMail, root: Part) -> bool:
    """Say whether a second reader could know more: a defect, and octets that came to nothing."""
    if not mail.defects or mail.text.strip() or mail.html.strip() or mail.attachments:
        return False
    return 2 < root.end - root.start < _MOST_FOR_SECOND


def _second_reading(octets: bytes, root: Part, mail: ParsedMail) -> ParsedMail:
    """Let flanker read the body, and keep what it finds if that is text at all."""
    try:
        message = _flanker().from_string(octets.decode("latin-1"))
        texts = [part.body for part in message.walk(with_self=True) if str(part.content_type) == "text/plain"]
    except Exception:  # noqa: BLE001 - flanker raises anything; the first reading stands
        return mail
    text = "\n".join(text for text in texts if isinstance(text, str)).replace("\0", "")
    if not text.strip() or "\ufffd" in text or "\x1b" in text:
        return mail
    return replace(mail, text=text, defects=(*mail.defects, "text is by the second reader"))


@cache
def _flanker() -> Any:
    """Give flanker's MIME reader. It must be fed latin-1 text: octets it would decode by a guess."""
    return address.quietly("flanker.mime")
