"""The links that an author newly wrote, and no other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.chatter.templates import with_signature
from gateway.mail.html import clean, from_text
from gateway.mail.links import LONGEST, host_of, new_links
from tests.growth import assert_linear

A, B = "https://a.example/1", "http://b.example/2"


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        (f"See {A} and {B}", [A, B], "in their order"),
        (f"{A} {B} {A} {A}#part", [A, B], "each once, wherever on the page it leads"),
        (f"Look ({A}). Or {B}!", [A, B], "punctuation is the sentence's"),
        ("https://a.example/x_(y)", ["https://a.example/x_(y)"], "brackets of its own stay"),
        ("https://a.example/?a=1&b=2&copy=3", ["https://a.example/?a=1&b=2&copy=3"], "no entity"),
        (f"Hello\n\n> see {A}\n\nI saw {B}", [B], "not what is quoted"),
        (f"I saw {B}\n\nOn 3 May 2026, Ann <ann@example.com> wrote:\n> {A}", [B], "nor the old mail below"),
        (f"Thanks, see {B}\n\n-- \nAnn\n{A}", [B], "nor a signature"),
        (f"FYI {B}\n\n-----Original Message-----\nFrom: X\nSent: Monday\nTo: y\nSubject: z\n\n{A}", [B], "nor a forwarded mail"),
        (f"> first\n\nYes, {B}\n\n> see {A}\n\nNo.", [B], "nor what stands between his answers"),
        (f"-----Original Message-----\nFrom: X\nSent: Monday\nTo: y\nSubject: z\n\nHi\n> {A}", [], "nor what another quoted"),
        ("ftp://a.example/ mailto:x@a.example a.example www.a.example", [], "no link for a browser, or none at all"),
        (f"https://a.example/{'x' * LONGEST}", [], "longer than anybody needs"),
        ("HTTPS://A.Example/B", ["HTTPS://A.Example/B"], "letters of either case"),
        ("", [], "nothing"),
    ],
)  # fmt: skip
def test_the_links_of_a_text(text: str, expected: list[str], why: str):
    assert list(new_links(from_text(text))) == expected, why


@pytest.mark.parametrize(
    ("html", "expected", "why"),
    [
        (f'<p><a href="{A}">here</a> or <a href="{B}">there</a></p>', [A, B], "where the elements lead"),
        (f'<a href="{A}">{B}</a>', [A], "words of a link are no link"),
        (f'<p>{B} <a href="{A}">x</a></p>', [B, A], "text and elements in their order"),
        ('<a href="https://a.example/?a=1&amp;b=2">x</a>', ["https://a.example/?a=1&b=2"], "entities read"),
        (f'<blockquote><a href="{A}">x</a></blockquote><p><a href="{B}">x</a></p>', [B], "not what is quoted"),
        (f'<p>{B}</p><div class="gmail_signature"><a href="{A}">x</a></div>', [B], "nor what calls itself a signature"),
        (f'<a href="javascript:alert(1)">x</a><a href="/r/1">x</a><a>{A}</a>', [A], "other addresses"),
        ('<a href="https://user:pw@a.example/">x</a>', [], "no passwords"),
    ],
)  # fmt: skip
def test_the_links_of_html(html: str, expected: list[str], why: str):
    assert list(new_links(html)) == expected, why


def test_a_signature_that_we_put_below_a_message_has_no_links_of_it():
    html, _ = with_signature(*[from_text(f"See {A}"), f"See {A}"], f"Ann\n{B}")

    assert list(new_links(html)) == [A]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.Example.COM/a", "www.example.com"), ("http://example.com:8080", "example.com"),
        ("https://example.com./", "example.com"), ("https://bücher.example/", "xn--bcher-kva.example"),
        ("http://[::1]/", "::1"), ("http://127.0.0.1/", "127.0.0.1"), ("http://１２７.0.0.1/", "127.0.0.1"),
        ("https://a.example@evil.example/", ""), ("https://a.example\\@evil.example/", ""), ("https:///x", ""),
        ("https://a.example:99999/", ""), ("https://a.example:0/", ""), ("https://a..example/", ""),
        ("https://a.example/\u202egnp.exe", ""), ("https://a.example/a b", ""), ("//a.example/", ""),
        ("https://a.example%2f@b/", ""), ("https://[::1/", ""), ("file:///etc/passwd", ""), ("", ""),
    ],
)  # fmt: skip
def test_the_host_of_a_url(url: str, host: str):
    assert host_of(url) == host


PIECES = st.lists(
    st.sampled_from(
        ["<a href=", '"', "'", ">", "</a>", "https://", "a.example", "/", "#", "(", ")", "<blockquote>", "&amp;", "-- ", "<br>", "\n", "@", ":", " ", "\u202e", "１"]
    )
    | st.text(max_size=5),
    max_size=60,
)  # fmt: skip


@given(PIECES)
def test_whatever_a_body_holds_each_link_is_one_that_can_be_followed(pieces: list[str]):
    body = "".join(pieces)

    for html in (body, clean(body), from_text(body)):
        found = list(new_links(html))
        assert len(found) == len(set(found))
        assert all(host_of(url) and "#" not in url and len(url) <= LONGEST for url in found)


@pytest.mark.parametrize("piece", ["<a href=", "https://a.example/(((", "<a href='https://", "https://)))", "<blockquote>", '<a href="https://a.example/1'])  # fmt: skip
def test_many_of_anything_take_linear_time(piece: str):
    assert_linear(lambda count: list(new_links(f"://{piece * count}")), 12_000, quick=0.5, roof=10)
