"""Whose mail did its author pass on? Read the forwarded mail out of the one that carries it.

Programs forward in two ways: as text under a title or header block ("From: ... Sent: ... Subject: ..."),
or as an attached message/rfc822 (RFC 2046 section 5.2.1). An answer quotes with the same header block as
a forward, so either a title or the subject must say which it is. Everything that is read here is a claim
of who forwarded, and nothing proves it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape

from gateway.mail import address, dates
from gateway.mail import quote_header as header
from gateway.mail import quote_marks as form
from gateway.mail.message import Address, Attachment, ParsedMail
from gateway.mail.parse import parse
from gateway.mail.quote import split
from gateway.mail.quote_html import HtmlLines, lines_of
from gateway.mail.quote_lines import MOST_LINES, STAYS, kinds
from gateway.mail.subject import base_subject, is_forward

_BEGINS = re.compile("[cfm]")
_FIELD_NAME = re.compile(r"[*_>\s]{0,6}[^:：]{1,40}?\s?[*_]{0,2}\s?[:：][*_]{0,2}")
_NAME_ENDS = re.compile(r"[<\[(]|mailto:|\S+@")
_LONGEST_VALUE = 1000
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A mail that was passed on. author: who is claimed to have written it; date: None if unreadable.

    subject: without prefixes if it is that of the carrying mail. text, html: its body, not yet split,
    html "" if it came as text. comment: what the forwarder wrote above it, "" if nothing.
    files: those of an attached mail; the ones of a mail forwarded as text are those of the carrying mail.
    """

    author: Address
    subject: str
    date: datetime | None
    text: str
    html: str
    comment: str
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines begin:end hold the title and header of the forwarded mail, whose body follows."""

    begin: int
    end: int
    fields: dict[str, str]
    quoted: bool


def read_forward(mail: ParsedMail) -> Forwarded | None:
    """Read the mail that this one passes on; None if it is no forward or names no single author."""
    return _attached(mail) or _in_text(mail)


# -- as an attached mail


def _attached(mail: ParsedMail) -> Forwarded | None:
    """Read the one attached mail, where subject or silence say that passing it on is the point."""
    carried = [file for file in mail.attachments if file.content_type == "message/rfc822"]
    if len(carried) != 1:
        return None
    inner = parse(carried[0].content)
    comment = split("" if mail.text_is_derived else mail.text, mail.html).reply_text
    same_subject = base_subject(mail.subject) in ("", base_subject(inner.subject))
    if inner.author is None or not (is_forward(mail.subject) or same_subject or not comment):
        return None
    text = "" if inner.text_is_derived else inner.text
    return Forwarded(inner.author, inner.subject, inner.date, text, inner.html, comment, inner.attachments)


# -- as text


def _in_text(mail: ParsedMail) -> Forwarded | None:
    """Read the mail under the first title or header block, in the text part or else in the HTML."""
    text = [] if mail.text_is_derived or not mail.text.strip() else mail.text.split("\n")
    by_subject = is_forward(mail.subject)
    if not by_subject and not any(_is_title(line.strip()) for line in mail.text.split("\n")[:MOST_LINES]):
        return None
    read = lines_of(mail.html) if mail.html else HtmlLines()
    plain, rich = _block(text, by_subject=by_subject), _block_of_html(read.lines, by_subject=by_subject)
    lines, block, signed = (text, plain, frozenset[int]()) if plain else (read.lines, rich, read.signed)
    if block is None:
        return None
    source = mail.html[read.starts[rich.begin] : read.starts[rich.end]] if rich else ""
    author = _author(block.fields["from"]) or _linked(block.fields["from"], source)
    if author is None:
        return None
    return Forwarded(
        author=author,
        subject=block.fields.get("subject") or base_subject(mail.subject),
        date=dates.read(block.fields.get("sent") or block.fields.get("date", "")),
        text=_body(text, plain) if plain else "",
        html=mail.html[read.starts[rich.end] :] if rich else "",
        comment=_comment(lines, block, signed),
    )


def _block(raw: Sequence[str], *, by_subject: bool) -> _Block | None:
    """Find the title and header block with which the forwarded mail begins.

    by_subject: the mail is known to be a forward, so no title has to say it.
    """
    lines = [line.strip() for line in raw[:MOST_LINES]]
    marks = "".join(form.marks_of(lines))
    begins = _BEGINS.search(marks)
    if begins is None or begins[0] == form.END or (begins[0] == form.CUT and not by_subject):
        return None
    begin = begins.start()
    end = begin + len(marks[begin:]) - len(marks[begin:].lstrip(begins[0]))
    fields, is_open = _fields(lines[begin:end])
    if is_open:  # a table: names and values stand in cells of their own
        end = _behind_next(lines, end)
        fields, _ = _fields(lines[begin:end])
    if "from" not in fields:
        return None
    heads = [line for line in lines[begin:end] if header.field_kind(line)]
    return _Block(begin, end, fields, quoted=all(line.startswith(">") for line in heads))


def _block_of_html(raw: Sequence[str], *, by_subject: bool) -> _Block | None:
    """The same for lines of HTML: in a table, tags make blank lines between the fields."""
    found = _block(raw, by_subject=by_subject)
    if found is not None:
        return found
    places = [index for index, line in enumerate(raw[:MOST_LINES]) if line.strip()]
    dense = _block([raw[index] for index in places], by_subject=by_subject)
    if dense is None:
        return None
    return replace(dense, begin=places[dense.begin], end=places[dense.end - 1] + 1)


def _is_title(line: str) -> bool:
    return bool(line) and (line[0] in "-_=*—–─" or line[-1] in ":：*") and header.is_forwarded(line) is True


def _fields(lines: Sequence[str]) -> tuple[dict[str, str], bool]:
    """The values of the header block by kind; and whether the last one still waits for its value."""
    fields: dict[str, str] = {}
    kind = ""
    for line in lines:
        found = header.field_kind(line) if not kind or fields[kind] else None
        if found:
            kind = found if found not in fields else ""
            if kind:
                fields[kind] = _value(_FIELD_NAME.sub("", line, count=1))
        elif kind and len(fields[kind]) < _LONGEST_VALUE:
            fields[kind] = f"{fields[kind]} {_value(line)}".strip()
    return fields, bool(kind) and not fields[kind]


def _value(text: str) -> str:
    """A value on one line, without marks of quotation and emphasis; an address keeps its brackets."""
    value = " ".join(text[:_LONGEST_VALUE].split()).lstrip("> ").strip("*_ ")
    return value if "<" in value else value.rstrip("> ")


def _behind_next(lines: Sequence[str], index: int) -> int:
    while index < len(lines) and not lines[index]:
        index += 1
    return min(index + 1, len(lines))


def _author(value: str) -> Address | None:
    """Read the one mailbox of a From line in any of the ways that programs write it."""
    found = address.claims(value)
    if len(found) != 1:
        return None
    ends = _NAME_ENDS.search(value)
    name = value[: ends.start()] if ends else ""
    return Address(name.strip(" \t\"'*_,;:-")[:_LONGEST_NAME], found[0])


def _linked(name: str, source: str) -> Address | None:
    """Read the address behind a name: Outlook on the web shows "From: Ann Example" and links it."""
    shown = re.escape(escape(name[:_LONGEST_NAME]))
    link = (
        re.search(rf"mailto:([^\"'?<>\s]{{3,320}})[^<>]{{0,200}}>\s{{0,20}}{shown}", source) if name else None
    )
    found = address.normalise(link[1]) if link else ""
    return Address(name[:_LONGEST_NAME], found) if found else None


def _body(lines: Sequence[str], block: _Block) -> str:
    body = list(lines[block.end :])
    if block.quoted:  # Apple Mail
        body = [line.removeprefix(">").removeprefix(" ") for line in body]
    return "\n".join(body).strip("\n")


def _comment(lines: Sequence[str], block: _Block, signed: Set[int]) -> str:
    """What is new above the header block: neither a signature nor small print."""
    verdicts = kinds(lines, signed)[: block.begin]
    return "\n".join(line for line, kind in zip(lines, verdicts, strict=False) if kind in STAYS).strip()
