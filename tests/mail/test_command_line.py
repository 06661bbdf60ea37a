"""What is left of a mail when the line that is a command is taken out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.command_line import is_closing, without

TEXTS = {  # text, HTML -> what is left of both
    "no line": ("I said /leave but stay", "<p>I said /leave but stay</p>", None),
    "alone": ("/leave", "<p>/leave</p>", ("", "")),
    "with blanks and capitals": (" \t/LEAVE ", "", ("", "")),
    "twice": ("/leave\nYes\n/leave", "", ("Yes", "<p>Yes</p>")),
    "a line of a paragraph": ("Yes\n/leave\nNo", "<p>Yes<br>/leave<br>No</p>", ("Yes\nNo", "<p>Yes<br>No</p>")),
    "the HTML runs on": ("Yes\n/leave", "<p>Yes /leave</p>", ("Yes", "<p>Yes</p>")),
    "quoted": ("> /leave", "<blockquote>/leave</blockquote>", None),
}  # fmt: skip


@pytest.mark.parametrize(("text", "html", "left"), TEXTS.values(), ids=TEXTS)
def test_the_line_goes_and_the_rest_stays(text: str, html: str, left: tuple[str, str] | None):
    assert without("/leave", text, html) == left


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Thanks!", ""), ("Cordiali saluti\nMario Rossi", ""), ("Viele Grüße,\n\nAnn\nAcme Corp\n+49 30 1234", ""),
        ("mario", "Mario Rossi"),
    ],
)  # fmt: skip
def test_a_closing_formula_and_a_name_say_nothing(text: str, name: str):
    assert without("/leave", f"/leave\n{text}", "", name=name) == ("", "")


@pytest.mark.parametrize(
    "text", ["Thanks for the pump", "Regards\nPlease send the invoice to my office in Berlin instead", "Mario",
             "Thanks\nWho takes over?"],
)  # fmt: skip
def test_whatever_says_more_is_kept(text: str):
    assert not is_closing(text)
    assert without("/leave", f"/leave\n{text}", "") is not None
    assert without("/leave", f"/leave\n{text}", "")[0] == text  # type: ignore[index]


@given(st.text(alphabet="ab <>/\n&leav", max_size=60), st.text(alphabet="ab <>/\n&leavp", max_size=60))
def test_no_line_of_it_is_left_and_no_other_line_is_lost(text: str, html: str):
    left = without("/leave", text, html)

    if left is not None and left[0]:
        kept = [line.strip() for line in text.split("\n") if line.strip() and line.strip() != "/leave"]
        assert [line.strip() for line in left[0].split("\n") if line.strip()] == kept
