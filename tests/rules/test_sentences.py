"""What the log says in our own words is known again, and what others said is left alone."""

from __future__ import annotations

import pytest

from gateway.rules.sentences import translated
from gateway.templating import Templates, templates_directory

ITALIAN = Templates(templates_directory()).wording("it")


@pytest.mark.parametrize(("stored", "shown"), [
    ("Task created", "Creazione: Task"),
    ("Task created\nFrom the web shop", "Creazione: Task\nFrom the web shop"),
    ("Task created\nCopied from Task 7 (Pump)", "Creazione: Task\nCopiato da Task 7 (Pump)"),
    ("1 message moved to Task 8 (Pump)", "1 messaggio spostato in Task 8 (Pump)"),
    ("12 messages moved to Task 8", "12 messaggi spostati in Task 8"),
    ("Split from Task 7: 12 messages", "Separato da Task 7: 12 messaggi"),
    ("Task 7 (Pump) is now Order 7 (Pump)", "Task 7 (Pump) è ora Order 7 (Pump)"),
    ("Task 7 was merged into this", "Task 7 è confluito qui"),
    ("Alice invited Bob & Co.", "Alice ha invitato Bob & Co."),
])  # fmt: skip
def test_a_sentence_of_ours_is_said_in_another_language(stored: str, shown: str):
    assert ITALIAN.told(stored) == shown


@pytest.mark.parametrize("text", [
    "", "The pump is now dry", "A new order was created", "100%", "Stage: New -> Won", "x" * 100_000 + " created",
])  # fmt: skip
def test_what_others_said_stays_as_it_is(text: str):
    assert ITALIAN.told(text) == text
    assert translated(text, str.upper) == text
