"""One mail on its way from the wire to the spool: counted, checked, stored; or read on and not stored."""

from __future__ import annotations

import contextlib

from gateway.inbound.accept import Acceptor
from gateway.receive import reply
from gateway.receive.content import ContentReader

_PATIENCE = 4  # times max_size that are read and thrown away before the session is cut


class Intake:
    """Takes the chunks of the data and keeps them in a spool while they may become a mail.

    received: octets off the wire. size: octets of the mail. is_abandoned: the peer went on far beyond the
    limit, so the end was not waited for. is_handed_over: the spool is the ledger's now. Nothing raises
    here: trouble with the disk is remembered until the data has ended.
    """

    def __init__(self, acceptor: Acceptor, max_size: int) -> None:
        self.spool = acceptor.spool()
        self.received = 0
        self.size = 0
        self.is_abandoned = False
        self.is_handed_over = False
        self._max_size = max_size
        self._reader = ContentReader()
        self._trouble: OSError | None = None

    @property
    def is_complete(self) -> bool:
        """The end of data was seen, or is not waited for any more."""
        return self._reader.is_complete or self.is_abandoned

    @property
    def rest(self) -> bytes:
        """The octets that came behind the end of data."""
        return self._reader.rest

    def take(self, chunk: bytes) -> None:
        """Take one chunk off the wire."""
        self.received += len(chunk)
        octets = self._reader.feed(chunk)
        self.size += len(octets)
        if self.refusal() is None:
            self._store(octets)
        else:
            self.forget()
            self.is_abandoned = not self._reader.is_complete and self.received > _PATIENCE * self._max_size

    def refusal(self) -> str | None:
        """The reply to data that cannot become a mail, None while it can."""
        if self.size > self._max_size:
            return reply.TOO_LARGE
        if self._reader.has_bare_line_end:
            return reply.BARE_LINE_END
        if self._trouble is not None:
            return reply.of_error(self._trouble)
        return None

    def forget(self) -> None:
        """Free the spool, unless it was handed over."""
        if not self.is_handed_over:
            with contextlib.suppress(OSError):  # a full disk may refuse even the last flush
                self.spool.discard()

    def _store(self, octets: bytes) -> None:
        try:
            self.spool.write(octets)
        except OSError as trouble:
            self._trouble = trouble
            self.forget()
