"""The real gateway as a process: started on free ports, asked over SMTP and HTTP, stopped or killed.

The next hop is an SMTP server of the tests' own in this process, so whatever the gateway does to itself,
what reached the outside is still known.
"""

from __future__ import annotations

import email
import email.message
import email.policy
import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TypeVar

import httpx
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from gateway.chatter.access import create_token
from gateway.client import Client
from store.session import Database

ROOT = Path(__file__).resolve().parents[1]
DOMAIN = "threads.example.test"
HERE = "127.0.0.1"
Value = TypeVar("Value")


def free_port() -> int:
    """A port of loopback that nobody uses at the moment."""
    with socket.socket() as asking:
        asking.bind((HERE, 0))
        return int(asking.getsockname()[1])


def until(look: Callable[[], Value], *, seconds: float = 20.0, what: str = "it") -> Value:
    """Look again and again until there is something to see; answers what was seen."""
    end = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < end, f"{what} did not come within {seconds} s"
        time.sleep(0.02)


class Arrived(NamedTuple):
    """A mail that reached the next hop."""

    reverse_path: str
    recipient: str
    mail: email.message.EmailMessage


class NextHop:
    """The next hop on loopback. answers: recipient -> what it says to his RCPT, one after the other."""

    def __init__(self) -> None:
        self.port = free_port()
        self.answers: dict[str, list[str]] = {}
        self.refused: Counter[str] = Counter()
        self._envelopes: list[Envelope] = []
        self._controller = Controller(self, hostname=HERE, port=self.port, server_hostname="hop.test")

    def __enter__(self) -> NextHop:
        self._controller.start()
        return self

    def __exit__(self, *trouble: object) -> None:
        self._controller.stop()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = self.answers.get(address)
        if said:
            self.refused[address] += 1
            return said.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self._envelopes.append(envelope)
        return "250 2.0.0 OK"

    def arrived(self) -> list[Arrived]:
        """Every mail that came, in order."""
        return [
            Arrived(str(one.mail_from), one.rcpt_tos[0], _read(one.content)) for one in list(self._envelopes)
        ]

    def to(self, recipient: str, text: str = "") -> list[Arrived]:
        """What one reader got. text: only mails whose text holds it."""
        return [one for one in self.arrived() if one.recipient == recipient and text in text_of(one.mail)]


def text_of(mail: email.message.EmailMessage) -> str:
    """The plain text of a mail."""
    part = mail.get_body(("plain",))
    return "" if part is None else str(part.get_content())


class Running:
    """One process of the gateway."""

    def __init__(self, command: Sequence[str], *, cwd: Path, log: Path) -> None:
        self.log = log
        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                command, cwd=cwd, env=_environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip

    def wait_until_ready(self, seconds: float = 30.0) -> Running:
        """Wait for the word that says that all doors are open."""

        def is_ready() -> bool:
            said = self.log.read_text(errors="replace")
            assert self.process.poll() is None, (
                f"the server ended with {self.process.returncode}:\n{said[-3000:]}"
            )
            return "ready\n" in said

        until(is_ready, seconds=seconds, what="ready")
        return self

    def terminate(self) -> None:
        """Ask it to drain; ``wait`` for its end."""
        self.process.terminate()

    def wait(self, seconds: float = 30.0) -> int:
        """Its exit code."""
        return self.process.wait(seconds)

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        self.terminate()
        return self.wait()

    def kill(self) -> None:
        """SIGKILL to the process and its children."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # the session that was started here
        except ProcessLookupError:
            return
        self.process.wait(10)


class Installation:
    """A configuration with its data; any number of processes may run on it. command: how threadpost is called.

    more: further lines of the configuration.
    """

    def __init__(
        self, directory: Path, *, relay: NextHop | None = None, database_url: str = "",
        command: Sequence[str] = (sys.executable, "-m", "gateway"), cwd: Path = ROOT, more: str = "",
    ) -> None:  # fmt: skip
        self.directory = directory
        self.smtp, self.lmtp, self.web = free_port(), free_port(), free_port()
        self.base_url = f"http://{HERE}:{self.web}"
        self.config = directory / "threadpost.toml"
        self._command, self._cwd, self._database_url = list(command), cwd, database_url
        self._running: list[Running] = []
        self._api: httpx.Client | None = None
        self._client: Client | None = None
        directory.mkdir(parents=True, exist_ok=True)
        self.config.write_text(
            self._toml(f"smtp://{HERE}:{relay.port}" if relay else "", database_url) + more
        )

    def _toml(self, relay: str, database_url: str) -> str:
        return f"""[data]
dir = "{self.directory / "var"}"
database_url = "{database_url}"
[[domains]]
name = "{DOMAIN}"
[smtp]
host = "{HERE}"
port = {self.smtp}
max_size = 1000000
[lmtp]
host = "{HERE}"
port = {self.lmtp}
[web]
host = "{HERE}"
port = {self.web}
base_url = "{self.base_url}"
[relay]
url = "{relay}"
[[auth.hops]]
peers = ["127.0.0.9"]
authserv_ids = ["mx.example.com"]
[log]
level = "warning"
"""

    def words(self, *words: str) -> list[str]:
        """The command line of a verb on this configuration."""
        return [*self._command, *words, "--config", str(self.config)]

    def run(self, *words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run a verb to its end. given: its standard input."""
        return subprocess.run(
            self.words(*words),
            input=given,
            capture_output=True,
            timeout=60,
            cwd=self._cwd,
            env=_environment(),
        )

    def start(self, only: str = "") -> Running:
        """Start a process and wait for its doors. only: roles, "" = all."""
        return self.launch(only).wait_until_ready()

    def launch(self, only: str = "") -> Running:
        """Start a process."""
        words = self.words("serve", *(["--only", only] if only else []))
        log = self.directory / f"serve-{len(self._running)}.log"
        running = Running(words, cwd=self._cwd, log=log)
        self._running.append(running)
        return running

    def close(self) -> None:
        """Stop whatever still runs."""
        for opened in (self._api, self._client):
            if opened is not None:
                opened.close()
        for running in self._running:
            running.kill()

    @property
    def api(self) -> httpx.Client:
        """The HTTP API with a token for everything; asks for a store that is there already."""
        if self._api is None:
            database = Database(self._database_url or f"sqlite:///{self.directory / 'var' / 'threadpost.db'}")
            with database.write() as session:
                token = create_token(
                    session, name="tests", scopes={"admin"}, record_types=(), now=datetime.now(UTC)
                )
            database.close()
            self._api = httpx.Client(
                base_url=f"{self.base_url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=20
            )
        return self._api

    @property
    def client(self) -> Client:
        """The client of host applications, with the same token; ``close`` ends it."""
        if self._client is None:
            token = str(self.api.headers["Authorization"]).removeprefix("Bearer ")
            self._client = Client(self.base_url, token)
        return self._client

    def get(self, path: str, **query: str) -> dict[str, object]:
        """What the API answers."""
        answer = self.api.get(path, params=query)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        found: dict[str, object] = answer.json()
        return found

    def send(
        self, raw: bytes, *to: str, reverse_path: str = "carol@customer.example"
    ) -> dict[str, tuple[int, bytes]]:
        """Hand a mail over by SMTP; answers the recipients that were refused."""
        with smtplib.SMTP(HERE, self.smtp, timeout=20) as peer:
            return peer.sendmail(reverse_path, list(to), raw)


def _read(raw: object) -> email.message.EmailMessage:
    assert isinstance(raw, bytes)
    return email.message_from_bytes(raw, policy=email.policy.default)


def _environment() -> dict[str, str]:
    """Ours, without settings that somebody made for another gateway."""
    return {name: value for name, value in os.environ.items() if not name.startswith("THREADPOST_")}
