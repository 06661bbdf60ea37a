"""Mails of robots and look-alikes written by people: corpus/auto, one row of expected.jsonl each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.mail.automatic import automatic_reason, kind
from gateway.mail.parse import parse
from gateway.mail.report import read_report

CORPUS = Path(__file__).parents[1] / "corpus" / "auto"
ROWS = [json.loads(line) for line in (CORPUS / "expected.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_a_robot_is_told_from_a_person(row):
    mail = parse((CORPUS / row["file"]).read_bytes())

    reason = automatic_reason(mail, row["reverse_path"])

    assert (reason is not None) is row["automatic"], (row["why"], reason)
    assert kind(mail, row["reverse_path"]) == row["kind"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_none_of_them_is_a_report(row):
    mail = parse((CORPUS / row["file"]).read_bytes())

    assert read_report(mail, row["reverse_path"]) is None


def test_every_mail_of_the_corpus_has_a_row():
    assert {row["file"] for row in ROWS} == {path.name for path in CORPUS.glob("*.eml")}
