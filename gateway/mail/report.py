"""Is this mail a report of a machine, and what does it say?

Pure. Answers for bounces, delay notices and delivery receipts (RFC 3464), read receipts (RFC 8098),
complaints (RFC 5965) and answers to invitations (RFC 5546). What is certain comes first: the machine
part, then X-Failed-Recipients, then flufl.bounce, then the words of a mail system.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from gateway.mail import report_dsn, report_sns, report_text
from gateway.mail import status as enhanced
from gateway.mail.message import ParsedMail
from gateway.mail.report_cause import Cause, cause_of
from gateway.mail.report_feedback import calendar_answer, complaint, receipt
from gateway.mail.report_gate import Gate, gate
from gateway.mail.report_values import Report, ReportedRecipient

__all__ = ["Report", "ReportedRecipient", "read_report"]

_STATUS_PARTS = ("message/delivery-status", "message/global-delivery-status")
_DONE = frozenset({"delivered", "relayed", "expanded"})
_JUDGED = 100  # recipients whose cause is looked for; of the others only the fields count
_PASTED = re.compile(r"^(?:final|original)-recipient:", re.IGNORECASE | re.MULTILINE)


def read_report(mail: ParsedMail, reverse_path: str | None) -> Report | None:
    """Read a mail as a report, or None when it is not one.

    reverse_path: the MAIL FROM address without brackets, "" the null path, None unknown.
    """
    for read in (calendar_answer, complaint, receipt):
        if (found := read(mail)) is not None:
            return found
    seen = gate(mail, reverse_path)
    if not seen.open:
        return _of_sns(mail)
    parts = [p.text for p in mail.report_parts if p.content_type in _STATUS_PARTS]
    returned = "\n".join(p.text for p in mail.report_parts if p.content_type not in _STATUS_PARTS)
    told = report_text.notice(mail.subject, mail.text, returned)
    recipients = _recipients(mail, seen, told, parts)
    return _report(recipients, told, parts) if recipients else None


def _of_sns(mail: ParsedMail) -> Report | None:
    """A notification of Amazon SNS, its bounces judged like any other."""
    domain = mail.author.addr_spec.rpartition("@")[2] if mail.author else ""
    if not f".{domain}".endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return None
    found = report_sns.read(mail.text)
    if found is None or found.kind != "bounce":
        return found
    judged = _report(found.recipients, report_text.Notice("", ""), [])
    return replace(judged, original_message_id=found.original_message_id)


def _recipients(
    mail: ParsedMail, seen: Gate, told: report_text.Notice, parts: list[str]
) -> tuple[ReportedRecipient, ...]:
    """Find the recipients by the surest source that names any; () when this is no report."""
    found = tuple(r for part in parts for r in report_dsn.recipients_of(part))
    if not found and _PASTED.search(told.words):
        found = tuple(r for r in report_dsn.recipients_of(told.words) if r.address)
    if any(r.address for r in found):
        return found
    named = seen.failed or _by_words(mail, seen, told)
    if found:
        return tuple(replace(found[0], address=a) for a in named) or found
    return tuple(ReportedRecipient(a, action="delayed" if told.tells_delay else "failed") for a in named)


def _by_words(mail: ParsedMail, seen: Gate, told: report_text.Notice) -> tuple[str, ...]:
    """The addresses of a notice without a machine part; ("",) if a mail system names none but failed.

    The less the header says, the more the words must: a null reverse-path also stands on other mail
    of robots, and "delivery failed" is what a customer writes about a parcel.
    """
    if not (seen.system or told.is_technical or (seen.null and cause_of(told.words))):
        return ()
    if found := _by_flufl(mail, told):
        return found
    if not (told.tells_failure or told.tells_delay):
        return ()
    own = frozenset(a.addr_spec.lower() for a in (*mail.to, *([mail.author] if mail.author else [])))
    named = report_text.stated_addresses(told, own)
    if named or not seen.system:
        return named
    return report_text.implied_address(told, own) or _wrapped(told) or ("",)


def _wrapped(told: report_text.Notice) -> tuple[str, ...]:
    """Addresses of a report that a filter on the way has wrapped into a mail of its own."""
    if not _PASTED.search(told.returned):
        return ()
    return tuple(r.address for r in report_dsn.recipients_of(told.returned) if r.address)


def _by_flufl(mail: ParsedMail, told: report_text.Notice) -> tuple[str, ...]:
    """What flufl.bounce finds; loaded at the first notice that needs it."""
    from gateway.mail import report_flufl

    temporary, permanent = report_flufl.failures(mail.headers, told.words)
    return permanent or temporary


def _report(recipients: tuple[ReportedRecipient, ...], told: report_text.Notice, parts: list[str]) -> Report:
    """Judge the recipients and put the report together."""
    judged = [_judged(one, told, alone=len(recipients) == 1) for one in recipients[:_JUDGED]]
    judged += [(one, None) for one in recipients[_JUDGED:]]
    kind = _kind((r for r, _ in judged), told)
    worst, cause = max(judged, key=lambda j: (j[0].action == "failed", _is_hard(*j), j[0].status[:1] == "5"))
    about = next((i for i in map(report_dsn.original_message_id, parts) if i), None)
    return Report(
        kind,
        tuple(r for r, _ in judged),
        status=worst.status,
        hard=kind == "bounce" and _is_hard(worst, cause),
        reason=_reason(kind, worst.status, cause),
        original_message_id=report_text.original_message_id(told) or about,
    )


def _judged(
    one: ReportedRecipient, told: report_text.Notice, *, alone: bool
) -> tuple[ReportedRecipient, Cause | None]:
    """Complete the status of one recipient from the words, and find the cause.

    alone: he is the only recipient, so that all words are about him.
    """
    if one.action in _DONE:
        return one, None
    near = [one.diagnostic, report_text.passage(told, one.address), told.words if alone else ""]
    cause = next(filter(None, map(cause_of, near)), None)
    status = one.status
    if not status or enhanced.weight(status) == 0:
        status = next(filter(None, map(enhanced.find, near)), None) or status
    if not status:
        first = next(filter(None, map(enhanced.reply_class, near)), None)
        status = f"{first or ('4' if _action_of(one, told) == 'delayed' else '5')}.{cause.status if cause else '0.0'}"
    return replace(one, status=status), cause


def _kind(recipients: Iterable[ReportedRecipient], told: report_text.Notice) -> str:
    """One failed recipient makes a bounce, else one delayed a delay notice, else all were delivered."""
    actions = {_action_of(r, told) for r in recipients}
    return "bounce" if "failed" in actions else "delay" if "delayed" in actions else "delivered"


def _action_of(one: ReportedRecipient, told: report_text.Notice) -> str:
    """The action, or what the status implies where the report has none."""
    if one.action:
        return one.action
    if one.status.startswith("2"):
        return "delivered"
    return "delayed" if told.tells_delay else "failed"


def _is_hard(one: ReportedRecipient, cause: Cause | None) -> bool:
    """Dead by status; or by words where the status is general. Words that it lives outweigh both."""
    if not one.status.startswith("5") or (cause is not None and cause.alive):
        return False
    return enhanced.is_hard(one.status) or (_may_mean(one.status, cause) and cause is not None and cause.hard)


def _may_mean(status: str, cause: Cause | None) -> bool:
    """Whether a status leaves room for a cause: a general one does, unless it blames another thing."""
    if cause is None or enhanced.weight(status) < 2:
        return status[2] in "0125"
    if status.startswith("5.1.") and status not in ("5.1.7", "5.1.8"):  # those two blame the sender
        return True
    return not cause.hard or enhanced.is_hard(status)


def _reason(kind: str, status: str, cause: Cause | None) -> str:
    """Words for a person: the cause where the status leaves room for it, else what the status means."""
    if kind == "delivered":
        return "delivered"
    if cause is not None and _may_mean(status, cause):
        return cause.words
    return enhanced.words(status) if status else "not delivered"
