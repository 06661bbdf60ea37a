"""Message-IDs hold threads together, so they are read from whatever careless programs write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail import ids


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<a@x.example>", ("<a@x.example>",)),
        ("<a@x.example> <b@x.example>", ("<a@x.example>", "<b@x.example>")),
        ("<a@x.example><a@x.example>", ("<a@x.example>",)),
        ("<long@ x.example>", ("<long@x.example>",)),  # folded inside the id
        ("Your letter of Monday <a@x.example> (Ann)", ("<a@x.example>",)),
        ("a@x.example, b@x.example", ("<a@x.example>", "<b@x.example>")),
        ("<no-at-sign>", ("<no-at-sign>",)),
        ("<>", ()),
        ("", ()),
        ("about your letter", ()),
    ],
)
def test_ids_are_found_among_rubbish(value: str, expected: tuple[str, ...]) -> None:
    assert ids.message_ids(value) == expected


def test_a_new_id_is_read_back() -> None:
    made = ids.make("0123456789ABCDEF" * 2, "Threads.Example")

    assert made == "<0123456789abcdef0123456789abcdef@threads.example>"
    assert ids.message_ids(made) == (made,)


@given(st.text(max_size=300))
def test_no_id_holds_what_could_break_a_header(value: str) -> None:
    for one in ids.message_ids(value):
        assert one.startswith("<") and one.endswith(">")
        assert one.isprintable() and " " not in one
