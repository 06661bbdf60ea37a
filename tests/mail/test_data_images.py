"""Images that a body carries in itself become files; whatever else stands there does no harm."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.data_images import back_to_cids, pull
from tests.growth import assert_linear

PIXEL = b"\x89PNG\r\n\x1a\n" + b"\0" * 24
URL = "data:image/png;base64," + base64.b64encode(PIXEL).decode()


@pytest.mark.parametrize(
    "tag", [f'<img src="{URL}" alt="x">', f"<img alt=x SRC = '{URL}'>", f"<img src={URL}>"]
)
def test_a_base64_image_becomes_an_inline_file(tag: str):
    html, [file] = pull(f"<p>Look {tag}</p>")

    assert (file.name, file.content_type, file.content, file.inline) == (
        "image0.png",
        "image/png",
        PIXEL,
        True,
    )
    assert f'src="cid:{file.content_id}"' in html and "data:" not in html


def test_the_same_picture_twice_is_one_file():
    html, files = pull(f'<img src="{URL}"><img src="{URL}">')

    assert len(files) == 1 and html.count(f"cid:{files[0].content_id}") == 2


BROKEN = [
    "data:image/png;base64,!!!!", "data:image/png;base64,", "data:image/png,plain", "data:image/png;base64",
    "data:image/svg+xml;base64," + base64.b64encode(b"<svg onload=alert(1)>").decode(),
    "data:image/png;base64," + base64.b64encode(b"<html><script>").decode(),
]  # fmt: skip


@pytest.mark.parametrize("url", BROKEN)
def test_what_is_no_picture_loses_its_source(url: str):
    assert pull(f'<img src="{url}" alt="it">') == ('<img src="" alt="it">', ())


@given(st.text(alphabet="<img src=\"'data:image/;b64,A>", max_size=200))
def test_no_html_makes_it_fail(html: str):
    pull(html)


def test_many_openings_take_linear_time():
    assert_linear(lambda count: pull('<img src="data:image/png;base64,' * count), 60_000, quick=0.5, roof=10)


@pytest.mark.parametrize(("html", "expected", "why"), [
    ('<img src="/a/7">', '<img src="cid:x@y">', "as it was shown"),
    ("<IMG SRC = '/a/7' alt=it>", "<IMG src=\"cid:x@y\" alt=it>", "other quotes"),
    ("<img src=/a/7>", '<img src="cid:x@y">', "no quotes"),
    ('<img src="https://host:8/a/7?v=1#f">', '<img src="cid:x@y">', "an editor made it absolute"),
    ('<img src="/a/8"><img src="/a/77">', '<img src="/a/8"><img src="/a/77">', "not one of these"),
    ('<img src="cid:x@y"><a href="/a/7">', '<img src="cid:x@y"><a href="/a/7">', "no address of an image"),
])  # fmt: skip
def test_an_image_that_was_shown_at_an_address_is_the_file_again(html: str, expected: str, why: str):
    assert back_to_cids(html, {"/a/7": "x@y"}) == expected, why


@given(st.text(alphabet="<img src='\"/a7?#>cid:h\n ", max_size=200))
def test_taking_addresses_back_twice_is_taking_them_back_once(html: str):
    once = back_to_cids(html, {"/a/7": "x@y"})

    assert back_to_cids(once, {"/a/7": "x@y"}) == once
