"""Put the DKIM signatures of a domain on top of a header. Pure, and most of it outside the GIL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.outbound.house import SendingDomain


def signed(fields: Sequence[bytes], body_hash: str, domain: SendingDomain, now: datetime) -> bytes:
    """The whole header with its signatures and the empty line that ends it.

    d= is the domain of From, so that the signature is aligned (RFC 7489 section 3.1.1).
    """
    timestamp = int(now.timestamp())
    signatures = [signer.sign(fields, body_hash, timestamp) for signer in domain.signers]
    return b"".join([*signatures, *fields, b"\r\n"])
