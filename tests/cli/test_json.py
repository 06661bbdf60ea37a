"""``--json`` prints the object of the API, one a line, in every verb that has it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.client import follow, post_message, put_partner, put_record
from tests.builders import a_mail
from tests.served import DOMAIN, Installation

ALICE, CAROL = "alice@corp.example", "carol@customer.example"


@pytest.fixture
def served(installation: Installation) -> Iterator[Installation]:
    """With a web server, a message whose mail waits, and nobody who sends it."""
    installation.start(only="web")
    for call in (
        put_partner(ALICE, name="Alice", internal=True, language="it"),
        put_record("ticket", "1", title="Pump"),
        follow("ticket", "1", CAROL),
        post_message("ticket", "1", author=ALICE, body_text="We look into it."),
    ):
        installation.client(call)
    yield installation
    installation.close()


def printed(installation: Installation, *words: str) -> list[Any]:
    done = installation.run(*words, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def test_a_list_of_partners_shows_what_the_api_shows(served: Installation):
    shown = printed(served, "partner", "list")

    assert shown == served.get("/partners")["items"]
    assert shown[0]["language"] == "it" and shown[0]["addresses"]


def test_deliveries_are_shown_as_they_stand_after_the_change(served: Installation):
    [waiting] = printed(served, "queue", "list")

    [dropped] = printed(served, "queue", "drop", str(waiting["id"]))
    assert dropped["state"] == "skipped"
    assert dropped == served.get(f"/deliveries/{waiting['id']}")
    [again] = printed(served, "queue", "retry", str(waiting["id"]))
    assert again["state"] == "queued"
    assert again == served.get(f"/deliveries/{waiting['id']}")


def test_what_can_be_done_is_done_and_shown_though_another_cannot(served: Installation):
    [waiting] = printed(served, "queue", "list")

    done = served.run("queue", "drop", "99", str(waiting["id"]), "--json")
    again = served.run("queue", "drop", str(waiting["id"]))

    assert json.loads(done.stdout)["id"] == waiting["id"]
    assert done.returncode == 65 and b"no delivery 99" in done.stderr
    assert again.returncode == 65 and b"is skipped" in again.stderr


def test_a_raw_mail_survives_whatever_octets_it_has(installation: Installation, tmp_path: Path):
    raw = a_mail(CAROL) + b"\xff\xfe\x80\r\n"
    assert installation.run("inject", "--rcpt", f"support@{DOMAIN}", given=raw).returncode == 0

    [shown] = printed(installation, "ledger", "raw", "1")

    assert base64.b64decode(shown.pop("raw")) == installation.run("ledger", "raw", "1").stdout
    assert shown == {"id": 1, "size": len(raw)}
