"""Could this mail be a report of a mail system at all? Answered from its header alone.

Ordinary mail must cost next to nothing here and must never be taken for a bounce, so the body is read
only when the gate opens. A person who forwards a bounce writes in his own name: no gate opens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.mail.message import ParsedMail
from gateway.mail.report_words import phrases

_MANY = 1_000  # addresses of X-Failed-Recipients

_DAEMON = re.compile(
    r"(?:(?:mailer|mail|mta|smtp|lmtp)[-_. ]?(?:daemon|delivery|system|robot)[\w.-]{0,40}"
    r"|post[-_.]?master|mdaemon|(?:double-?)?bounces?|ndr)(?:[-_.+=].*)?$"
)
_DAEMON_PATH = re.compile(r"(?:mail(?:er)?[-_.]?daemon|post[-_.]?master|double-?bounce)(?:[-_.+=].*)?$")
_DAEMON_NAME = re.compile(
    r"mail(?:er)? ?-?(?:delivery|daemon|system|administrator)|delivery (?:sub)?system"
    r"|system administrator|post_?master|mail\.delivery|ndr administrator"
)
_SUBJECT = phrases(
    "undeliver",
    "not (?:been )?delivered",
    "non-? ?(?:delivery|remis|distribu)",
    "(?:returned|failed) mail",
    "mail (?:was )?returned",
    "return(?:ed|ing message) to sender",
    "failure notice",
    "delivery (?:status|fail|notif|report)",
    "(?:mail|message) ~(?:failed|failure|delayed)",
    "could ?(?:not|n.t) be delivered",
    "user unknown",
    "unzustellbar",
    "nicht zugestellt",
    "no entregado",
    "imposs[ií]vel entregar",
    "mancata consegna",
    "не ?доставлен",
    "配信",
    "送信でき",
    "退信",
    "投递失败",
)
_REPLIED = re.compile(r"\s*(?:re|aw|fwd?|wg|tr|rv|sv|vs|antw)\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Gate:
    """What the header says.

    system: a mail system wrote it, or it has the form of a report. null: the reverse-path is null or
    a mail system's. subject: the subject tells of a failed mail, and no reverse-path is known that
    could say otherwise. failed: addresses of X-Failed-Recipients.
    """

    system: bool
    null: bool
    subject: bool
    failed: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Whether reading the body for a bounce is worth while."""
        return self.system or self.null or self.subject


def gate(mail: ParsedMail, reverse_path: str | None) -> Gate:
    """Look at the header. reverse_path: MAIL FROM, "" the null path, None unknown."""
    headers: dict[str, str] = {}
    for name, value in mail.headers:
        headers.setdefault(name, value)
    failed = headers.get("x-failed-recipients", "")
    null = reverse_path is not None and (
        not reverse_path or bool(_DAEMON_PATH.match(reverse_path.lower().partition("@")[0]))
    )
    return Gate(
        system=bool(failed)
        or mail.content_type in ("multipart/report", "message/delivery-status")
        or _is_daemon(mail, headers.get("from", ""))
        or ((null or reverse_path is None) and _is_called_daemon(mail, headers.get("from", ""))),
        null=null,
        subject=reverse_path is None
        and bool(_SUBJECT.search(mail.subject[:300]))
        and not _REPLIED.match(mail.subject),
        failed=tuple(a.strip(" <>") for a in failed.split(",")[:_MANY] if "@" in a),
    )


def _is_daemon(mail: ParsedMail, field: str) -> bool:
    """Whether From has a local part that mail systems use (RFC 5321 section 4.5.1, RFC 2142, custom).

    The domain or the whole address may be missing: ``MAILER-DAEMON <>``.
    """
    address = mail.author.addr_spec if mail.author else field
    local = address.partition("<")[2].partition("@")[0] or address.partition("@")[0].partition("<")[0]
    return bool(_DAEMON.match(local.strip(' <>"').lower())) or (mail.author is None and field.strip() == "<>")


def _is_called_daemon(mail: ParsedMail, field: str) -> bool:
    """Whether From shows a name that mail systems use; a person may be called so too."""
    name = mail.author.name if mail.author else field
    return bool(_DAEMON_NAME.search(name[:200].lower()))
