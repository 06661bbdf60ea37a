"""What a parsed mail is: values only. Produced by mail/parse, read by everybody above."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of a header: display name (decoded, "" if none) and addr-spec.

    addr_spec keeps the local part as written and has its domain in lower case, as A-labels.
    ``mail.address.normalise`` gives the form that is compared and stored.
    """

    name: str
    addr_spec: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A leaf part that is not the body: a file.

    name: repaired, safe to show and to store, never empty. content_type: lower case, sniffed where
    the declared one is wrong. content: decoded octets. content_id: without brackets, None if absent.
    inline: the disposition is inline or the HTML body refers to it by cid.
    """

    name: str
    content_type: str
    content: bytes
    content_id: str | None = None
    inline: bool = False


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """One mail as read; made from any octets, so every field may be empty.

    headers: (name in lower case, value unfolded and decoded) in the order of the mail, top first.
    message_id, in_reply_to, references: with angle brackets, None or () if absent.
    date: aware UTC, None if absent or unreadable.
    author: the one mailbox of the one From field; None when there is no From, more than one From
    field, more than one mailbox or no readable one (RFC 5322 section 3.6; the defect says which).
    author_claims: every addr-spec that any From field holds, in order, for judging ambiguous mail.
    text, html: decoded bodies, "" if absent; text is derived from html where only that exists.
    unreadable: why the mail must be kept raw and held (over 100 levels, over 1,000 parts), "" if readable.
    leaf_digests: SHA-256 (hex) of each decoded leaf part, line ends LF, trailing blanks cut, in order.
    """

    headers: tuple[tuple[str, str], ...] = ()
    message_id: str | None = None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    date: datetime | None = None
    subject: str = ""
    author: Address | None = None
    author_claims: tuple[str, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    text: str = ""
    html: str = ""
    text_is_derived: bool = False
    attachments: tuple[Attachment, ...] = ()
    leaf_digests: tuple[str, ...] = ()
    content_type: str = "text/plain"
    defects: tuple[str, ...] = ()
    unreadable: str = ""
    report_parts: tuple[ReportPart, ...] = field(default=(), repr=False)

    def values(self, name: str) -> Iterator[str]:
        """Each value of one header field, top first; name in lower case."""
        return (value for key, value in self.headers if key == name)

    def value(self, name: str) -> str:
        """The topmost value of one header field, "" if absent; name in lower case."""
        return next(self.values(name), "")


@dataclass(frozen=True, slots=True)
class ReportPart:
    """A machine-readable or returned part of a report (RFC 6522), decoded to text.

    content_type: such as message/delivery-status, message/feedback-report,
    message/disposition-notification, message/rfc822, text/rfc822-headers.
    """

    content_type: str
    text: str


@dataclass(frozen=True, slots=True)
class Split:
    """A body cut into what was newly written and what was not; nothing is lost.

    reply_text / reply_html: the new text (html is not yet cleaned). quoted_html and quoted_text:
    everything that was cut, in order. signature_text: the author's signature, "" if none.
    """

    reply_text: str = ""
    reply_html: str = ""
    quoted_text: str = ""
    quoted_html: str = ""
    signature_text: str = ""
