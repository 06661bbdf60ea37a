"""What a page says of itself, in whatever way, and nothing that could do harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.links import LONGEST, host_of
from gateway.mail.webpage import LONGEST_DESCRIPTION, LONGEST_SITE, LONGEST_TITLE, Shown, read_page
from tests.growth import assert_linear

HERE = "https://shop.example/pumps/7"


def read(html: str | bytes, charset: str = "utf-8") -> Shown | None:
    content = html.encode() if isinstance(html, str) else html
    return read_page(content, charset=charset, address=HERE)


def test_open_graph_is_asked_first():
    page = read("""<!DOCTYPE html><html><head><title>Pump 7 | Shop</title>
        <meta name="description" content="All pumps."><meta name="twitter:title" content="Tweet">
        <meta property="og:title" content="Pump 7"/><meta property="og:description" content="Moves &amp; lifts water.">
        <meta property="og:site_name" content="The Shop"><meta property="og:image" content="/img/7.png"></head>""")

    assert page == Shown(
        "page", "Pump 7", "Moves & lifts water.", "The Shop", "https://shop.example/img/7.png"
    )


@pytest.mark.parametrize(
    ("html", "title", "description", "why"),
    [
        ('<meta name="twitter:title" content="T"><meta name="twitter:description" content="D"><title>x</title>', "T", "D", "a Twitter card"),
        ('<TITLE lang="en">T</TITLE><META CONTENT="D" NAME="Description">', "T", "D", "plain HTML, in any case and order"),
        ("<title>\n  T &lt;b&gt;\n</title>", "T <b>", "", "text is text"),
        ("<meta property='og:title' content='T'><meta property=og:description content=D>", "T", "D", "other quotes, and none"),
        ('<meta property="og:title" content="a > b < c"><title>x</title>', "a > b < c", "", "signs inside a value"),
        ('<meta property="og:title" content=" "><title>T</title>', "T", "", "an empty value says nothing"),
        ('<meta property="og:title" content="T"><meta property="og:title" content="U">', "T", "", "the first counts"),
        ("<!-- <title>no</title> --><script>'<title>no</title>'</script><title>T</title>", "T", "", "what no browser shows"),
        ("<title>T</title></head><body><meta property='og:title' content='U'>", "T", "", "the head only"),
        ("<title>T</title><svg><title>U</title></svg>", "T", "", "the title of the page"),
        ("<title>a\u202eb\u2066c\u0007d\x9fe</title>", "abc d e", "", "nothing that turns or controls a text"),
        ("<title>a&#x202e;b&#0;c&#10;d</title>", "ab�c d", "", "not by an entity either"),
    ],
)  # fmt: skip
def test_title_and_description(html: str, title: str, description: str, why: str):
    page = read(html)

    assert page is not None, why
    assert (page.title, page.description) == (title, description), why


@pytest.mark.parametrize(
    "html", ["", "<p>Hello</p>", "<title> </title>", "<title>", "<!-- <title>T</title>", "<title"]
)
def test_a_page_without_a_title_shows_nothing(html: str):
    assert read(html) is None


@pytest.mark.parametrize(
    ("image", "url"),
    [
        ("https://cdn.example/a.png", "https://cdn.example/a.png"), ("a.png?x=1&amp;y", "https://shop.example/pumps/a.png?x=1&y"),
        ("//cdn.example/a.png", "https://cdn.example/a.png"), ("javascript:alert(1)", ""), ("data:image/png;base64,AAAA", ""),
        ("ftp://cdn.example/a", ""), ("https://u:p@cdn.example/a", ""), ("http://[::1", ""), ("/" + "a" * LONGEST, ""),
    ],
)  # fmt: skip
def test_the_image_is_one_that_a_browser_loads(image: str, url: str):
    page = read(f'<title>T</title><meta property="og:image" content="{image}">')

    assert page is not None and page.image_url == url


@pytest.mark.parametrize(
    ("content", "charset", "why"),
    [
        ("<title>Größe</title>".encode("latin-1"), "iso-8859-1", "the header says it"),
        ('<meta charset="iso-8859-1"><title>Größe</title>'.encode("latin-1"), "", "the page says it"),
        ("<title>Größe</title>".encode(), "", "nobody says it"),
        ("<title>Größe</title>".encode(), "no-such-charset", "nobody knows it"),
        ("<title>Größe</title><p>Grö".encode()[:-1], "utf-8", "cut inside a character"),
    ],
)
def test_charsets(content: bytes, charset: str, why: str):
    page = read(content, charset)

    assert page is not None and page.title == "Größe", why


def test_long_texts_are_cut_and_say_so():
    page = read(
        f'<title>{"T" * 5000}</title><meta name="description" content="{"D" * 5000}">'
        f'<meta property="og:site_name" content="{"S" * 5000}">'
    )

    assert page is not None
    assert [len(page.title), len(page.description), len(page.site_name)] == [LONGEST_TITLE, LONGEST_DESCRIPTION, LONGEST_SITE]  # fmt: skip
    assert page.title.endswith("T…")


PIECES = st.lists(
    st.sampled_from(
        ["<meta ", "<title>", "</title>", "<!--", "-->", 'content="', "content='", "property=og:title ", "property=og:image ",
         "name=description ", ">", '"', "'", "</head>", "<script>", "&#x202e;", "\u202e", "\0", "//", "javascript:"]
    )
    | st.text(max_size=8),
    max_size=40,
)  # fmt: skip


@given(PIECES, st.sampled_from(["", "utf-8", "utf-16", "utf-7", "iso-2022-jp", "x"]))
def test_no_page_makes_it_fail_or_say_what_it_should_not(pieces: list[str], charset: str):
    page = read("".join(pieces).encode("utf-8", "replace"), charset)

    if page is not None:
        texts = "".join(page[1:4])
        assert not any(letter < " " or "\x7f" <= letter <= "\x9f" for letter in texts)
        assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(texts)
        assert (
            page.title and len(page.title) <= LONGEST_TITLE and len(page.description) <= LONGEST_DESCRIPTION
        )
        assert page.image_url == "" or host_of(page.image_url)


@given(st.binary(max_size=300), st.text(max_size=20))
def test_no_octets_make_it_fail(content: bytes, charset: str):
    read(b"<title>" + content, charset)


@pytest.mark.parametrize("piece", ["<meta a='", "<meta ", "<title>", "<!--", "<script>", "a='b' ", '<meta content="', "< ", "<meta content='a' "])  # fmt: skip
def test_many_of_anything_take_linear_time(piece: str):
    assert_linear(lambda count: read(f"<title>T</title><meta {piece * count}"), 40_000, quick=0.5, roof=10)
