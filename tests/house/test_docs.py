"""The documents say what the code does: RFC ledger, verbs, make targets, languages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli.main import VERBS

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [path for room in ("gateway", "store") for path in (ROOT / room).rglob("*.py")]


def rfcs(text: str) -> set[str]:
    return {
        number
        for found in re.findall(r"RFCs? ((?:\d{3,5}(?:, | and )?)+)", text)
        for number in re.findall(r"\d{3,5}", found)
    }


def test_every_rfc_that_the_code_cites_stands_in_the_ledger():
    ledger = (ROOT / "HACKING.md").read_text().partition("## RFC ledger")[2]
    listed = set(re.findall(r"\b\d{4}\b", ledger))

    cited = {number for path in SOURCES for number in rfcs(path.read_text())}

    assert cited - listed == set()


def test_every_verb_of_the_readme_exists_and_helps():
    named = set(re.findall(r"threadpost (?:--config \S+ )?([a-z][a-z-]+)", (ROOT / "README.md").read_text()))

    assert named - set(VERBS) <= {"via"}, "the README names a verb that does not exist"


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_says_what_it_does(verb: str):
    done = subprocess.run(
        [sys.executable, "-m", "gateway", verb, "--help"], cwd=ROOT, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 3


def test_the_make_targets_of_the_documents_exist():
    makefile = (ROOT / "Makefile").read_text()
    for document in ("README.md", "HACKING.md"):
        for target in re.findall(r"^ +make ([a-z]+)", (ROOT / document).read_text(), re.M):
            assert re.search(rf"^{target}:", makefile, re.M), f"{document} names make {target}"
