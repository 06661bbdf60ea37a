from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Temporary
from gateway.mail.compose import body, field, unstructured
from gateway.mail.dkim import MOST_SIGNATURES, Signer, body_hash, dns_record, keygen, verify

KEY = keygen()
RECORD = dns_record(KEY).encode()
SIGNER = Signer("threads.acme.test", "s1", KEY)


def ed25519_key() -> bytes:
    return ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def a_signed_mail(signer: Signer = SIGNER, subject: str = "Grüße", text: str = "Hello\n\n\n") -> bytes:
    part = body(text, f"<p>{text}</p>")
    fields = [
        field("From", "Alice via Acme <notifications@threads.acme.test>"),
        field("To", "bob@people.test"),
        field("Subject", unstructured(subject)),
        field("References", " ".join(f"<n{number}@threads.acme.test>" for number in range(10))),
        *part.fields,
    ]
    return (
        signer.sign(fields, body_hash(part.content), 1_700_000_000)
        + b"".join(fields)
        + b"\r\n"
        + part.content
    )


@pytest.mark.parametrize("key", [KEY, ed25519_key()], ids=["rsa", "ed25519"])
def test_what_we_sign_another_program_verifies(key: bytes):
    mail = a_signed_mail(Signer("threads.acme.test", "s1", key))

    assert dkim.verify(mail, dnsfunc=lambda name, timeout=5: dns_record(key).encode())


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80), st.text(max_size=200))
def test_any_subject_and_text_verify(subject: str, text: str):
    [found] = verify(a_signed_mail(subject=subject, text=text), lambda name: RECORD)

    assert found.result == "pass", found


@pytest.mark.parametrize(
    "forge",
    [
        lambda mail: mail.replace(b"bob@", b"eve@"),
        lambda mail: mail.replace(b"Hello", b"Hullo", 1),
        lambda mail: b"From: eve@elsewhere.test\r\n" + mail,
        lambda mail: b"Subject: another\r\n" + mail,
        lambda mail: b"Reply-To: eve@elsewhere.test\r\n" + mail,
        lambda mail: b"List-Unsubscribe: <https://elsewhere.test>\r\n" + mail,
    ],
)
def test_a_changed_or_added_field_breaks_the_signature(forge):
    [found] = verify(forge(a_signed_mail()), lambda name: RECORD)

    assert found.result == "fail"


def test_a_signature_over_a_part_of_the_body_is_not_believed():
    raw = b"From: a@acme.test\r\nTo: b@acme.test\r\n\r\nHello\r\n"
    short = dkim.sign(raw, b"s1", b"acme.test", _pkcs1(KEY), include_headers=[b"from"], length=True)

    [found] = verify(short + raw + b"Pay eve\r\n", lambda name: RECORD)

    assert (found.result, found.domain) == ("policy", "acme.test")


def test_a_silent_dns_is_temporary_and_a_missing_key_is_not():
    def away(name: str) -> bytes:
        raise Temporary("no answer")

    assert verify(a_signed_mail(), away)[0].result == "temperror"
    assert verify(a_signed_mail(), lambda name: None)[0].result in ("permerror", "fail")


def test_only_the_first_signatures_are_looked_at():
    mail = a_signed_mail()
    signature = mail[: mail.index(b"From:")]

    assert len(verify(signature * 50 + mail, lambda name: RECORD)) == MOST_SIGNATURES


def test_blanks_cost_linear_time():
    raw = a_signed_mail() + (b" " * 990 + b"\r\n") * 2000 + b" " * 100_000

    began = time.perf_counter()
    verify(raw, lambda name: RECORD)

    assert time.perf_counter() - began < 2


@given(st.binary(max_size=300))
def test_rubbish_is_never_raised(raw: bytes):
    verify(raw, lambda name: RECORD)
    verify(b"DKIM-Signature: " + raw + b"\r\nFrom: a@b.test\r\n\r\n" + raw, lambda name: RECORD)


def test_a_key_of_another_kind_is_refused():
    other = ec.generate_private_key(ec.SECP256R1())
    pem = other.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    with pytest.raises(ValueError, match="RSA of 1,024 bits or more, or ed25519"):
        Signer("acme.test", "s1", pem)


@pytest.mark.real_peer
def test_opendkim_believes_us(tmp_path: Path):
    program = shutil.which("opendkim")
    if program is None:
        pytest.skip("opendkim is not installed")
    (tmp_path / "keys").write_text(f"s1._domainkey.threads.acme.test {RECORD.decode()}\n")
    (tmp_path / "conf").write_text(f"Mode v\nTestPublicKeys {tmp_path}/keys\n")
    (tmp_path / "mail").write_bytes(a_signed_mail())

    told = subprocess.run(
        [program, "-x", tmp_path / "conf", "-t", tmp_path / "mail", "-v"],
        capture_output=True,
        text=True,
        timeout=20,
    )

    assert "verification (s=s1, d=threads.acme.test, 2048-bit key) succeeded" in told.stdout + told.stderr


def _pkcs1(pem: bytes) -> bytes:
    key = serialization.load_pem_private_key(pem, None)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
