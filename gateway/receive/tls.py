"""The TLS side of a door: a server context of TLS 1.2 or newer (RFC 8996), whose certificate can be renewed."""

from __future__ import annotations

import ssl
from pathlib import Path

import structlog

log = structlog.get_logger("receive")


def server_context(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    """Load a certificate chain and its key (in the same file if no key is named).

    Raises OSError or ssl.SSLError when they cannot be read or do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.load_cert_chain(certificate, key)
    return context


class ServerTls:
    """What STARTTLS of a door uses: ``context`` serves the next handshake. Raises as ``server_context``."""

    def __init__(self, certificate: Path, key: Path | None = None) -> None:
        self._certificate, self._key = certificate, key
        self.context = server_context(certificate, key)

    def reload(self) -> bool:
        """Read the files again; False when they are no good: then the old certificate goes on.

        A new context takes the old one's place, so that a session whose handshake has begun is not disturbed.
        """
        try:
            self.context = server_context(self._certificate, self._key)
        except OSError as trouble:  # ssl.SSLError is one
            log.error("certificate not reloaded", file=str(self._certificate), trouble=str(trouble))
            return False
        log.info("certificate reloaded", file=str(self._certificate))
        return True
