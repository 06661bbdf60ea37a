"""The LMTP door (RFC 2033): greeted with LHLO, answers the data once for each accepted recipient.

A front MTA that gets one answer for three recipients bounces or doubles the other two; so every way to
end the data goes through ``answer_data``.
"""

from __future__ import annotations

from typing import Any, ClassVar

from gateway.inbound.accept import Acceptor
from gateway.receive.session import Session
from gateway.receive.smtp import SmtpDoor


class LmtpSession(Session):
    """One LMTP session."""

    greeting_verb: ClassVar[str] = "LMTP"

    def answer_data(self, said: str, accepted: int) -> None:
        """One reply for each RCPT that was answered with 250, doubles too (RFC 2033 section 4.2)."""
        self.refuse("\r\n".join([said] * accepted))


LmtpSession.commands = {
    verb: obey for verb, obey in Session.commands.items() if verb not in ("HELO", "EHLO")
} | {"LHLO": Session.smtp_EHLO}


class LmtpDoor(SmtpDoor):
    """``SmtpDoor`` for LMTP; takes the same arguments."""

    session: ClassVar[type[Session]] = LmtpSession

    def __init__(self, acceptor: Acceptor, *, name: str = "lmtp", **settings: Any) -> None:
        super().__init__(acceptor, name=name, **settings)
