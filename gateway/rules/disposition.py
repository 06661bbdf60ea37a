"""What kind of mail this is, and what therefore happens to it (DESIGN section 3, "Classes")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.mail.automatic import automatic_reason
from gateway.mail.message import ParsedMail
from gateway.mail.report import Report, read_report


@dataclass(frozen=True, slots=True)
class Ordinary:
    """A person wrote it, as far as one can tell."""

    reason: str = "no sign of a machine"


@dataclass(frozen=True, slots=True)
class Automatic:
    """A machine wrote it: out-of-office, robot, list, receipt, calendar reply. Never answered."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reported:
    """A report about mail that we sent: a bounce, a delay or a complaint."""

    report: Report

    @property
    def reason(self) -> str:
        """The kind of report and what it says."""
        return f"{self.report.kind}: {self.report.reason}" if self.report.reason else self.report.kind


@dataclass(frozen=True, slots=True)
class Spam:
    """A hop that we trust marked it as spam."""

    reason: str


Disposition = Ordinary | Automatic | Reported | Spam

_ABOUT_DELIVERIES = {"bounce", "delay", "complaint", "delivered"}


def disposition(mail: ParsedMail, reverse_path: str, *, spam_headers: Sequence[tuple[str, str]] = ()) -> Disposition:
    """Classify one mail.

    reverse_path: "" is the null path. spam_headers: (name in lower case, value in lower case) that a
    trusted hop sets; () unless that hop handed the mail over.
    """
    for name, value in spam_headers:
        if any(found.strip().lower() == value for found in mail.values(name)):
            return Spam(f"{name}: {value}")
    report = read_report(mail, reverse_path)
    if report is not None and report.kind in _ABOUT_DELIVERIES:
        return Reported(report)
    if report is not None:
        return Automatic({"receipt": "a read receipt", "calendar": "a calendar reply"}.get(report.kind, report.kind))
    why = automatic_reason(mail, reverse_path)
    return Ordinary() if why is None else Automatic(why)
