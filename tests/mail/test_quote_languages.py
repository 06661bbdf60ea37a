"""Attributions, header blocks and phone signatures as programs write them in their languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.mail import quote

FORMS = json.loads((Path(__file__).parents[1] / "corpus/quote/languages.json").read_text("utf-8"))
ANSWER = "Thanks, that works for me."
OLD = "Older words stand here."


@pytest.mark.parametrize("sentence", FORMS["attributions"] + FORMS["titles"])
@pytest.mark.parametrize("below", [f"\n> {OLD}\n> {OLD}\n", f"{OLD}\n\n{OLD}\n"], ids=["marked", "plain"])
@pytest.mark.parametrize("gap", ["\n", "\n\n"], ids=["close", "apart"])
def test_an_attribution_ends_the_answer(sentence, below, gap):
    assert quote.split(f"{ANSWER}{gap}{sentence}\n{below}").reply_text == ANSWER


@pytest.mark.parametrize(
    "sentence", [s for s in FORMS["attributions"] if "<ann@example.com>" in s and "--" not in s]
)
def test_an_attribution_may_be_wrapped_before_its_verb(sentence):
    first, _, last = sentence.rpartition(" ")

    assert quote.split(f"{ANSWER}\n\n{first}\n{last}\n\n> {OLD}\n").reply_text == ANSWER


@pytest.mark.parametrize("block", FORMS["header_blocks"])
@pytest.mark.parametrize(
    "above", ["\n\n", "\n________________________________\n", "\n\n-----Original Message-----\n"]
)
def test_a_header_block_ends_the_answer(block, above):
    assert quote.split(f"{ANSWER}{above}{block}\n\n{OLD}\n").reply_text == ANSWER


@pytest.mark.parametrize("block", FORMS["header_blocks"])
def test_a_forwarded_mail_alone_is_content(block):
    parts = quote.split(f"---------- Forwarded message ----------\n{block}\n\n{OLD}\n")

    assert parts.reply_text == OLD
    assert block in parts.quoted_text


@pytest.mark.parametrize("line", FORMS["sent_from"])
def test_a_line_of_the_phone_is_a_signature(line):
    parts = quote.split(
        f"{ANSWER}\n\n{line}\n\nOn 3 Mar 2026, at 09:15, Ann <ann@example.com> wrote:\n\n> {OLD}\n"
    )

    assert parts.reply_text == ANSWER
    assert parts.signature_text == line
