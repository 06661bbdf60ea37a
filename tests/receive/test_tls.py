"""STARTTLS: state and what was sent in clear are forgotten, old versions are refused (RFC 3207, RFC 8996)."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.receive.tls import ServerTls, server_context
from store.models import InboundMail
from tests.receive.peer import MAIL, SUPPORT, an_acceptor, an_open_door, peer_of


@pytest.fixture
def certificate(tmp_path):
    path = tmp_path / "certificate.pem"
    a_certificate(path, "mx.example.test")
    return path


@pytest.fixture
def acceptor(database, tmp_path):
    return an_acceptor(database, tmp_path)


def a_client_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def test_a_mail_comes_in_over_tls(database, acceptor, certificate):
    async with an_open_door(acceptor, tls=ServerTls(certificate)) as door, peer_of(door) as peer:
        assert "STARTTLS" in await peer.greet()
        await peer.say("MAIL FROM:<early@outside.test>")
        assert (await peer.say("STARTTLS")).startswith("220")
        await peer.writer.start_tls(a_client_context())

        assert (await peer.say(f"RCPT TO:<{SUPPORT}>")).startswith("503")
        assert (await peer.say("MAIL FROM:<>")).startswith("503")
        assert "STARTTLS" not in await peer.say("EHLO again")
        await peer.envelope(SUPPORT)
        assert (await peer.data(MAIL + b"x" * 300_000 + b"\r\n")).startswith("250")
        assert (await peer.say("QUIT")).startswith("221")
    with database.read() as session:
        assert session.execute(InboundMail.table().select()).one().client["tls"] is True


async def test_what_was_sent_in_clear_behind_starttls_is_not_obeyed(acceptor, certificate):
    async with an_open_door(acceptor, tls=ServerTls(certificate)) as door, peer_of(door) as peer:
        await peer.greet()
        peer.send(b"STARTTLS\r\nNOOP\r\nMAIL FROM:<inject@outside.test>\r\n")
        assert (await peer.hear()).startswith("220")
        await peer.writer.start_tls(a_client_context())

        assert (await peer.say("HELP")).startswith("214")


async def test_garbage_instead_of_a_handshake_is_closed(acceptor, certificate):
    async with an_open_door(acceptor, tls=ServerTls(certificate)) as door:
        async with peer_of(door) as peer:
            await peer.greet()
            await peer.say("STARTTLS")
            peer.send(b"EHLO in clear\r\n" * 50)
            async with asyncio.timeout(5):
                while await peer.reader.read(1000):
                    pass
        async with peer_of(door) as peer:
            assert (await peer.greet()).startswith("250")


def test_tls_before_1_2_is_not_spoken(certificate):
    assert server_context(certificate).minimum_version == ssl.TLSVersion.TLSv1_2


async def test_tls_1_1_is_refused(acceptor, certificate):
    old = a_client_context()
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with an_open_door(acceptor, tls=ServerTls(certificate)) as door, peer_of(door) as peer:
        await peer.greet()
        await peer.say("STARTTLS")

        with pytest.raises((ssl.SSLError, OSError)):
            await peer.writer.start_tls(old)


def a_certificate(path: Path, name: str) -> None:
    """Write a key and a certificate of its own for this name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))


async def shown_name(door) -> str:
    """The name in the certificate that the door shows to a new peer."""
    async with peer_of(door) as peer:
        await peer.greet()
        await peer.say("STARTTLS")
        await peer.writer.start_tls(a_client_context())
        shown = peer.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return x509.load_der_x509_certificate(shown).subject.rfc4514_string()


async def test_a_renewed_certificate_is_shown_after_a_reload_and_open_sessions_go_on(acceptor, certificate):
    tls = ServerTls(certificate)
    async with an_open_door(acceptor, tls=tls) as door, peer_of(door) as early:
        await early.greet()
        await early.say("STARTTLS")
        await early.writer.start_tls(a_client_context())
        a_certificate(certificate, "renewed.example.test")

        assert await shown_name(door) == "CN=mx.example.test"
        assert tls.reload()
        assert await shown_name(door) == "CN=renewed.example.test"
        assert (await early.say("EHLO again")).startswith("250")


async def test_a_broken_certificate_leaves_the_old_one_in_place(acceptor, certificate):
    tls = ServerTls(certificate)
    async with an_open_door(acceptor, tls=tls) as door:
        certificate.write_text("-----BEGIN nothing that can be read")

        assert not tls.reload()
        assert await shown_name(door) == "CN=mx.example.test"
        certificate.unlink()
        assert not tls.reload()
        assert await shown_name(door) == "CN=mx.example.test"
