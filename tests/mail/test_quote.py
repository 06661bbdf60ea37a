"""What a person newly wrote, and what only stands below or between."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail import quote

INTRO = "On 3 May 2026, at 10:00, Ann Example <ann@example.com> wrote:"

UNTOUCHED = {
    "a form with a From that is a place": "Please book:\n\nFrom: Berlin\nTo: Munich\nDate: 3 May\n\nThanks.",
    "a quotation mark in fenced code": "Run this:\n\n```\n> select 1;\n-- comment\nOn 3 May 2026 Ann wrote:\n```\n\nand tell me.",
    "a diff": "The change:\n\n3c3\n< old line\n---\n> new line\n\nIs it right?",
    "a unified diff": "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-old\n+new",
    "a Python prompt": "I tried:\n\n>>> import os\n>>> os.getcwd()\n'/tmp'\n\nand it works.",
    "a table": "| a | b |\n| - | - |\n| 1 | 2 |",
    "a rule between parts": "First part\n---\nSecond part, which goes on and on and on.\n\nThird part.",
    "a quotation by hand": "You said:\n\n> the pump is blue\n\nbut it is red.",
    "a sentence that names a date and a verb": "On 3 May 2026 the server said:\n\nError 500.\n\nPlease help.",
    "a sentence of one's own": "Hello,\n\nam 03.05.2026 schrieb ich Ihnen folgendes:\n\nDie Pumpe ist kaputt.",
    "a heading underlined": "Price list\n==========\n\nPump 3.50\n-----\nValve 4.00",
    "a photo sent from a phone": "I sent you the photo from my phone",
    "a sentence that begins like a phone's": "Sent from my desk, since I have no phone with me today.",
    "a closing formula": "It fits.\n\nKind regards,\nAnn Example\nAcme Corp",
    "dashes in a list": "- one\n- two\n-- three",
    "a header block in words": "Von: der Sonne\nAn: den Mond\nBetreff: nichts",
}

INTERLEAVED = [
    (
        f"Hi,\n{INTRO}\n> How many?\nTen.\n> And when?\nOn Monday.\n",
        "Hi,\n\n> How many?\nTen.\n> And when?\nOn Monday.",
    ),
    (
        f"{INTRO}\n> How many?\n\nTen.\n\n> And when?\n\nOn Monday.\n\n> Regards\n> Ann\n",
        "> How many?\n\nTen.\n\n> And when?\n\nOn Monday.",
    ),
    ("> How many?\nten\n> And when?\non Monday\n", "> How many?\nten\n> And when?\non Monday"),
    (
        f"{INTRO}\n> One: how many?\n> Two: when?\n\nTen, on Monday.\n\n> Three: the price?\n",
        "> One: how many?\n> Two: when?\n\nTen, on Monday.",
    ),
    (
        "See below.\n\n> How many?\nTen.\n> When?\nMonday.\n\n-- \nBob\n",
        "See below.\n\n> How many?\nTen.\n> When?\nMonday.",
    ),
]


CORPUS = json.loads((Path(__file__).parents[1] / "corpus/quote/interleaved.json").read_text("utf-8"))


@pytest.mark.parametrize("mail", CORPUS, ids=lambda mail: mail["about"])
def test_inline_answers_of_many_tongues_stay_where_they_are(mail):
    assert quote.split(mail["text"]).reply_text == mail["new"]


@pytest.mark.parametrize("why", UNTOUCHED)
def test_what_a_person_wrote_stays_whole(why):
    assert quote.split(UNTOUCHED[why]).reply_text == UNTOUCHED[why]


@pytest.mark.parametrize(("text", "new"), INTERLEAVED)
def test_an_inline_answer_keeps_the_lines_that_it_answers(text, new):
    assert quote.split(text).reply_text == new


def test_a_bottom_post_loses_the_quotation_above_it():
    parts = quote.split(f"{INTRO}\n> Does it fit?\n> Ann\n\nYes, it does.\n\n> -- \n> Ann\n")

    assert parts.reply_text == "Yes, it does."


def test_text_above_and_below_one_quotation_is_kept():
    assert quote.split(f"Hello Ann,\n\n{INTRO}\n> Does it fit?\n\nYes.").reply_text == "Hello Ann,\n\nYes."


def test_the_segments_name_each_part_in_order():
    text = f"Yes.\n\n-- \nBob\n\n{INTRO}\n> Does it fit?\n"

    parts = quote.segments(text)

    assert [(part.kind, text[part.start : part.end]) for part in parts] == [
        ("new", "Yes.\n\n"),
        ("signature", "-- \nBob\n\n"),
        ("quoted", f"{INTRO}\n> Does it fit?\n"),
    ]


def test_small_print_is_set_apart():
    small = "This e-mail and its attachments are confidential. If you are not the intended recipient, please delete it at once."

    assert [part.kind for part in quote.segments(f"It fits.\n\n{small}")] == ["new", "disclaimer"]
    assert quote.split(small).reply_text == small


def test_our_marker_cuts_at_its_line_with_the_attribution_above():
    text = "Done.\n\nHouse <reply@house.example> schrieb am 3.5.2026 10:00:\n\n##- Please reply above this line -##\nAnn: hello\n"

    parts = quote.split(text)

    assert parts.reply_text == "Done."
    assert parts.quoted_text.startswith("House")


def test_our_own_notification_sent_back_unanswered_is_no_new_text():
    assert quote.split("##- Please reply above this line -##\n\nAnn: hello\n").reply_text == ""


def test_text_under_a_bare_attribution_is_kept_when_nothing_else_is_there():
    assert quote.split(f"{INTRO}\n\n    2 + 2\n\nShould be 5.").reply_text == "    2 + 2\n\nShould be 5."


def test_a_forward_with_a_comment_leaves_the_comment():
    text = "For you.\n\nBegin forwarded message:\n\n> From: Ann <ann@example.com>\n> Subject: Pump\n>\n> Old words.\n"

    assert quote.split(text).reply_text == "For you."
    assert [part.kind for part in quote.segments(text)] == ["new", "forwarded"]


def test_a_line_that_was_broken_off_a_quoted_one_is_quoted():
    text = f"Fine.\n\n{INTRO}\n> This is a line that was so long that the program broke it in the very\nmiddle\n> of a sentence.\n"

    assert quote.split(text).reply_text == "Fine."


def test_an_attribution_may_begin_in_the_middle_of_a_line():
    assert (
        quote.split("yes On Wed, Mar 4, 2026 at 3:59 PM, ann@example.com wrote:\n> Fits?").reply_text == "yes"
    )


LINES = st.sampled_from(
    ["", "text", "> quoted", INTRO, "-- ", "--", "____", "From: a@b.example", "Sent: 3 May 2026", "Subject: x", "```", ">>> a",
     "Sent from my iPhone", "-----Original Message-----", "##- Please reply above this line -##", "AB> x", "| x", ">", "a:"]
)  # fmt: skip


@given(st.lists(LINES, max_size=30).map("\n".join))
def test_the_segments_joined_are_the_text(text):
    parts = quote.segments(text)

    assert "".join(text[part.start : part.end] for part in parts) == text
    assert {part.kind for part in parts} <= {"new", "quoted", "signature", "forwarded", "disclaimer"}


@given(st.text(max_size=300))
def test_any_text_is_split_without_loss(text):
    parts = quote.split(f"a {text}")
    kept = f"{parts.reply_text} {parts.quoted_text} {parts.signature_text}".split()

    assert [word for word in text.split() if word not in kept and word.strip("-—_")] == []
