"""A mail of one megabyte is cut in under half a second, or at least in linear time, whatever its writer thought up."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.mail import quote
from tests.growth import assert_linear

MEGABYTE = 1_000_000
LIMIT = 0.5  # seconds of CPU; beyond it, as on a loaded machine, the growth is looked at
ROOF = 5.0

HOSTILE = st.sampled_from(
    ["\n", ">", ">\n", "> a\n", "On a\n", "On a:\n", "On 1 ", "wrote:\n", "wrote: ", "-", "--\n", "-- \n", "_", "=\n", "a:\n", ":\n",
     "From:\n", "From: a@b\n", "Date: 1\n", "1:11\n", "a@b:\n", "<a@b>\n", "<", "<a ", '<a b="', "<!--", "<div>", "</div>", "<br>",
     "<blockquote>", "</blockquote>a", "<pre>\n", "<hr id=zwchr>", "<p style='display:none'>", "&", "&amp;", "@", "x@", "> a\nb\n",
     "```\n", ">>> a\n", "1c1\n", "A> a\n", "| a\n", "Sent from my iPhone\n", "confidential disclaimer ", "reply above th", " ", "\t",
     "\r", "\r\n", "\u3000", "在", "：\n", '"', "a" * 50_000 + "\n", "x " * 25_000, "-" * 50_000, "-----Forwarded message\n",
     "On 1.1.2026 10:00 a@b.example wrote:\n", "----- "]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(HOSTILE, min_size=1, max_size=3).map("".join), st.booleans())
def test_a_megabyte_is_cut_in_linear_time(piece, as_html):
    body = (piece * (MEGABYTE // len(piece) + 1))[:MEGABYTE]

    assert_linear(
        lambda size: quote.split("", body[:size]) if as_html else quote.split(body[:size]),
        MEGABYTE,
        quick=LIMIT,
        roof=ROOF,
    )
