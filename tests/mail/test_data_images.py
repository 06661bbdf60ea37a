"""Images that a body carries in itself become files; whatever else stands there does no harm."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.data_images import pull
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
