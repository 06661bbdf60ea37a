"""The envelope of one mail transaction, apart from what its header says (RFC 5321 section 3.3)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Client:
    """The peer that handed the mail over.

    address: IP address as text; "unix" for a unix socket; "" where there is none (inject, API).
    helo: what it called itself, "" if nothing. xforward: True when a configured hop told the
    address of the true client by XFORWARD, so that address is his and not the hop's.
    peer: the address of the connection itself, whatever XFORWARD said.
    """

    address: str = ""
    helo: str = ""
    tls: bool = False
    authenticated_as: str = ""
    peer: str = ""
    xforward: bool = False


@dataclass(frozen=True, slots=True)
class Envelope:
    """Where a mail came from and where it goes.

    reverse_path: MAIL FROM without brackets, "" for the null path. forward_paths: RCPT TO without
    brackets, as written, never empty.
    """

    reverse_path: str
    forward_paths: tuple[str, ...]
    client: Client = Client()

    def __post_init__(self) -> None:
        if not self.forward_paths:
            raise ValueError("an envelope needs at least one forward-path")
