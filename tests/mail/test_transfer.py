"""Transfer encodings are undone however damaged they arrive."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail import transfer


@pytest.mark.parametrize(
    ("data", "encoding", "expected"),
    [
        (b"R3LDvMOfZQ==", "base64", "Grüße".encode()),
        (b"R3LDvMOfZQ", "base64", "Grüße".encode()),  # without its padding
        (b"R3LD\nvM OfZQ==\n", "base64", "Grüße".encode()),
        (b"R3LDvMOfZQ==\nR3LDvMOfZQ==\n" * 40, "base64", "Grüße".encode() * 80),  # encoded line by line
        (b"Not base64 at all, but words.", "base64", b"Not base64 at all, but words."),
        (b"Gr=C3=BC=C3=9F=\ne", "quoted-printable", "Grüße".encode()),
        (b"soft=  \nbreak", "quoted-printable", b"softbreak"),
        (b"50=ZZ%", "quoted-printable", b"50=ZZ%"),
        (b"begin 644 a.txt\n%:&5L;&\\\n`\nend\n", "x-uuencode", b"hello"),
        (b"words", "8bit", b"words"),
        (b"words", "", b"words"),
        (b"words", "unheard-of", b"words"),
    ],
)
def test_what_was_meant_comes_out(data: bytes, encoding: str, expected: bytes) -> None:
    assert transfer.decode(data, encoding)[0] == expected


@given(st.binary(max_size=3000))
def test_base64_gives_back_what_went_in(data: bytes) -> None:
    assert transfer.decode(base64.encodebytes(data), "base64") == (data, "")


@given(st.binary(max_size=300), st.sampled_from(["base64", "quoted-printable", "uuencode", "", "x"]))
def test_no_octets_make_it_fail(data: bytes, encoding: str) -> None:
    assert isinstance(transfer.decode(data, encoding)[0], bytes)


@given(
    st.lists(
        st.sampled_from(
            [
                b"begin 644 x\n",
                b"end\n",
                b"`\n",
                b"%:&5L;&\\\n",
                b"=ybegin line=1 name=x\n",
                b"=yend\n",
                b"a\n",
            ]
        )
    )
)
def test_files_in_text_lie_in_order_and_apart(lines: list[bytes]) -> None:
    data = b"".join(lines)

    for finder in (transfer.uuencoded, transfer.yencoded):
        done = 0
        for _, _, start, end in finder(data):
            assert done <= start < end <= len(data)
            done = end
