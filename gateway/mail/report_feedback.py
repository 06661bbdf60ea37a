"""Reports of people's programs: complaints, read receipts and answers to invitations.

Pure. Source: RFC 5965 (ARF), RFC 8098 (MDN), RFC 5546 (iTIP). Large providers send complaints in forms
of their own, without the machine part: each is named where it is read.
"""

from __future__ import annotations

import re

from gateway.mail import report_dsn
from gateway.mail.message import ParsedMail
from gateway.mail.report_values import Report, ReportedRecipient

_CALENDAR = frozenset({"text/calendar", "application/ics"})
_WHO = ("original-rcpt-to", "removal-recipient", "x-hmxmroriginalrecipient")
_NOBODY = frozenset({"auth-failure", "not-spam", "dmarc", "dkim"})
_ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "accepted tentatively"}
_MESSAGE_ID = re.compile(r"^Message-ID\s?:\s{0,4}<?([^<>\s]{1,900})>?", re.IGNORECASE | re.MULTILINE)
_REFUSED = re.compile(r"\brejected\b|\brefused\b|quota exceeded", re.IGNORECASE)


def complaint(mail: ParsedMail) -> Report | None:
    """Read a complaint of a recipient or of his provider."""
    for part in mail.report_parts:
        if part.content_type == "message/feedback-report":
            return _feedback(mail, dict(report_dsn.fields(part.text)))
    if mail.content_type == "multipart/report" and "feedback-report" in mail.value("content-type").lower():
        return _feedback(mail, {})
    if mail.value("x-apple-unsubscribe").strip().lower() == "true":  # iCloud's Unsubscribe button
        who = mail.author.addr_spec if mail.author else ""
        return Report("complaint", _recipients([who]), reason="the reader unsubscribed")
    if mail.report_parts and mail.subject.strip().lower().startswith("complaint about message from"):
        return _feedback(mail, {})  # Hotmail and Outlook.com (JMRP)
    return None


def receipt(mail: ParsedMail) -> Report | None:
    """Read a message disposition notification; a refusal in that form (RFC 5429) is left to others."""
    part = next((p for p in mail.report_parts if p.content_type == "message/disposition-notification"), None)
    if part is None or _REFUSED.search(mail.text[:2_000]):
        return None
    fields = dict(report_dsn.fields(part.text))
    disposition = fields.get("disposition", "").rpartition(";")[2].strip().partition("/")[0].lower()
    who = fields.get("original-recipient") or fields.get("final-recipient", "")
    words = {"displayed": "the mail was displayed", "deleted": "the mail was deleted unread"}
    return Report(
        "receipt",
        _recipients([who.partition(";")[2] or who], action=disposition),
        reason=words.get(disposition, f"the mail was handled: {disposition or 'no more is known'}"),
        original_message_id=report_dsn.original_message_id(part.text),
    )


def calendar_answer(mail: ParsedMail) -> Report | None:
    """Read the answer to an invitation: a text/calendar part whose METHOD is REPLY."""
    for attachment in mail.attachments:
        if attachment.content_type in _CALENDAR:
            text = (
                attachment.content[:65_536]
                .decode("utf-8", "replace")
                .replace("\r\n", "\n")
                .replace("\n ", "")
            )
            if re.search(r"^METHOD:[ \t]*REPLY[ \t]*$", text, re.IGNORECASE | re.MULTILINE):
                return _answer(text)
    return None


def _answer(text: str) -> Report:
    """Who answered, and what."""
    attendee = re.search(r"^ATTENDEE[^\n]{0,1000}?mailto:([^\s;\"]+)", text, re.IGNORECASE | re.MULTILINE)
    said = re.search(r"^ATTENDEE[^\n]{0,1000}?PARTSTAT=([A-Z-]{1,20})", text, re.IGNORECASE | re.MULTILINE)
    answer = _ANSWERS.get(said[1].upper(), "answered") if said else "answered"
    return Report(
        "calendar", _recipients([attendee[1] if attendee else ""]), reason=f"the invitation was {answer}"
    )


def _feedback(mail: ParsedMail, fields: dict[str, str]) -> Report:
    """A complaint from its fields and from the header of the returned mail."""
    kind = fields.get("feedback-type", "abuse").split()[0].lower() if fields.get("feedback-type") else "abuse"
    returned = "\n".join(
        p.text[:24_000] for p in mail.report_parts if p.content_type != "message/feedback-report"
    )
    told = dict(fields)
    for name, value in report_dsn.fields(returned):
        told.setdefault(name, value)
    who = [] if kind in _NOBODY else [told[name] for name in _WHO if told.get(name)][:1]
    about = _MESSAGE_ID.search(returned)
    reason = (
        f"a report about authentication ({kind})" if kind in _NOBODY else f"the reader complained ({kind})"
    )
    sent_with = told.get("original-mail-from") or told.get("return-path", "")  # RFC 5965 section 3.2
    return Report(
        "complaint",
        _recipients(who),
        reason=reason,
        original_message_id=f"<{about[1]}>" if about else None,
        original_reverse_path=sent_with.strip().strip("<>").strip(),
    )


def _recipients(addresses: list[str], action: str = "") -> tuple[ReportedRecipient, ...]:
    """Recipients of the addresses that are any."""
    clean = (a.strip().strip("<>").strip() for a in addresses)
    return tuple(ReportedRecipient(a, action=action) for a in clean if "@" in a)
