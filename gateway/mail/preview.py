"""What a reader wants to know of a file before he opens it: an invitation's time and place, a mail's beginning."""

from __future__ import annotations

from datetime import datetime

from gateway.mail import calendar
from gateway.mail.address import format_address
from gateway.mail.calendar import Invitation
from gateway.mail.message import Attachment
from gateway.mail.parse import parse
from gateway.mail.words import one_line, plain_order

LONGEST = 1000
_MOST_OCTETS = 1024 * 1024
_CALENDARS = frozenset(("text/calendar", "application/ics"))
_METHODS = {
    "REQUEST": "Invitation",
    "CANCEL": "Cancelled",
    "REPLY": "Answer",
    "COUNTER": "Other time proposed",
}


def preview(file: Attachment) -> str:
    """Give a few lines of plain text about a file, at most 1,000 characters; "" for a file that has none.

    Only invitations and attached mails have one: nothing else is opened.
    """
    if len(file.content) > _MOST_OCTETS:
        return ""
    if file.content_type in _CALENDARS:
        found = calendar.read(file.content)
        return _cut(_of_invitation(found)) if found is not None else ""
    return _cut(_of_mail(file.content)) if file.content_type == "message/rfc822" else ""


def _of_invitation(found: Invitation) -> list[str]:
    answers = {one.answer.capitalize() for one in found.attendees} if found.method == "REPLY" else set()
    what = _METHODS.get(found.method, "Event")
    who = [one.name or one.address for one in found.attendees]
    return [
        f"{what}: {found.title}" if found.title else what,
        _when(found),
        f"Where: {found.place}" if found.place else "",
        f"Organizer: {found.organizer}" if found.organizer else "",
        f"With: {', '.join(who[:10])}{', …' if len(who) > 10 else ''}" if who else "",
        f"Answered: {', '.join(sorted(answers - {''}))}" if answers - {""} else "",
    ]


def _when(found: Invitation) -> str:
    if found.start is None:
        return ""
    if not isinstance(found.start, datetime):
        return f"When: {found.start}{' and again' if found.recurs else ''}"
    end = f" to {found.end:%Y-%m-%d %H:%M}" if isinstance(found.end, datetime) else ""
    zone = f" {found.start.tzname()}" if found.start.tzinfo is not None else ""
    return f"When: {found.start:%Y-%m-%d %H:%M}{end}{zone}{', repeated' if found.recurs else ''}"


def _of_mail(content: bytes) -> list[str]:
    mail = parse(content)
    author = format_address("", mail.author.addr_spec) if mail.author else ""
    name = f"{mail.author.name} <{author}>" if mail.author and mail.author.name else author
    return [
        f"From: {name}" if name else "",
        f"Date: {mail.date:%Y-%m-%d %H:%M} UTC" if mail.date else "",
        f"Subject: {mail.subject}" if mail.subject else "",
        "",
        *mail.text.strip()[: LONGEST * 2].split("\n"),
    ]


def _cut(lines: list[str]) -> str:
    """Join lines that say something and cut the text where it gets long."""
    clean = [plain_order(one_line(line)).strip() for line in lines]
    text = "\n".join(line for line in clean if line)
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"
