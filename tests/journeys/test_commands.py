"""The verbs that other programs call: what they print, how they exit, what they leave alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import httpx
import pytest

from store.queries import ledger
from store.queries import partner as partners
from store.session import Database
from tests.builders import NOW, a_mail
from tests.conftest import BOTH
from tests.served import DOMAIN, Installation


@pytest.fixture(scope="module", params=BOTH)
def gateway(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An installation with a web server; nothing works the ledger."""
    url = ""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_cluster").empty()
    gateway = Installation(tmp_path_factory.mktemp(request.param), database_url=url)
    gateway.start(only="web")
    yield gateway
    gateway.close()
    if url:
        request.getfixturevalue("postgresql_cluster").drop(url)


@pytest.fixture(scope="module")
def pipe(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Pipe]:
    """An installation that a mail server pipes mail into; nothing else runs."""
    pipe = Pipe(tmp_path_factory.mktemp("pipe"), sqlite_template)
    yield pipe
    pipe.database.close()


class Pipe:
    """``threadpost inject``, and the ledger behind it."""

    def __init__(self, directory: Path, empty: Path) -> None:
        self.installation = Installation(directory)
        (directory / "var").mkdir()
        self.database = Database(f"sqlite:///{shutil.copy(empty, directory / 'var' / 'threadpost.db')}")

    def inject(self, raw: bytes, *words: str, to: Sequence[str] = ("support",)) -> CompletedProcess[bytes]:
        """Hand a mail over. to: local parts."""
        rcpts = [word for name in to for word in ("--rcpt", f"{name}@{DOMAIN}")]
        return self.installation.run("inject", *rcpts, *words, given=raw)

    def ledger(self) -> Sequence[Any]:
        """What was taken, the newest first."""
        with self.database.read() as session:
            return ledger.ledger(session).rows


def entries(gateway: Installation) -> list[object]:
    return list(gateway.get("/ledger")["items"])


def test_an_injected_mail_is_in_the_ledger(gateway: Installation):
    raw = a_mail("carol@customer.example", subject="Through a pipe")

    taken = gateway.run(
        "inject", "--rcpt", f"support@{DOMAIN}", "--from", "carol@customer.example", given=raw
    )

    assert (taken.returncode, taken.stdout) == (0, b"")
    [entry] = gateway.get("/ledger", q="carol@customer.example")["items"]
    assert (entry["door"], entry["state"]) == ("inject", "received")


@pytest.mark.parametrize(
    ("given", "reverse_path"),
    [
        ([], "carol@customer.example"),
        (["--from", ""], ""),
        (["--from", "<bounces@x.example>"], "bounces@x.example"),
    ],
)
def test_without_a_reverse_path_an_injected_mail_comes_from_its_author(
    pipe: Pipe, given: list[str], reverse_path: str
):
    """A pipe that names none hands over a person's mail, which is no automatic one for that."""
    taken = pipe.inject(a_mail("carol@customer.example"), *given)

    assert taken.returncode == 0, taken.stderr
    assert pipe.ledger()[0].reverse_path == reverse_path


@pytest.mark.parametrize(
    ("locals", "words", "raw", "code"),
    [
        (["nobody"], [], a_mail("carol@customer.example"), 67),
        (["support", "nobody"], [], a_mail("carol@customer.example"), 67),
        (["support"], [], b"", 65),
        (["support"], [], b"From: carol@customer.example\r\n\r\n" + b"x" * 1_000_000, 65),
        (["support"], ["--from", "not an address"], a_mail("carol@customer.example"), 65),
    ],
    ids=["unknown", "one of two unknown", "empty", "large", "no address"],
)
def test_inject_says_by_its_exit_code_what_a_pipe_must_know(
    pipe: Pipe, locals: list[str], words: list[str], raw: bytes, code: int
):
    before = pipe.ledger()

    refused = pipe.inject(raw, *words, to=locals)

    assert (refused.returncode, refused.stdout) == (code, b"")
    assert len(refused.stderr.splitlines()) == 1
    assert pipe.ledger() == before  # the known one of two got nothing either


def test_further_recipients_may_follow_the_first_as_postfix_writes_them(pipe: Pipe):
    raw = a_mail("carol@customer.example", subject="To two")

    taken = pipe.inject(raw, f"postmaster@{DOMAIN}", "--from", "carol@customer.example")
    refused = pipe.inject(raw, f"nobody@{DOMAIN}")

    assert (taken.returncode, refused.returncode) == (0, 67), taken.stderr + refused.stderr
    with pipe.database.read() as session:
        newest = pipe.ledger()[0]
        targets = ledger.targets_of(session, [newest.id])[newest.id]
    assert [target.forward_path for target in targets] == [f"support@{DOMAIN}", f"postmaster@{DOMAIN}"]


@pytest.mark.parametrize("pattern", ["carol@customer.example", "@customer.example"])
def test_inject_asks_the_block_list_for_the_reverse_path(pipe: Pipe, pattern: str):
    raw = a_mail("carol@customer.example")
    with pipe.database.write() as session:
        partners.put_block(session, pattern, "no more", NOW)

    refused = pipe.inject(raw, "--from", "carol@customer.example")
    with pipe.database.write() as session:
        partners.delete_block(session, pattern)
    taken = pipe.inject(raw, "--from", "carol@customer.example")

    assert (refused.returncode, taken.returncode) == (65, 0)
    assert b"carol@customer.example is blocked" in refused.stderr


def test_inject_asks_to_try_again_when_the_store_is_away(tmp_path: Path):
    away = Installation(tmp_path, database_url="postgresql://nobody@127.0.0.1:1/nothing")

    done = away.run("inject", "--rcpt", f"support@{DOMAIN}", given=a_mail("carol@customer.example"))

    assert done.returncode == 75
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("file", ["threadpost.db", "keys.toml"])
def test_inject_asks_to_try_again_whatever_is_broken_at_ours(tmp_path: Path, file: str):
    """A pipe that exits with 1 and a traceback would make the mail bounce."""
    broken = Installation(tmp_path)
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / file).write_bytes(b"this is no database and no table of keys" * 200)

    done = broken.run("inject", "--rcpt", f"support@{DOMAIN}", given=a_mail("carol@customer.example"))

    assert (done.returncode, done.stdout) == (75, b""), done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr


def test_explain_tells_the_whole_journey_and_changes_nothing(gateway: Installation, tmp_path: Path):
    mail = tmp_path / "mail.eml"
    mail.write_bytes(a_mail("carol@customer.example", to=f"support@{DOMAIN}", subject="What would happen"))
    before = entries(gateway)

    told = gateway.run("explain", str(mail), "--rcpt", f"support@{DOMAIN}", "--rcpt", f"nobody@{DOMAIN}")

    assert told.returncode == 0, told.stderr
    lines = told.stdout.decode().splitlines()
    assert lines[0].startswith(f"support@{DOMAIN}: posted")
    assert any(line.split()[0] == "open" for line in lines)
    assert any(line.startswith(f"nobody@{DOMAIN}: refused") for line in lines)
    assert entries(gateway) == before
    assert gateway.get("/records", type="ticket", q="What would happen")["items"] == []


def test_a_login_link_is_printed_alone_and_works_once(gateway: Installation):
    gateway.api.put("/partners/ann@corp.example", json={"internal": True, "role": "admin"}).raise_for_status()

    link = gateway.run("login-link", "ann@corp.example")

    [url] = link.stdout.decode().splitlines()
    assert url.startswith(f"{gateway.base_url}/login?token=")
    token = url.partition("token=")[2]
    with httpx.Client(base_url=gateway.base_url) as browser:
        assert browser.get(url).status_code == 200
        first = browser.post("/login", data={"token": token}, headers={"Origin": gateway.base_url})
        again = browser.post("/login", data={"token": token}, headers={"Origin": gateway.base_url})
    assert first.status_code in (302, 303)
    assert again.status_code == 403


def test_token_create_prints_the_token_and_nothing_else(gateway: Installation):
    made = gateway.run("token", "create", "--name", "shop", "--scope", "read")

    [token] = made.stdout.decode().splitlines()
    assert made.returncode == 0
    assert token == token.strip() and " " not in token
    said = [
        httpx.get(
            f"{gateway.base_url}/api/v1/records", headers={"Authorization": f"Bearer {word}"}
        ).status_code
        for word in (token, token[:-1])
    ]
    assert said == [200, 401]


@pytest.mark.parametrize(
    ("wrong", "line", "named"),
    [
        ("[smtp]\n\nprot = 25\n", 3, "smtp.prot"),
        ('[[domains]]\nname = "a.example"\n[relay]\nurl = "carrier pigeon"\n', 4, "relay.url"),
    ],
)
def test_a_wrong_configuration_is_named_by_file_line_and_setting(
    tmp_path: Path, wrong: str, line: int, named: str
):
    installation = Installation(tmp_path)
    installation.config.write_text(wrong)

    done = installation.run("serve")

    assert done.returncode == 78
    assert f"{installation.config}:{line}" in done.stderr.decode()
    assert named in done.stderr.decode()
    assert b"Traceback" not in done.stderr
