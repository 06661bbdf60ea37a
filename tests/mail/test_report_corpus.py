"""Reports of mail systems and mails that only look like them: corpus/bounce, one row of expected.jsonl each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.mail.parse import parse
from gateway.mail.report import read_report

CORPUS = Path(__file__).parents[1] / "corpus" / "bounce"
ROWS = [json.loads(line) for line in (CORPUS / "expected.jsonl").read_text("utf-8").splitlines()]
REPORTS = [row for row in ROWS if row["kind"]]
OTHERS = [row for row in ROWS if not row["kind"]]


@pytest.mark.parametrize("row", REPORTS, ids=lambda row: row["file"])
def test_a_report_is_read(row):
    report = read_report(parse((CORPUS / row["file"]).read_bytes()), row["reverse_path"])

    assert report is not None, row["why"]
    assert report.kind == row["kind"], row["why"]
    assert [r.address for r in report.recipients] == row["recipients"], row["why"]
    assert (report.status, report.hard) == (row["status"], row["hard"]), (row["why"], report.reason)
    assert report.original_message_id == row["original_message_id"]
    assert report.reason


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row["file"])
def test_other_mail_is_not_taken_for_a_report(row):
    report = read_report(parse((CORPUS / row["file"]).read_bytes()), row["reverse_path"])

    assert report is None, row["why"]


def test_every_mail_of_the_corpus_has_a_row():
    assert {row["file"] for row in ROWS} == {path.name for path in CORPUS.glob("*.eml")}
