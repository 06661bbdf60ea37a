"""Keeps one gateway running for the attack kit: free ports, a temporary directory, a fresh world on SIGHUP.

It ends with the gateway, on SIGTERM, and ten minutes after the last question.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any

from tests.attack.api import REPOSITORY, Api, ApiError, home
from tests.attack.world import AUTHSERV, DOMAIN, WARDEN, build

IDLE_SECONDS = 600.0
_START_SECONDS = 30.0

CONFIG = """
[data]
dir = "{directory}"
[[domains]]
name = "{domain}"
[smtp]
port = {smtp}
tls_certificate = "{certificate}"
[lmtp]
enabled = false
[web]
port = {web}
base_url = "http://127.0.0.1:{web}"
[[auth.hops]]
peers = ["127.0.0.1"]
authserv_ids = ["{authserv}"]
spam_headers = ["X-Spam-Flag: YES"]
[log]
level = "warning"
"""


class Keeper:
    """One gateway at a time, always on the same ports."""

    def __init__(self) -> None:
        self._smtp, self._web = _free_ports(2)
        self._number = 0
        self._gateway: subprocess.Popen[bytes] | None = None
        self._directory: Path | None = None
        self._ask: str = ""
        signal.signal(signal.SIGHUP, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)

    def run(self) -> None:
        """Until there is nobody to keep it for."""
        try:
            self._renew()
            while self._ask != "end" and self._is_alive() and not _is_idle():
                time.sleep(0.05)
                if self._ask == "renew":
                    self._ask = ""
                    self._renew()
        finally:
            self._end_gateway()
            (home() / "state.json").unlink(missing_ok=True)

    def _on_signal(self, number: int, frame: Any) -> None:
        self._ask = "renew" if number == signal.SIGHUP else "end"

    def _is_alive(self) -> bool:
        return self._gateway is not None and self._gateway.poll() is None

    def _renew(self) -> None:
        self._end_gateway()
        directory = self._directory = Path(tempfile.mkdtemp(prefix="world-", dir=home()))
        config = directory / "threadpost.toml"
        config.write_text(
            CONFIG.format(
                directory=directory, domain=DOMAIN, smtp=self._smtp, web=self._web, authserv=AUTHSERV,
                certificate=_certificate(directory),
            )
        )  # fmt: skip
        token = _gateway(config, "token", "create", "--name", "attack", "--scope", "admin")
        _gateway(config, "partner", "add", WARDEN, "--name", "Warden", "--admin")
        login = _gateway(config, "login-link", WARDEN)
        with open(directory / "gateway.log", "wb") as log:
            self._gateway = subprocess.Popen(
                [sys.executable, "-m", "gateway", "serve", "--config", str(config)],
                cwd=REPOSITORY,
                stderr=log,
            )
        self._wait_until_ready()
        world, records = build(Api(self._web, token), directory / "outbox", f"127.0.0.1:{self._web}")
        self._number += 1
        _write_state({
            "keeper": os.getpid(), "gateway": self._gateway.pid, "number": self._number, "smtp": self._smtp,
            "web": self._web, "token": token, "cookie": _log_in(self._web, login), "directory": str(directory),
            "stamp": AUTHSERV, "records": records, "world": world,
        })  # fmt: skip

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._is_alive():
            try:
                Api(self._web).call("GET", "/readyz")
                socket.create_connection(("127.0.0.1", self._smtp), timeout=1).close()
                return
            except (OSError, HTTPException, ApiError):
                time.sleep(0.05)
        raise SystemExit("the gateway does not answer")

    def _end_gateway(self) -> None:
        if self._gateway is not None:
            self._gateway.terminate()
            try:
                self._gateway.wait(15)
            except subprocess.TimeoutExpired:
                self._gateway.kill()
                self._gateway.wait()
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)


def _gateway(config: Path, *words: str) -> str:
    """What a verb of the command prints."""
    command = [sys.executable, "-m", "gateway", *words, "--config", str(config)]
    return subprocess.run(
        command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()


def _log_in(port: int, link: str) -> str:
    """Spend a login link; answers the cookie."""
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class Stay(HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    from urllib.error import HTTPError

    body = f"token={link.partition('token=')[2]}".encode()
    request = Request(f"http://127.0.0.1:{port}/login", body, {"Origin": f"http://127.0.0.1:{port}"})
    try:
        answer = build_opener(Stay).open(request)
    except HTTPError as redirect:
        answer = redirect
    return str(answer.headers["Set-Cookie"]).partition(";")[0]


def _certificate(directory: Path) -> Path:
    """A self-signed certificate with its key, for STARTTLS."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, DOMAIN)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    encoding = serialization.Encoding.PEM
    secret = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = directory / "certificate.pem"
    path.write_bytes(secret + made.public_bytes(encoding))
    return path


def _free_ports(count: int) -> Sequence[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports


def _is_idle() -> bool:
    try:
        return time.time() - (home() / "asked").stat().st_mtime > IDLE_SECONDS
    except FileNotFoundError:
        return False


def _write_state(values: dict[str, Any]) -> None:
    draft = home() / "state.draft"
    draft.write_text(json.dumps(values))
    draft.replace(home() / "state.json")


if __name__ == "__main__":
    (home() / "asked").touch()
    Keeper().run()
