"""What a report is: values only, made by mail/report and its parts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReportedRecipient:
    """What became of one recipient.

    address: as reported, "" if the report names none. status: enhanced status, "" if unknown.
    action: failed | delayed | delivered | relayed | expanded, "" if unknown. diagnostic: words of the
    remote system, one line, "" if none.
    """

    address: str
    status: str = ""
    action: str = ""
    diagnostic: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a machine reports about a mail of ours, or about an invitation.

    kind: bounce | delay | delivered | receipt (MDN) | complaint (ARF) | calendar (METHOD:REPLY).
    recipients: in the order of the report; of a complaint those who complained, () where nobody did
    (a report about authentication). status: the worst, "" if unknown. hard: the address itself is
    dead, so nothing more should be sent to it. reason: in words for a person, never empty.
    original_message_id: of the mail that the report is about, with brackets, None if it does not say.
    original_reverse_path: with which that mail was sent, "" if a complaint does not say; others never do.
    """

    kind: str
    recipients: tuple[ReportedRecipient, ...] = ()
    status: str = ""
    hard: bool = False
    reason: str = ""
    original_message_id: str | None = None
    original_reverse_path: str = ""
