"""What a search found is marked as it stands in the text, whatever stands between its words."""

from __future__ import annotations

import pytest

from gateway.chatter.highlight import highlights
from store.search import phrases

CASES = [
    ("4711/B", "Order 4711 B is open", "Order <mark>4711 B</mark> is open", "other signs between the words"),
    ("4711 B", "Order 4711/B", "Order <mark>4711</mark>/<mark>B</mark>", "words by themselves"),
    ('"blue printer"', "a Blue\n printer", "a <mark>Blue printer</mark>", "a line break between the words"),
    ("a.b@c.example", "write to A.B@C.example!", "write to <mark>A.B@C.example</mark>!", "an address"),
    ("cafe", "Two CAFÉS & more", "Two <mark>CAFÉ</mark>S &amp; more", "accents, case and a longer word"),
    ("rint", "The printer", "The p<mark>rint</mark>er", "part of a word, where no word begins so"),
    ("print", "reprint, printer", "reprint, <mark>print</mark>er", "the beginning of a word first"),
    ("打印机", "会议室的打印机坏了", "会议室的<mark>打印机</mark>坏了", "a script without blanks"),
    ("strasse", "Lange Straße 5", "Lange <mark>Straße</mark> 5", "letters that fold to two"),
    ('"(a b"', "x (a) [b] y", "x (<mark>a) [b</mark>] y", "brackets"),
    (
        "snake_case",
        "snake case, snake-case",
        "<mark>snake case</mark>, <mark>snake-case</mark>",
        "underscores",
    ),
]


@pytest.mark.parametrize(("query", "text", "shown", "why"), CASES)
def test_f04_what_was_found_is_marked(query: str, text: str, shown: str, why: str):
    assert highlights([text], phrases(query)) == [shown], why


def test_what_is_not_there_marks_nothing():
    assert highlights(["4711B"], phrases("4711/B")) == []


def test_each_part_of_a_message_is_shown_by_itself():
    found = highlights(["Pump offer", "Here is the pump.", "pump.pdf"], phrases("pump"))

    assert found == ["<mark>Pump</mark> offer", "Here is the <mark>pump</mark>.", "<mark>pump</mark>.pdf"]


def test_the_beginning_of_a_word_in_one_part_spares_the_insides_in_the_others():
    assert highlights(["reprint", "a printer"], phrases("print")) == ["a <mark>print</mark>er"]
