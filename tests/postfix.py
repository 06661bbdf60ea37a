"""Debian's Postfix as a process of the tests' own: config/postfix as it stands, on free ports of loopback.

It has its own directories for configuration, queue and data, and no service of the system is touched.
"""

from __future__ import annotations

import os
import re
import shutil
import smtplib
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.served import HERE, ROOT, free_port, until

SOURCE = ROOT / "config" / "postfix"


class NoPostfix(Exception):
    """There is no Postfix to test with; the words say why."""


class Logged(NamedTuple):
    """One delivery attempt of Postfix. status: sent, deferred or bounced."""

    recipient: str
    status: str
    said: str


class Postfix:
    """A running Postfix. relay_domains, relayhost: as in main.cf. submission: the port where our mail goes out."""

    def __init__(self, *, relay_domains: str, relayhost: str, submission: int) -> None:
        if os.geteuid() != 0 or not shutil.which("postfix"):
            raise NoPostfix("postfix is not installed" if os.geteuid() == 0 else "postfix needs root")
        self.port, self.submission = free_port(), submission
        self.directory = Path(tempfile.mkdtemp(prefix="postfix-"))
        self.directory.chmod(0o755)  # Postfix's own user walks through it
        self.config, self.maillog = self.directory / "config", self.directory / "maillog"
        for folder in ("config", "queue", "data"):
            (self.directory / folder).mkdir()
        shutil.chown(self.directory / "data", "postfix")
        self._write_config()
        self.set(relay_domains=relay_domains, relayhost=relayhost)

    def set(self, **parameters: str) -> None:
        """Change parameters of main.cf before the start."""
        self._run("postconf", "-e", *(f"{name} = {value}" for name, value in parameters.items()))

    def _write_config(self) -> None:
        master = (SOURCE / "master.cf").read_text()
        master = re.sub(r"^smtp( +)inet", f"{HERE}:{self.port} inet", master, flags=re.M)
        master = re.sub(r"^127\.0\.0\.1:10025", f"{HERE}:{self.submission}", master, flags=re.M)
        (self.config / "master.cf").write_text(master)
        shutil.copy(SOURCE / "main.cf", self.config / "main.cf")
        self.set(
            queue_directory=str(self.directory / "queue"), data_directory=str(self.directory / "data"),
            maillog_file=str(self.maillog), maillog_file_prefixes=str(self.directory),
            inet_interfaces="loopback-only", inet_protocols="ipv4", myhostname="mx.example.test",
            disable_dns_lookups="yes", smtp_host_lookup="native", lmtp_host_lookup="native", minimal_backoff_time="1s",
        )  # fmt: skip

    def __enter__(self) -> Postfix:
        self._run("postfix", "start")
        until(lambda: self._answers(), what="postfix")
        return self

    def __exit__(self, *trouble: object) -> None:
        self._run("postfix", "stop", check=False)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            with smtplib.SMTP(HERE, self.port, timeout=5) as peer:
                return peer.noop()[0] == 250
        except OSError:
            return False

    def send(
        self, raw: bytes, *to: str, reverse_path: str, client: str = "127.0.0.77"
    ) -> dict[str, tuple[int, bytes]]:
        """Hand a mail over from this client; answers the recipients that were refused."""
        with smtplib.SMTP(HERE, self.port, timeout=40, source_address=(client, 0)) as peer:
            try:
                return peer.sendmail(reverse_path, list(to), raw)
            except smtplib.SMTPRecipientsRefused as trouble:
                return trouble.recipients

    def flush(self) -> None:
        """Try again at once what was deferred."""
        self._run("postqueue", "-f")

    def log(self) -> str:
        """Everything it has logged so far."""
        return self.maillog.read_text() if self.maillog.exists() else ""

    def attempts(self, service: str, recipient: str) -> list[Logged]:
        """The attempts of a delivery agent (lmtp, smtp) for a recipient, in order; probes left out."""
        pattern = rf"postfix/{service}\[\d+\]: \w+: to=<([^>]+)>.*? status=(\w+) \((.*)\)"
        found = [Logged(*match) for match in re.findall(pattern, self.log())]
        return [
            one
            for one in found
            if one.recipient == recipient and one.status in ("sent", "deferred", "bounced")
        ]

    @property
    def queue(self) -> str:
        """What waits, in JSON lines; "" when nothing does."""
        return self._run("postqueue", "-j").stdout.strip()

    def _run(self, program: str, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [program, "-c", str(self.config), *words], capture_output=True, text=True, timeout=30
        )
        assert not check or done.returncode == 0, f"{program} {words}: {done.stderr}\n{self.log()[-2000:]}"
        return done
