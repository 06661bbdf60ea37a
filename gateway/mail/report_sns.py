"""Read what Amazon SES tells through SNS: JSON in the text of a mail, with a footer behind it.

Pure. The one large sender that reports bounces and complaints in no form of an RFC.
"""

from __future__ import annotations

import json
import re
from typing import Any

from gateway.mail import status as enhanced
from gateway.mail.report_values import Report, ReportedRecipient

_BROKEN = re.compile(r"!\r?\n ")  # how sendmail breaks a line over 990 octets
_LIMIT = 400_000  # characters; SNS itself sends at most 256 KiB


def read(text: str) -> Report | None:
    """Read a notification of a bounce, a complaint or a delivery; None for any other text."""
    if "otificationType" not in text[:2_000]:
        return None
    try:
        told, _ = json.JSONDecoder().raw_decode(_BROKEN.sub("", text[:_LIMIT]).lstrip())
        if isinstance(told.get("Message"), str):
            told = json.loads(told["Message"])  # with its envelope, where raw delivery is off
        about = f"<{told['mail']['messageId']}@email.amazonses.com>"
        match str(told["notificationType"]).lower():
            case "bounce":
                return _bounce(told["bounce"], about)
            case "complaint":
                who = tuple(_recipient(r, "") for r in told["complaint"]["complainedRecipients"])
                return Report("complaint", who, reason="the reader complained", original_message_id=about)
            case "delivery":
                who = tuple(
                    ReportedRecipient(str(a), action="delivered") for a in told["delivery"]["recipients"]
                )
                status = enhanced.parse(str(told["delivery"].get("smtpResponse"))) or "2.0.0"
                return Report("delivered", who, status, reason="delivered", original_message_id=about)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass  # no JSON of SNS after all
    return None


def _bounce(bounce: dict[str, Any], about: str) -> Report:
    """A bounce; hard is left to ``mail.report``, which judges every status alike."""
    who = tuple(_recipient(r, "failed") for r in bounce["bouncedRecipients"])
    first = "5" if bounce.get("bounceType") == "Permanent" else "4"
    status = next((r.status for r in who if r.status), f"{first}.0.0")
    return Report("bounce", who, status, original_message_id=about)


def _recipient(one: dict[str, Any], action: str) -> ReportedRecipient:
    """One recipient of the JSON."""
    diagnostic = str(one.get("diagnosticCode") or "").removeprefix("smtp;").strip()
    return ReportedRecipient(str(one["emailAddress"]), str(one.get("status") or ""), action, diagnostic)
