"""The data of a mail: where it ends, what is unstuffed, what is refused, whatever the borders of chunks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.receive.content import ContentReader


def read(chunks: list[bytes]) -> tuple[bytes, ContentReader]:
    reader = ContentReader()
    octets = b"".join(reader.feed(chunk) for chunk in chunks if not reader.is_complete)
    return octets, reader


@pytest.mark.parametrize(
    ("wire", "mail", "why"),
    [
        (b".\r\n", b"", "no line at all"),
        (b"\r\n.\r\n", b"\r\n", "one empty line"),
        (b"a\r\n.\r\n", b"a\r\n", "one line"),
        (b"..\r\n.\r\n", b".\r\n", "a dot in the first line"),
        (b"a\r\n..b\r\n...\r\n.\r\n", b"a\r\n.b\r\n..\r\n", "dots at lines' starts lose one"),
        (b".a\r\n.\r\n", b"a\r\n", "an unstuffed dot is lost all the same"),
        (b"a\0b\r\n.\r\n", b"a\0b\r\n", "NUL is kept"),
        (b". \r\n.\r\n", b" \r\n", "a dot and a blank end nothing"),
    ],
)
def test_the_octets_of_a_mail_are_exact(wire, mail, why):
    octets, reader = read([wire])

    assert (octets, reader.is_complete, reader.has_bare_line_end) == (mail, True, False), why


@pytest.mark.parametrize(
    "trick",
    [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\r\r\n.\r\r\n", b"\n", b"\r"],
)
def test_a_bare_line_end_never_ends_the_data_and_is_told(trick):
    _, reader = read([b"a" + trick + b"b\r\n"])

    assert not reader.is_complete
    _, reader = read([b"a" + trick + b"b\r\n.\r\nNOOP\r\n"])
    assert reader.is_complete and reader.has_bare_line_end and reader.rest == b"NOOP\r\n"


def test_a_carriage_return_at_the_very_end_of_the_first_line_is_found():
    _, reader = read([b".\r", b".\r", b"\n.\r\n"])

    assert reader.has_bare_line_end


lines = st.lists(st.text(alphabet=".ab", max_size=6).map(str.encode), max_size=8)


@given(lines, st.lists(st.integers(1, 5), max_size=40))
def test_borders_of_chunks_change_nothing(content, widths):
    mail = b"".join(line + b"\r\n" for line in content)
    wire = b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in content) + b".\r\n"
    chunks, at = [], 0
    for width in widths:
        chunks.append(wire[at : at + width])
        at += width

    octets, reader = read([*chunks, wire[at:]])

    assert octets == mail
    assert reader.is_complete and not reader.has_bare_line_end


@given(st.lists(st.sampled_from([b"\r", b"\n", b".", b"a", b"\r\n", b"\r\n.\r\n"]), max_size=30))
def test_what_is_read_does_not_depend_on_the_chunks(pieces):
    whole, one = read([b"".join(pieces)])
    parts, many = read(pieces)

    assert many.is_complete == one.is_complete
    assert parts == whole
    assert many.has_bare_line_end == one.has_bare_line_end
