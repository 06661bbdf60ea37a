"""The verbs that other programs call: what they print, how they exit, what they leave alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.builders import a_mail
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
    gateway: Installation, given: list[str], reverse_path: str
):
    """A pipe that names none hands over a person's mail, which is no automatic one for that."""
    raw = a_mail("carol@customer.example")

    taken = gateway.run("inject", "--rcpt", f"support@{DOMAIN}", *given, given=raw)

    assert taken.returncode == 0, taken.stderr
    assert gateway.get("/ledger", limit="1")["items"][0]["reverse_path"] == reverse_path


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
    tmp_path: Path, locals: list[str], words: list[str], raw: bytes, code: int
):
    rcpts = [word for name in locals for word in ("--rcpt", f"{name}@{DOMAIN}")]
    here = Installation(tmp_path)

    refused = here.run("inject", *rcpts, *words, given=raw)

    assert (refused.returncode, refused.stdout) == (code, b"")
    assert len(refused.stderr.splitlines()) == 1
    assert here.run("ledger", "list", "--json").stdout == b""  # the known one of two got nothing either


@pytest.mark.parametrize("pattern", ["carol@customer.example", "@customer.example"])
def test_inject_asks_the_block_list_for_the_reverse_path(gateway: Installation, pattern: str):
    gateway.api.put(f"/blocks/{pattern}", json={"reason": "no more"}).raise_for_status()
    words = ("inject", "--rcpt", f"support@{DOMAIN}", "--from", "carol@customer.example")

    refused = gateway.run(*words, given=a_mail("carol@customer.example"))
    gateway.api.delete(f"/blocks/{pattern}").raise_for_status()
    taken = gateway.run(*words, given=a_mail("carol@customer.example"))

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
