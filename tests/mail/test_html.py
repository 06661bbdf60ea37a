"""What strangers send as HTML is safe to show; text and HTML turn into each other without loss."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail import html

FORBIDDEN = re.compile(
    r"<(script|style|iframe|object|embed|form|input|svg|math|base|meta|link|video|audio)\b|\son\w+\s*=\s*[\"']|javascript:|\s(id|class|name|srcset)=",
    re.IGNORECASE,
)


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>Hello",
        "<scr<script>ipt>alert(1)</script>",
        "<p onclick='x()'>Hello</p>",
        '<a href=" jAvAsCrIpT:alert(1)">Hello</a>',
        '<a href="data:text/html,<script>1</script>">Hello</a>',
        "<svg><a xlink:href='javascript:1'><animate onbegin=x></svg>",
        "<math><mtext><style><img src=x onerror=alert(1)></style>",
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
        "<form action=https://evil.example><input name=q></form>",
        '<base href="https://evil.example"><meta http-equiv=refresh content=0>',
        '<div id=app class=modal name=x style="position:fixed;top:0;color:red">x</div>',
        '<p style="background:url(https://evil.example/x)">x</p>',
        "<template><img src=x onerror=1></template>",
    ],
)
def test_nothing_that_acts_survives(source: str) -> None:
    cleaned = html.clean(source)

    assert not FORBIDDEN.search(cleaned)
    assert "evil.example" not in cleaned
    assert "position" not in cleaned


def test_what_a_letter_is_made_of_survives() -> None:
    source = '<p style="color:red">Dear <b>Ann</b>,</p><ul><li>one</li></ul><blockquote>old</blockquote>'

    assert html.clean(source) == source


def test_links_carry_nothing_with_them() -> None:
    cleaned = html.clean('<a href="https://shop.example/x" target="_blank">shop</a>')

    assert cleaned == '<a href="https://shop.example/x" rel="noopener noreferrer nofollow ugc">shop</a>'


def test_remote_images_become_their_words_and_tracking_pixels_vanish() -> None:
    source = '<img src="https://t.example/a.png" alt="Our > logo"><img src="https://t.example/p.gif" width="1" height="1">'

    cleaned = html.clean(source)

    assert "t.example" not in cleaned and "<img" not in cleaned
    assert "[Our &gt; logo]" in cleaned


def test_inline_images_are_bound_to_their_files() -> None:
    source = '<img src="cid:logo@x" alt="Logo"><img src="cid:gone@x" alt="Gone"><img src="cid:a%40b">'

    cleaned = html.clean(source, {"logo@x": "/attachments/7?a=1&b=2", "a@b": "/attachments/8"})

    assert '<img src="/attachments/7?a=1&amp;b=2" alt="Logo">' in cleaned
    assert '<img src="/attachments/8">' in cleaned
    assert "[Gone]" in cleaned and "cid:" not in cleaned


def test_inline_images_wait_in_stored_html_until_it_is_shown() -> None:
    stored = html.clean('<img src="cid:logo@x" alt="Logo" onload="x()">')

    assert stored == '<img src="cid:logo@x" alt="Logo">'
    assert html.clean(stored, {"logo@x": "/attachments/7"}) == '<img src="/attachments/7" alt="Logo">'


def test_cleaning_twice_changes_nothing() -> None:
    once = html.clean('<p title="a<b">x<img src=https://t.example alt=y><a href=mailto:a@b.example>m</a>')

    assert html.clean(once) == once


@pytest.mark.parametrize(
    "source",
    [
        "<div>" * 50_000 + "words",
        "<table><tr><td>" * 20_000 + "words",
        "".join(f"<font size={n}>" for n in range(240)) + "<p>words" * 20_000,
        "<a " * 100_000 + ">words",
        "<" * 200_000 + " words",
        "<!--" * 100_000 + "-->words",
        "<noscript>" * 50_000 + "words",
        "<p>words</p>" * 200_000,
    ],
)
def test_no_html_takes_long(source: str) -> None:
    started = time.process_time()

    cleaned = html.clean(source)
    text = html.to_text(source)

    assert time.process_time() - started < 3
    assert len(cleaned) < 12 * len(source) + 1000
    assert "words" in text


def test_html_reads_as_text_with_its_layout() -> None:
    source = (
        "<html><head><title>no</title><style>p{}</style></head><body><p>Dear Ann,<br>thanks &amp; bye</p>"
        "<ul><li>one<li>two</ul><ol><li>first</li><li>second</li></ol>"
        "<blockquote>old<blockquote>older</blockquote></blockquote>"
        "<table><tr><td>a</td><td>b</td></tr></table><pre>x\n  y</pre><img src=x alt=Logo></body></html>"
    )

    assert html.to_text(source) == (
        "Dear Ann,\nthanks & bye\n\n- one\n- two\n\n1. first\n2. second\n\n"
        "> old\n>\n> > older\n\na b\n\nx\n  y\n\n[Logo]"
    )


def test_text_is_kept_however_deep_it_lies() -> None:
    assert html.to_text("<div>" * 5000 + "deep" + "</div>" * 5000 + "<p>after") == "deep\n\nafter"


def test_plain_text_becomes_paragraphs_with_links() -> None:
    made = html.from_text("Dear <Ann>,\nsee https://en.example/wiki/A_(b). Or ann@example.com!\n\nBye")

    rel = 'rel="noopener noreferrer nofollow ugc"'
    assert made == (
        f'<p>Dear &lt;Ann&gt;,<br>\nsee <a href="https://en.example/wiki/A_(b)" {rel}>https://en.example/wiki/A_(b)</a>.'
        f' Or <a href="mailto:ann@example.com" {rel}>ann@example.com</a>!</p>\n<p>Bye</p>'
    )


@given(st.text())
def test_no_text_becomes_markup(text: str) -> None:
    made = html.from_text(text)

    assert not re.search(r"<(?!/?p>|br>|a href=\"(?:https?://|mailto:)|/a>)", made)


@given(st.text(alphabet="<>/ abpdivsrcimg=\"'&;!-x", max_size=200))
def test_no_html_raises(source: str) -> None:
    assert not FORBIDDEN.search(html.clean(source))
    assert isinstance(html.to_text(source), str)
