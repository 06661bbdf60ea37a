"""Sum up what we read in a mail, as ``threadpost parse --json`` prints it."""

from __future__ import annotations

from typing import Any

from gateway.mail.automatic import automatic_reason
from gateway.mail.message import ParsedMail
from gateway.mail.origin import return_path
from gateway.mail.parse import parse
from gateway.mail.quote import split
from gateway.mail.report import read_report
from gateway.mail.report_values import Report


def summarise(raw: bytes, file: str) -> dict[str, Any]:
    """Read a mail and give what is known of it as plain values, ready for JSON.

    file: the name under which the octets were given, repeated in the answer. The envelope is unknown,
    so a Return-Path field stands for the reverse-path.
    """
    mail = parse(raw)
    reverse_path = return_path(mail)
    reason = automatic_reason(mail, reverse_path)
    return {
        "file": file,
        "subject": mail.subject,
        "from": _from(mail),
        "date": mail.date.isoformat() if mail.date else None,
        "message_id": mail.message_id,
        "text": mail.text,
        "html": mail.html,
        **_split(mail),
        "attachments": [
            {"name": one.name, "size": len(one.content), "type": one.content_type} for one in mail.attachments
        ],
        **_reported(read_report(mail, reverse_path)),
        "is_auto": reason is not None,
        "auto_reason": reason,
        "defects": [*mail.defects],
    }


def _split(mail: ParsedMail) -> dict[str, str]:
    parts = split("" if mail.text_is_derived else mail.text, mail.html)
    return {
        "reply_text": parts.reply_text,
        "quoted_text": parts.quoted_text,
        "signature_text": parts.signature_text,
    }


def _reported(report: Report | None) -> dict[str, Any]:
    kind = report.kind if report else ""
    addresses = (one.address for one in report.recipients) if report else ()
    return {
        "is_bounce": kind in ("bounce", "delay"),  # both say that mail of ours has not arrived
        "recipients": [address for address in dict.fromkeys(addresses) if address],
        "status": report.status if report else "",
        "hard": report.hard if report else False,
        "is_feedback": kind == "complaint",
        "is_receipt": kind == "receipt",
    }


def _from(mail: ParsedMail) -> str:
    """The author, or who is claimed to be, or what the field says."""
    if mail.author is not None:
        return f"{mail.author.name} <{mail.author.addr_spec}>" if mail.author.name else mail.author.addr_spec
    return mail.author_claims[0] if mail.author_claims else mail.value("from")
