"""What kind of mail this is, and what therefore happens to it (DESIGN section 3, "Classes")."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import islice

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

_DOMAIN = re.compile(r"[a-z0-9.-]+")
_LOOK_AT = 1000  # characters of a value, values of a field
_ABOUT_DELIVERIES = {"bounce", "delay", "complaint", "delivered"}


def disposition(
    mail: ParsedMail, reverse_path: str, *, spam_headers: Sequence[tuple[str, str]] = ()
) -> Disposition:
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
        return Automatic(
            {"receipt": "a read receipt", "calendar": "a calendar reply"}.get(report.kind, report.kind)
        )
    why = automatic_reason(mail, reverse_path) or _made_by_rule(mail)
    return Ordinary() if why is None else Automatic(why)


def on_its_way(
    mail: ParsedMail, found: Disposition, *, own_domains: Set[str], to_thread: bool
) -> Disposition:
    """What kind of mail it is at the place where it goes.

    An X-Loop that names us is our own mail, answered by a program. What a list or a forwarder marked is no
    sign of a machine at an alias, which often is such a list; but nobody subscribes a reply address to one:
    there it would send each post of the thread around once more.
    """
    if not isinstance(found, Ordinary):
        return found
    loops = list(islice(mail.values("x-loop"), _LOOK_AT))
    if any(own_domains & set(_DOMAIN.findall(value.lower()[:_LOOK_AT])) for value in loops):
        return Automatic("X-Loop names us")
    if to_thread and loops:
        return Automatic("X-Loop: a program passed it on")
    if to_thread and any(mail.values("list-id")):
        return Automatic("List-Id: it came through a mailing list")
    return found


def _made_by_rule(mail: ParsedMail) -> str | None:
    """Exchange names the rule or the agent that wrote the mail in a person's stead."""
    made = mail.value("x-ms-exchange-generated-message-source").strip()
    return f"made by {made[:60]}" if made else None
