"""The doors of a running gateway: a unix socket, and a certificate that is renewed while it runs."""

from __future__ import annotations

import signal
import smtplib
import ssl
import stat
from pathlib import Path

from cryptography import x509

from tests.builders import a_mail
from tests.receive.test_tls import a_certificate
from tests.served import DOMAIN, HERE, Installation, until


class WithDoors(Installation):
    """An installation whose LMTP door is a unix socket and whose SMTP door offers STARTTLS."""

    @property
    def socket(self) -> Path:
        return self.directory / "lmtp.sock"

    @property
    def certificate(self) -> Path:
        return self.directory / "certificate.pem"

    def _toml(self, relay: str, database_url: str) -> str:
        text = super()._toml(relay, database_url)
        text = text.replace("[lmtp]\n", f'[lmtp]\npath = "{self.socket}"\n')
        return text.replace("[smtp]\n", f'[smtp]\ntls_certificate = "{self.certificate}"\n')


def shown_name(gateway: Installation) -> str:
    """The name in the certificate of the SMTP door."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    with smtplib.SMTP(HERE, gateway.smtp, timeout=20) as peer:
        peer.starttls(context=trusting)
        assert peer.noop()[0] == 250
        seen = peer.sock.getpeercert(binary_form=True)  # type: ignore[union-attr]
    return x509.load_der_x509_certificate(seen).subject.rfc4514_string()


def test_mail_comes_in_by_a_unix_socket_and_a_renewed_certificate_is_served_after_sighup(tmp_path: Path):
    gateway = WithDoors(tmp_path)
    a_certificate(gateway.certificate, "first.example.test")
    running = gateway.start("receive,web")
    try:
        assert stat.S_IMODE(gateway.socket.stat().st_mode) == 0o660
        with smtplib.LMTP(str(gateway.socket)) as peer:
            peer.sendmail("carol@customer.example", [f"support@{DOMAIN}"], a_mail("carol@customer.example"))
        [entry] = gateway.get("/ledger")["items"]
        assert entry["door"] == "lmtp"

        assert shown_name(gateway) == "CN=first.example.test"
        a_certificate(gateway.certificate, "second.example.test")
        running.process.send_signal(signal.SIGHUP)
        until(lambda: shown_name(gateway) == "CN=second.example.test", what="the new certificate")
        gateway.certificate.write_text("no certificate at all")
        running.process.send_signal(signal.SIGHUP)
        until(lambda: "certificate not reloaded" in running.log.read_text(), what="the complaint")
        assert shown_name(gateway) == "CN=second.example.test"
        assert running.stop() == 0
        assert not gateway.socket.exists()
    finally:
        gateway.close()
