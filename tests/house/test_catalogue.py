"""The catalogue of HACKING.md names a test for every behaviour that is ours to have, and each of them exists."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_ROW = re.compile(r"^\| (T\d{3}) \| (done|by design|later|not ours) \| (.+) \|$", re.M)
_TEST = re.compile(r"^(?:async )?def (test_\w+)", re.M)
_NAMED = re.compile(r"`(test_\w+)`")


def catalogue() -> dict[str, tuple[str, str]]:
    """T-line -> (state, what stands beside it)."""
    text = (ROOT / "HACKING.md").read_text().partition("## Catalogue of behaviours")[2].partition("\n## ")[0]
    return {line: (state, words) for line, state, words in _ROW.findall(text)}


def names_of_tests() -> set[str]:
    return {name for path in (ROOT / "tests").rglob("test_*.py") for name in _TEST.findall(path.read_text())}


def test_the_catalogue_names_only_tests_that_exist():
    known = names_of_tests()

    for line, (_, words) in catalogue().items():
        assert set(_NAMED.findall(words)) <= known, line


def test_what_is_done_has_a_proof_and_what_is_not_has_its_reason():
    rows = catalogue()

    assert len(rows) > 140
    for line, (state, words) in rows.items():
        if state in ("done", "by design"):
            assert _NAMED.search(words), f"{line} is {state} and names no test"
        else:
            assert len(words) > 10, f"{line} is {state} without a reason"


def test_every_test_that_bears_the_number_of_a_line_stands_beside_it():
    rows = catalogue()
    numbered: dict[str, set[str]] = defaultdict(set)
    for name in names_of_tests():
        for number in re.findall(r"(?:^test|_)_?t(\d{3})(?=_)", name):
            numbered[f"T{number}"].add(name)

    for line, names in numbered.items():
        assert line in rows, f"{sorted(names)} bear a number that the catalogue does not have"
        assert names <= set(_NAMED.findall(rows[line][1])), line
