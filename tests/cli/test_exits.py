"""Every end of a command has a code of sysexits.h and says what was wrong, in one line and without a traceback."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import a_mail
from tests.promised import EXAMPLE
from tests.served import ROOT, Installation

OVER = str(2**63)  # one more than an id can be


ENDS = [
    (("ledger", "show", OVER), 64, OVER),
    (("ledger", "raw", OVER), 64, OVER),
    (("ledger", "list", "--limit", OVER), 64, "--limit"),
    (("ledger", "list", "--limit", "0"), 64, "--limit"),
    (("ledger", "list", "--state", "nope"), 64, "--state"),
    (("ledger", "show", "99"), 65, "99"),
    (("ledger", "raw", "99"), 65, "99"),
    (("replay", OVER), 64, OVER),
    (("replay", "99"), 65, "99"),
    (("queue", "list", "--limit", OVER), 64, "--limit"),
    (("queue", "list", "--limit", "-1"), 64, "--limit"),
    (("queue", "list", "--state", "nope"), 64, "--state"),
    (("queue", "retry", OVER), 64, OVER),
    (("queue", "drop", OVER), 64, OVER),
    (("queue", "retry", "99"), 65, "no delivery 99"),
    (("queue", "drop", "99", "--json"), 65, "no delivery 99"),
    (("token", "revoke", OVER), 64, OVER),
    (("token", "revoke", "99"), 65, "no token 99"),
    (("token", "create", "--name", " ", "--scope", "read"), 64, "--name"),
    (("token", "create", "--name", "x", "--scope", ","), 64, "--scope"),
    (("token", "create", "--name", "x", "--scope", "read", "--record-type", "nope"), 64, "--record-type"),
    (("explain", "/nonexistent"), 66, "/nonexistent"),
    (("explain", "/tmp"), 66, "/tmp"),
    (("parse", "--json", "/nonexistent"), 66, "/nonexistent"),
    (("dkim", "dns"), 78, "dkim_key"),
    (("dkim", "keygen", "/nonexistent/key.pem"), 73, "/nonexistent/key.pem"),
    (("dkim", "keygen", str(ROOT / "Makefile")), 73, "Makefile"),
    (("db", "backup", str(ROOT / "Makefile")), 73, "Makefile"),
    (("db", "backup", "/dev/null/copy"), 73, "/dev/null/copy"),
]
ONE_BY_ONE = """
import contextlib, io, json, sys
from gateway.cli.main import main

for words in json.load(sys.stdin):
    sys.argv, said, code = ["threadpost", *words], io.StringIO(), 0
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            main()
        except SystemExit as end:
            code = end.code
    print(json.dumps([code, said.getvalue()]), flush=True)
"""


def test_what_cannot_be_done_has_its_code_and_names_what_was_wrong(installation: Installation):
    """One process runs them all, because most of what a command takes is the start of its process."""
    config = ["--config", str(installation.config)]
    asked = json.dumps([[*words, *config] for words, _, _ in ENDS]).encode()

    done = subprocess.run(
        [sys.executable, "-c", ONE_BY_ONE], input=asked, cwd=ROOT, capture_output=True, timeout=60
    )

    ends = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(ends) == len(ENDS), done.stderr
    wrong = [
        (" ".join(words), code, said)
        for (words, expected, named), (code, said) in zip(ENDS, ends, strict=True)
        if code != expected or named not in said or "Traceback" in said
    ]
    assert wrong == []


def test_a_restore_from_no_backup_says_so(tmp_path: Path):
    done = Installation(tmp_path).run("db", "restore", str(tmp_path))

    assert (done.returncode, b"holds no backup" in done.stderr) == (66, True)


@pytest.mark.parametrize(
    ("url", "code", "named"),
    [
        ("mysql://root:secret@localhost/x", 78, "data.database_url"),
        ("sqlite:////dev/null/threadpost.db", 78, "data.database_url"),
        ("postgresql://nobody:secret@127.0.0.1:1/nothing", 75, "127.0.0.1:1/nothing"),
        (f"sqlite:///{ROOT / 'Makefile'}", 75, "Makefile"),
    ],
)
def test_a_server_without_a_database_names_it(tmp_path: Path, url: str, code: int, named: str):
    done = Installation(tmp_path, database_url=url).run("serve")

    said = done.stderr.decode()
    assert done.returncode == code, said
    assert named in said and "Traceback" not in said and "secret" not in said


@pytest.mark.parametrize("verb", [("config", "check"), ("serve",), ("db", "check")])
def test_a_setting_that_cannot_work_ends_in_78(tmp_path: Path, verb: tuple[str, ...]):
    installation = Installation(tmp_path)
    text = installation.config.read_text()
    installation.config.write_text(text.replace("[data]", '[data]\nblob_url = "s3://bucket"'))

    done = installation.run(*verb)

    assert done.returncode == 78 and b"data.blob_url" in done.stderr


def test_a_data_directory_that_is_none_is_laid_to_its_setting(tmp_path: Path):
    installation = Installation(tmp_path)
    (tmp_path / "var").write_text("")

    done = installation.run("ledger", "list")

    assert done.returncode == 78 and b"data.dir" in done.stderr


def test_a_schema_that_does_not_fit_is_wrong_data(tmp_path: Path):
    installation = Installation(tmp_path)

    before = installation.run("db", "check")
    installation.run("db", "migrate")

    assert (before.returncode, installation.run("db", "check").returncode) == (65, 0)


def test_a_doctor_who_finds_something_says_all_he_finds(tmp_path: Path):
    """The relay is not there; that the database is a table of something else hides nothing of it."""
    installation = Installation(tmp_path, database_url=f"sqlite:///{ROOT / 'Makefile'}")
    text = installation.config.read_text()
    installation.config.write_text(text.replace('url = ""', 'url = "smtp://127.0.0.1:1"'))

    done = installation.run("doctor")

    bad = [line for line in done.stdout.decode().splitlines() if line.startswith("BAD")]
    assert done.returncode == 69 and b"Traceback" not in done.stderr
    assert any("Makefile" in line for line in bad) and any("127.0.0.1:1" in line for line in bad)


def test_files_that_can_be_read_are_parsed_beside_one_that_cannot(tmp_path: Path, installation: Installation):
    files = [tmp_path / name for name in ("a.eml", "gone.eml", "b.eml")]
    for file in (files[0], files[2]):
        file.write_bytes(a_mail("carol@customer.example", subject=file.name))

    done = installation.run("parse", "--json", *map(str, files))

    first, missing, last = map(json.loads, done.stdout.decode().splitlines())
    assert done.returncode == 66
    assert (first["subject"], last["subject"]) == ("a.eml", "b.eml")
    assert missing == {"file": str(files[1]), "error": "No such file or directory"}


def test_a_file_whose_name_is_in_no_character_set_is_parsed_like_any(
    tmp_path: Path, installation: Installation
):
    file = tmp_path / os.fsdecode(b"caf\xe9.eml")
    file.write_bytes(a_mail("carol@customer.example", subject="Coffee"))

    done = installation.run("parse", "--json", str(file))

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["subject"] == "Coffee"


def test_the_configuration_may_be_named_anywhere(tmp_path: Path, installation: Installation):
    mail = tmp_path / "mail.eml"
    mail.write_bytes(a_mail("carol@customer.example"))
    for words in (("parse", "--json", str(mail)), ("dkim", "keygen", str(tmp_path / "k.pem")), ("config", "describe")):  # fmt: skip
        assert installation.run(*words).returncode == 0, words  # it stands after the verb

    for place in range(3):
        words = ["config", "show"]
        words[place:place] = ["--config", str(installation.config)]
        shown = subprocess.run(
            [sys.executable, "-m", "gateway", *words], cwd=ROOT, capture_output=True, check=True
        )
        assert json.loads(shown.stdout)["data"]["dir"] == str(installation.directory / "var")


def test_the_configuration_that_must_always_work_works_in_every_verb(tmp_path: Path):
    """DESIGN section 8, letter for letter but for the ports and what it calls optional."""
    installation = Installation(tmp_path)
    ports = iter([installation.smtp, installation.lmtp, installation.web, installation.web, 25])
    text = re.sub(r"(port = |127\.0\.0\.1:)\d+", lambda found: f"{found[1]}{next(ports)}", EXAMPLE)
    installation.config.write_text(text.replace('dir = "var"', f'dir = "{tmp_path / "var"}"'))

    checked = installation.run("config", "check")
    running = installation.start()

    assert checked.returncode == 0, checked.stderr
    assert running.stop() == 0
    installation.close()
