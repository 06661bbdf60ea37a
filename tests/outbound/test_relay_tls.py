"""Whom we tell our password, and when TLS is better than nothing."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.outbound.channels import Deferred, Sent
from gateway.outbound.channels.email import Email, Relay
from tests.outbound.conftest import NextHop
from tests.outbound.test_email_channel import a_mail


class TlsHop(NextHop):
    """A next hop that offers STARTTLS with a certificate that nobody knows."""

    passwords: list[bytes]


@pytest_asyncio.fixture
async def tls_hop(tmp_path: Path) -> AsyncIterator[TlsHop]:
    hop = TlsHop()
    hop.passwords = []

    def judge(server: object, session: object, envelope: object, mechanism: str, data: object) -> AuthResult:
        hop.passwords.append(data.password)
        return AuthResult(success=True)

    context = _context(tmp_path)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(hop, hostname="hop.test", tls_context=context, authenticator=judge, loop=loop),
        "127.0.0.1",
        0,
    )
    hop.port = server.sockets[0].getsockname()[1]
    yield hop
    server.close()


async def test_t162_without_a_password_an_unknown_certificate_is_better_than_none(tls_hop: TlsHop):
    relay = Email(Relay.of(f"smtp://127.0.0.1:{tls_hop.port}"))

    assert isinstance(await relay.deliver(a_mail()), Sent)
    await relay.close()


@pytest.mark.parametrize("url", ["smtp://me:secret@127.0.0.1:{}", "smtp://127.0.0.1:{}"])
async def test_t162_a_password_or_a_demand_for_tls_needs_a_certificate_that_is_known(
    tls_hop: TlsHop, url: str
):
    hop = Relay.of(url.format(tls_hop.port))
    relay = Email(hop if hop.user else replace(hop, starttls=True))

    outcome = await relay.deliver(a_mail())

    assert isinstance(outcome, Deferred) and outcome.unreachable
    assert tls_hop.passwords == [] and tls_hop.envelopes == []


def _context(directory: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hop.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = directory / "hop.pem"
    file.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
