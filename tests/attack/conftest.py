"""A running gateway with the kit's world, for all tests of this folder."""

from __future__ import annotations

import os
import signal
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.attack.adapter import Kit, running


@dataclass
class Attacked:
    """The gateway under attack. world: the values of the kit's placeholders."""

    kit: Kit
    world: dict[str, str]
    port: int

    def send(
        self, raw: str, to: str, *, reverse_path: str, auth: str = "none", author_domain: str = "evil.example"
    ) -> int:
        """Hand a mail over as the configured hop does; answers the code of the last reply."""
        import base64

        stamp = base64.b64decode(self.kit.trusted_stamp(auth, author_domain))
        with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as door:
            door.ehlo("hop.example")
            for code, _ in (door.mail(reverse_path), door.rcpt(to)):
                if code >= 400:
                    return code
            code = door.data(stamp + raw.replace("\n", "\r\n").encode("utf-8", "surrogateescape"))[0]
        self.kit.settle()
        return code

    def posts(self, mark: str) -> list[dict[str, Any]]:
        """What the mark became, if it is visible in a thread."""
        return [found for found in self.kit.find(mark) if found["state"] == "posted"]

    def told(self, since: str | None) -> list[str]:
        """To whom mail went."""
        return sorted(address for mail in self.kit.outbound(since)["mails"] for address in mail["to"])


@pytest.fixture(scope="session")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """One gateway for the session, ended afterwards."""
    os.environ["THREADPOST_ATTACK_HOME"] = str(tmp_path_factory.mktemp("attack"))
    state = running()
    kit = Kit(state)
    yield Attacked(kit, kit.world(), kit.config()["port"])
    os.kill(state["keeper"], signal.SIGTERM)
    del os.environ["THREADPOST_ATTACK_HOME"]
