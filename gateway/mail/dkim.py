"""Sign what we send and check what others signed (RFC 6376, RFC 8301, RFC 8463).

Pure. Signing is our own: relaxed/relaxed, the body hash computed once per body, the RSA done by
``cryptography``, which lets other threads run meanwhile (dkimpy's RSA is pure Python: 10 ms a mail).
Checking is dkimpy's behind fences: see ``verify``.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import dkim
import dkim.canonicalization
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from gateway.errors import Temporary

# Signed where present, and named once more than present, so that nobody can add another one.
SIGNED = (
    b"from", b"reply-to", b"to", b"cc", b"subject", b"date", b"message-id", b"in-reply-to", b"references", b"mime-version",
    b"content-type", b"content-transfer-encoding", b"list-id", b"list-unsubscribe", b"list-unsubscribe-post",
    b"auto-submitted", b"feedback-id",
)  # fmt: skip
MOST_SIGNATURES = 5
_BLANKS = re.compile(rb"[ \t]+")


def keygen() -> bytes:
    """A new private key: RSA with 2,048 bits, PEM (PKCS 8)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def dns_record(private_key: bytes) -> str:
    """The text of the TXT record at ``<selector>._domainkey.<domain>`` that belongs to a private key."""
    key = serialization.load_pem_private_key(private_key, None)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; p={base64.b64encode(raw).decode()}"
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"


def body_hash(content: bytes) -> str:
    """The bh= value of a body, relaxed (RFC 6376 section 3.4.4); the same for every signer."""
    lines = [_BLANKS.sub(b" ", line).rstrip(b" ") for line in content.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    relaxed = b"\r\n".join(lines) + b"\r\n" if lines else b""
    return base64.b64encode(hashlib.sha256(relaxed).digest()).decode()


class Signer:
    """Signs for one domain with one key.

    Raises ValueError when the key is not an RSA key of at least 1,024 bits (RFC 8301) or ed25519.
    """

    def __init__(self, domain: str, selector: str, private_key: bytes) -> None:
        key = serialization.load_pem_private_key(private_key, None)
        if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 1024:
            algorithm = "rsa-sha256"
        elif isinstance(key, ed25519.Ed25519PrivateKey):
            algorithm = "ed25519-sha256"
        else:
            raise ValueError("a DKIM key must be RSA of 1,024 bits or more, or ed25519")
        self._key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey = key
        self.domain = domain
        self._head = f"v=1; a={algorithm}; c=relaxed/relaxed; d={domain}; s={selector};"

    def sign(self, fields: Sequence[bytes], body_hash: str, timestamp: int) -> bytes:
        """The DKIM-Signature field for a mail with these header fields.

        fields: whole fields, folded or not, each ended by CRLF, no name twice. timestamp: seconds since
        1970.
        """
        names, relaxed = _signed(fields)
        tags = f"{self._head} t={timestamp}; bh={body_hash}; h={names}; b="
        signature = base64.b64encode(self._signature(relaxed + b"dkim-signature:" + tags.encode())).decode()
        folded = "\r\n\t".join(signature[start : start + 72] for start in range(0, len(signature), 72))
        text = tags.replace("; bh=", ";\r\n\tbh=").replace("; h=", ";\r\n\th=").replace("; b=", ";\r\n\tb=")
        return f"DKIM-Signature: {text}{folded}\r\n".encode()

    def _signature(self, octets: bytes) -> bytes:
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(hashlib.sha256(octets).digest())  # RFC 8463 section 3
        return self._key.sign(octets, padding.PKCS1v15(), hashes.SHA256())


def _signed(fields: Sequence[bytes]) -> tuple[str, bytes]:
    """The h= list, and the fields that it names in relaxed form and in its order."""
    relaxed = {}
    for one in fields:
        name, _, value = one.partition(b":")
        relaxed[name.strip().lower()] = b" ".join(value.split())
    names = []
    chosen = []
    for name in SIGNED:
        if name in relaxed:
            names.append(name)
            chosen.append(name + b":" + relaxed[name] + b"\r\n")
        names.append(name)
    return b":".join(names).decode(), b"".join(chosen)


@dataclass(frozen=True, slots=True)
class Signature:
    """What became of one signature of a mail.

    result: pass, fail, temperror, permerror, or policy (valid, but not to be believed; detail says
    why). domain, selector: d= and s=, lower case, "" if unreadable.
    """

    result: str
    domain: str = ""
    selector: str = ""
    detail: str = ""


def verify(raw: bytes, txt: Callable[[str], bytes | None]) -> tuple[Signature, ...]:
    """Check at most five signatures of a mail, top first; never raises on what the mail holds.

    raw: the octets as received. txt: the TXT record of a name, None if there is none; raises
    gateway.errors.Temporary when the DNS does not answer. Fences: blanks are stripped in linear time, a
    signature with l= or with SHA-1 is "policy" (text can be appended to what l= covers; RFC 8301).
    """
    try:
        message = dkim.DKIM(raw, logger=_Silent(), minkey=1024)
    except (dkim.DKIMException, IndexError) as trouble:  # IndexError: a header that begins with a folded line
        return (Signature("permerror", detail=str(trouble)),)
    count = sum(1 for name, _ in message.headers if name.lower() == b"dkim-signature")
    return tuple(_checked(message, index, txt) for index in range(min(count, MOST_SIGNATURES)))


def _checked(message: Any, index: int, txt: Callable[[str], bytes | None]) -> Signature:
    away: list[str] = []

    def look_up(name: bytes | str, timeout: float = 5) -> bytes:
        text = name.decode("ascii", "replace") if isinstance(name, bytes) else name
        try:
            return txt(text) or b""
        except Temporary as trouble:
            away.append(str(trouble))
            raise dkim.DnsTimeoutError(str(trouble)) from trouble

    message.domain = message.selector = b""
    message.signature_fields = {}
    try:
        good = bool(message.verify(idx=index, dnsfunc=look_up))
        result, detail = ("pass", "") if good else ("fail", "the signature does not match")
    except dkim.ValidationError as trouble:
        result, detail = "fail", str(trouble)
    except Exception as trouble:  # noqa: BLE001 - dkimpy lets IndexError, binascii.Error and others through
        result, detail = "permerror", f"{type(trouble).__name__}: {trouble}"
    if away:
        result, detail = "temperror", away[0]
    tags = message.signature_fields
    if result == "pass" and (why := _distrusted(tags)):
        result, detail = "policy", why
    return Signature(result, _plain(tags.get(b"d", b"")), _plain(tags.get(b"s", b"")), detail[:200])


def _distrusted(tags: dict[bytes, bytes]) -> str:
    if b"l" in tags:
        return "l= leaves the end of the body unsigned"
    if tags.get(b"a", b"").endswith(b"sha1"):
        return "SHA-1 is not believed"
    signed = [name.strip().lower() for name in tags.get(b"h", b"").split(b":")]
    return "" if b"from" in signed else "From is not signed"


def _plain(value: bytes) -> str:
    return value.decode("ascii", "replace").strip().lower()


class _Silent:
    """A logger that says nothing: what a stranger signed does not belong in our log."""

    def debug(self, *words: object) -> None:
        """Say nothing."""

    info = warning = error = debug


def _strip_trailing_whitespace(content: bytes) -> bytes:
    """Cut blanks before each CRLF in linear time (dkimpy's own takes 25 s for 10 MB of blanks)."""
    *lines, last = content.split(b"\r\n")
    return b"".join(line.rstrip(b" \t") + b"\r\n" for line in lines) + last


dkim.canonicalization.strip_trailing_whitespace = _strip_trailing_whitespace
