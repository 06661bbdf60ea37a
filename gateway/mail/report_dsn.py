"""Read the machine part of a delivery status notification.

Pure and tolerant. Source: RFC 3464. Seen in the wild: per-recipient fields in the first group, groups
without a blank line between them, no Final-Recipient at all, fields in any case, a status only in the
diagnostic, and the whole part pasted into the text of the mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gateway.mail import status as enhanced
from gateway.mail.report_values import ReportedRecipient

_LINES = 4_000  # of a status part; a report on more recipients than that is not read further
_RECIPIENT_FIELDS = ("original-recipient", "final-recipient", "x-actual-recipient")
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60})[ \t]*:[ \t]*(.*)")
_ADDRESS = re.compile(r"[^\s<>;,\"']+@[^\s<>;,\"'()]+")


def fields(text: str) -> Iterator[tuple[str, str]]:
    """Each field of a status part: (name in lower case, unfolded value); ("", "") ends a group."""
    name, value = "", ""
    for line in text.splitlines()[:_LINES]:
        if line[:1] in (" ", "\t") and name and line.strip():
            value = f"{value} {line.strip()}"
            continue
        if name:
            yield name, value
        found = _FIELD.match(line)
        name, value = (found[1].lower(), found[2].strip()) if found else ("", "")
        if not line.strip():
            yield "", ""
    if name:
        yield name, value


def recipients_of(text: str) -> tuple[ReportedRecipient, ...]:
    """List the recipients of a message/delivery-status part in order, each address once."""
    found = (_recipient(group) for group in _groups(fields(text)))
    unique: dict[str, ReportedRecipient] = {}
    for one in found:
        if one is not None:
            unique.setdefault(one.address.lower(), one)
    if len(unique) > 1:
        unique.pop("", None)
    return tuple(unique.values())


def original_message_id(text: str) -> str | None:
    """The id that some systems put into the part (X-Original-Message-ID), with brackets."""
    for name, value in fields(text):
        if name in ("x-original-message-id", "original-message-id") and (
            found := re.search(r"<[^<>\s]{1,900}>", value)
        ):
            return found[0]
    return None


def _groups(pairs: Iterable[tuple[str, str]]) -> Iterator[dict[str, str]]:
    """Cut fields into groups, at blank lines and where a recipient field comes a second time."""
    group: dict[str, str] = {}
    for name, value in pairs:
        if not name or (name in group and name in (*_RECIPIENT_FIELDS, "action")):
            yield group
            group = {}
        if name:
            group.setdefault(name, value)
    yield group


def _recipient(group: dict[str, str]) -> ReportedRecipient | None:
    """One recipient of one group, None for the per-message group."""
    address = next((a for a in (_address(group.get(name, "")) for name in _RECIPIENT_FIELDS) if a), "")
    action = _action(group.get("action", ""))
    if not address and not action and not {"status", "diagnostic-code"} & group.keys():
        return None
    diagnostic = re.sub(r"^[\w.-]+\s*;\s*", "", group.get("diagnostic-code", ""))
    return ReportedRecipient(address, _status(group.get("status", ""), diagnostic), action, diagnostic)


def _address(value: str) -> str:
    """The address of ``rfc822; <ann@example.com>``, "" if it holds none."""
    found = _ADDRESS.search(value.partition(";")[2] or value)
    return found[0].rstrip(".") if found else ""


def _status(stated: str, diagnostic: str) -> str:
    """The status of the remote system's answer, unless the Status field tells more.

    The field is what the reporting system made of the answer: sendmail says 5.1.1 for any refusal of
    a recipient, and 4.4.7 when it gave up.
    """
    field, answer = enhanced.parse(stated), enhanced.find(diagnostic)
    if answer and (field is None or enhanced.weight(answer) >= enhanced.weight(field)):
        return answer
    return field or ""


def _action(value: str) -> str:
    """The action in the words of RFC 3464 section 2.3.3, "" for anything else."""
    word = re.split(r"[\s(;]", value.strip().lower(), maxsplit=1)[0]
    if word.startswith("fail") or word == "expired":
        return "failed"
    return word if word in ("delayed", "delivered", "relayed", "expanded") else ""
