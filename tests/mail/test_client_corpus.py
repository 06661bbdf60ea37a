"""Mails in the manner of many programs and languages: corpus/client, one row of expected.jsonl each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.mail.automatic import automatic_reason
from gateway.mail.parse import parse
from gateway.mail.quote import split
from gateway.mail.report import read_report

CORPUS = Path(__file__).parents[1] / "corpus"
ROWS = [json.loads(line) for line in (CORPUS / "client/expected.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_a_mail_is_read_as_a_person_would(row):
    mail = parse((CORPUS / "client" / row["file"]).read_bytes())
    cut = split("" if mail.text_is_derived else mail.text, mail.html)

    found = {
        "author": mail.author.addr_spec if mail.author else None,
        "author_name": mail.author.name if mail.author else None,
        "subject": mail.subject,
        "reply": cut.reply_text,
        "signature": cut.signature_text,
        "files": [file.name for file in mail.attachments],
        "types": [file.content_type for file in mail.attachments],
        "inline": [file.name for file in mail.attachments if file.inline],
    }

    assert {key: found[key] for key in row if key in found} == {
        key: row[key] for key in row if key in found
    }, row["why"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_a_person_wrote_it(row):
    mail = parse((CORPUS / "client" / row["file"]).read_bytes())

    assert automatic_reason(mail, "someone@lake.example") is None
    assert read_report(mail, "someone@lake.example") is None


def test_every_mail_of_the_corpus_has_a_row():
    assert {row["file"] for row in ROWS} == {path.name for path in (CORPUS / "client").glob("*.eml")}


def test_the_corpus_is_as_large_as_it_was_meant_to_be():
    robots = [json.loads(line) for line in (CORPUS / "auto/expected.jsonl").read_text("utf-8").splitlines()]

    assert len(list(CORPUS.rglob("*.eml"))) >= 150
    assert sum(row["automatic"] for row in robots) >= 40
    assert sum(not row["automatic"] for row in robots) >= 40
    assert len(json.loads((CORPUS / "quote/interleaved.json").read_text("utf-8"))) >= 30
