"""What a channel is: it takes one mail ready to go and says what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Mail:
    """One delivery, rendered and signed.

    header and content together are the octets of the mail; content is shared by all copies. reverse_path,
    recipient: without brackets. smtputf8: the recipient's local part is not ASCII.
    """

    id: int
    lease: int
    channel: str
    message_id: int | None
    header_id: str
    reverse_path: str
    recipient: str
    header: bytes
    content: bytes
    attempts: int
    created_at: datetime
    smtputf8: bool = False

    def octets(self) -> bytes:
        """The whole mail, lines ended by CRLF."""
        return self.header + self.content

    @property
    def size(self) -> int:
        """Octets of the whole mail."""
        return len(self.header) + len(self.content)


@dataclass(frozen=True, slots=True)
class Sent:
    """The next hop took responsibility. header_id: the Message-ID it gave the copy, "" if it kept ours."""

    status: str = "2.0.0"
    detail: str = ""
    header_id: str = ""


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not now. unreachable: the next hop itself is the trouble, so all other mail waits as well."""

    status: str
    detail: str
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """Never. about_recipient: the next hop said so of this recipient, not of the mail or of us.

    too_large: it would take a smaller mail.
    """

    status: str
    detail: str
    about_recipient: bool = False
    too_large: bool = False


Outcome = Sent | Deferred | Failed

USUAL_LARGEST = 10_000_000
"""Octets of the largest mail where the next hop says nothing: what Postfix takes unless told otherwise."""


class Channel(Protocol):
    """A way out. ``deliver`` may be called by as many tasks at once as ``width`` says."""

    width: int

    @property
    def largest(self) -> int:
        """Octets of the largest mail that is taken, as far as is known by now."""

    async def deliver(self, mail: Mail) -> Outcome:
        """Hand the mail over; trouble of the peer or the network is an Outcome, never an exception."""

    async def close(self) -> None:
        """Let go of connections."""
