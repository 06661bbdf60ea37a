"""winmail.dat is unpacked; what only looks like one stays a file."""

from __future__ import annotations

import base64
import struct

from hypothesis import given
from hypothesis import strategies as st

from gateway.mail import tnef
from gateway.mail.parse import parse

SIGNATURE = b"\x78\x9f\x3e\x22\x01\x00"
TITLE, DATA, RENDERING = 0x00018010, 0x0006800F, 0x00069002


def attribute(level: int, kind: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, kind, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def a_winmail(name: bytes = b"offer.pdf", content: bytes = b"%PDF-1.7 words") -> bytes:
    return (
        SIGNATURE
        + attribute(1, 0x00089006, b"\x00\x00\x01\x00")
        + attribute(2, RENDERING, b"\0" * 14)
        + attribute(2, TITLE, name + b"\0")
        + attribute(2, DATA, content)
    )


def test_the_files_inside_take_its_place() -> None:
    packed = base64.encodebytes(a_winmail()).decode()
    raw = (
        "From: ann@example.com\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\nSee the offer.\n"
        f"--a\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n{packed}\n--a--\n"
    )

    mail = parse(raw.encode())

    assert mail.text == "See the offer."
    assert [(one.name, one.content_type, one.content) for one in mail.attachments] == [
        ("offer.pdf", "application/pdf", b"%PDF-1.7 words")
    ]


def test_a_damaged_one_stays_a_file() -> None:
    raw = (
        b"From: ann@example.com\nContent-Type: application/ms-tnef; name=winmail.dat\n\n\x78\x9f\x3e\x22\x01"
    )

    mail = parse(raw)

    assert [one.name for one in mail.attachments] == ["winmail.dat"]


@given(st.binary(max_size=200), st.integers(0, 60))
def test_no_octets_make_it_fail(rubbish: bytes, cut: int) -> None:
    whole = a_winmail()

    tnef.unpack(SIGNATURE + rubbish)
    tnef.unpack(whole[:cut] + rubbish + whole[cut:])
