"""Text comes out right when the charset is declared, misdeclared, old or missing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail import charset, words


@pytest.mark.parametrize(
    ("text", "codec", "label"),
    [
        ("Grüße", "utf-8", "utf-8"),
        ("Grüße", "utf-8", "UTF8"),
        ("Grüße", "cp1252", "iso-8859-1"),
        ("“quoted” – €", "cp1252", "iso-8859-1"),  # what says latin1 means cp1252
        ("Привет", "koi8-r", "KOI8-R"),
        ("Привет", "cp1251", "windows-1251"),
        ("你好，朱镕基", "gb18030", "gb2312"),  # 镕 is in GBK only
        ("你好", "big5", "Big5"),
        ("안녕하세요", "cp949", "ks_c_5601-1987"),
        ("こんにちは", "cp932", "Shift_JIS"),
        ("こんにちは", "iso2022_jp", "ISO-2022-JP"),
        ("こんにちは", "euc_jp", "EUC-JP"),
        ("สวัสดี", "cp874", "TIS-620"),
        ("Γειά", "iso8859_7", "iso-8859-7"),
        ("שלום", "iso8859_8", "iso-8859-8-i"),
        ("Grüße", "utf-16", "utf-16"),
        ("Grüße", "utf-16-le", "utf-16"),
        ("Grüße", "utf-7", "utf-7"),
    ],
)
def test_declared_charsets_are_read_as_senders_mean_them(text: str, codec: str, label: str) -> None:
    assert charset.decode(text.encode(codec), label) == (text, "")


@pytest.mark.parametrize(
    ("data", "label", "expected"),
    [
        ("Grüße".encode(), "", "Grüße"),
        ("Grüße".encode(), "us-ascii", "Grüße"),
        ("Grüße".encode(), "no-such-charset", "Grüße"),
        ("Grüße".encode("cp1252"), "utf-8", "Grüße"),
        (
            "Viele Grüße aus Köln, schönen Tag".encode("cp1252"),
            "us-ascii",
            "Viele Grüße aus Köln, schönen Tag",
        ),
        ("日本語".encode("iso2022_jp"), "us-ascii", "日本語"),
        (b'\x1b$B-!$"\x1b(B', "iso-2022-jp", "①あ"),  # a row that only Windows has
        ("\ufeffGrüße".encode(), "utf-8", "Grüße"),
    ],
)
def test_misdeclared_text_is_read_by_what_it_is(data: bytes, label: str, expected: str) -> None:
    assert charset.decode(data, label)[0] == expected


def test_one_damaged_character_does_not_spoil_the_rest() -> None:
    data = "Виктор и Мария".encode() + b"\xd0"

    text, defect = charset.decode(data, "utf-8")

    assert text.startswith("Виктор и Мария")
    assert defect


@pytest.mark.parametrize(
    "label", ["zlib", "rot13", "idna", "unicode_escape", "punycode", "undefined", "x" * 100, "\xff", "hex"]
)
def test_codecs_that_are_no_charsets_are_not_used(label: str) -> None:
    assert charset.codec_name(label) == ""


@given(
    st.binary(max_size=300),
    st.sampled_from(["", "utf-8", "utf-7", "utf-16", "iso-2022-jp", "hz", "big5", "cp037", "zlib", "x"]),
)
def test_no_octets_make_it_fail(data: bytes, label: str) -> None:
    assert isinstance(charset.decode(data, label)[0].encode(), bytes)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        (b"=?utf-8?q?=E2=82?= =?utf-8?q?=AC?=", "€"),  # cut inside a character
        (b"=?utf-8?B?4o?=\n =?utf-8?B?Ks?=", "€"),  # cut inside a group of base64
        (b"=?utf-8?B?4oKs", "€"),  # without its end
        (b"=?UTF-8?Q?How are you??=", "How are you?"),
        (b"=?iso-8859-1*de?q?Gr=FC=DFe?=", "Grüße"),
        (b"=?no-such?q?Gr=FC=DFe?=", "Grüße"),
        (b"x=?utf-8?q?y?=z", "xyz"),
        (b"a =? b ?= c", "a =? b ?= c"),
        (b"Gr\xc3\xbc\xc3\x9fe", "Grüße"),
        (b"Gr\xfc\xdfe", "Grüße"),
        (b"=?utf-8?q?a=0D=0AX:_b?=", "a X: b"),
    ],
)
def test_encoded_words_are_read_in_all_their_broken_forms(value: bytes, expected: str) -> None:
    assert words.decode_value(words.unfold(value)) == expected


def test_raw_octets_in_a_header_are_read_by_the_charset_of_the_body() -> None:
    assert words.decode_value("Привет".encode("koi8-r"), "koi8-r") == "Привет"


@given(st.binary(max_size=200))
def test_no_field_value_keeps_a_control_character(value: bytes) -> None:
    decoded = words.decode_value(words.unfold(b"=?utf-8?q?" + value + b"?= " + value))

    assert not any(character < " " or "\x7f" <= character <= "\x9f" for character in decoded)
