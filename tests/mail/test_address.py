"""Addresses decide whom we believe: what is one mailbox, what is none, what is the same address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail import address
from gateway.mail.message import Address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ann@example.com", [("", "ann@example.com")]),
        ("Ann Lee <ann@example.com>", [("Ann Lee", "ann@example.com")]),
        ('"Lee, Ann" <ann@Example.COM>', [("Lee, Ann", "ann@example.com")]),
        ("ann@example.com (Ann Lee)", [("Ann Lee", "ann@example.com")]),
        ("Team: ann@example.com, ben@example.com;", [("", "ann@example.com"), ("", "ben@example.com")]),
        ("undisclosed-recipients:;", []),
        ("Lee, Ann <ann@example.com>", [("Lee, Ann", "ann@example.com")]),  # a comma that wants quotes
        ("[Shop] Help @ Work <help@shop.example>", [("[Shop] Help @ Work", "help@shop.example")]),
        ("ann@example.com <ann@example.com>", [("ann@example.com", "ann@example.com")]),
        ("=?utf-8?q?Lee=2C_Ann?= <ann@example.com>", [("Lee, Ann", "ann@example.com")]),
        ("=?utf-8?q?Lee,_Ann?= <ann@example.com>", [("Lee, Ann", "ann@example.com")]),
        ("=?utf-8?q?Desk:_Ann?= <ann@example.com>", [("Desk: Ann", "ann@example.com")]),
        ('"ann lee"@example.com', [("", '"ann lee"@example.com')]),
        ("jörg@example.com", [("", "jörg@example.com")]),
        ("Jörg <info@bücher.example>", [("Jörg", "info@xn--bcher-kva.example")]),
        ("a@x.example; b@y.example", [("", "a@x.example"), ("", "b@y.example")]),
    ],
)
def test_lists_of_mailboxes_are_read_as_people_write_them(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(one.name, one.addr_spec) for one in address.parse_list(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "<mallory@evil.example>alice@corp.example",
        "alice@corp.example)mallory@evil.example",
        "mallory@evil@corp.example",
        "alice@corp.example <mallory@evil.example>",
        "alice@corp.example (x) <mallory@evil.example>",
        "<@corp.example:mallory@evil.example>",
        '"unclosed <mallory@evil.example>',
        "alice@corp.example\u202e <mallory@evil.example>",
        "no address at all",
    ],
)
def test_what_could_be_read_in_two_ways_is_no_mailbox(text: str) -> None:
    reading = address.read(text)

    assert reading.mailboxes == ()
    assert reading.unread


def test_an_encoded_name_never_makes_a_second_mailbox() -> None:
    text = "=?utf-8?q?alice=40corp.example=3E=2C_=3Cx?= <mallory@evil.example>"

    assert [one.addr_spec for one in address.parse_list(text)] == ["mallory@evil.example"]


def test_bare_brackets_in_what_poses_as_an_encoded_word_are_seen() -> None:
    found = address.parse_list("=?utf-8?q?<alice@corp.example>,?= <mallory@evil.example>")

    assert len(found) == 2  # so as a From it names no author


@pytest.mark.parametrize(
    ("addr_spec", "expected"),
    [
        ("Ann@Example.COM", "ann@example.com"),
        ("ann@example.com.", "ann@example.com"),
        ("ann+tag@example.com", "ann+tag@example.com"),
        ('"ann"@example.com', "ann@example.com"),  # quotes that change nothing
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("JÖRG@example.com", "jÖrg@example.com"),  # only ASCII letters are folded
        ("al\u0131ce@corp.example", "al\u0131ce@corp.example"),  # a dotless i is not an i
        ("alice@\uff43orp.example", ""),  # a full-width c is not a c
        ("\u212aate@corp.example", "\u212aate@corp.example"),  # the Kelvin sign is not a k
        ("ann@example..com", ""),
        ("ann..lee@example.com", ""),
        (".ann@example.com", ""),
        ("ann@-example.com", ""),
        ("ann @example.com", ""),
        ("ann@example.com\r\nBcc: x@example.com", ""),
        ("ann", ""),
        ("@example.com", ""),
        ("", ""),
        ("a" * 400 + "@example.com", ""),
    ],
)
def test_an_address_has_one_form_that_is_compared(addr_spec: str, expected: str) -> None:
    assert address.normalise(addr_spec) == expected


def test_the_domain_is_that_of_a_valid_address_only() -> None:
    assert address.domain_of("Ann@Sub.Example.COM") == "sub.example.com"
    assert address.domain_of("nobody") == ""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", "a@b.example"),
        ("Ann Lee", "Ann Lee <a@b.example>"),
        ("Lee, Ann", '"Lee, Ann" <a@b.example>'),
        ('Ann "A" Lee', '"Ann \\"A\\" Lee" <a@b.example>'),
        ("Jörg", "=?utf-8?b?SsO2cmc=?= <a@b.example>"),
    ],
)
def test_mailboxes_are_written_so_that_any_program_reads_them(name: str, expected: str) -> None:
    assert address.format_address(name, "a@b.example") == expected


@given(st.text(max_size=80))
def test_no_name_can_end_the_header_line_or_hide_the_address(name: str) -> None:
    written = address.format_address(name, "a@b.example")

    assert written.isascii() and "\r" not in written and "\n" not in written
    assert [one.addr_spec for one in address.parse_list(written)] == ["a@b.example"]


@given(st.text(max_size=200))
def test_reading_never_raises_and_gives_only_addresses_that_can_be_compared(text: str) -> None:
    found = address.parse_list(text)

    assert all(isinstance(one, Address) and address.normalise(one.addr_spec) for one in found)


@given(st.text(alphabet='aB.@-"\\ é\u0131', max_size=30))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = address.normalise(text)

    assert address.normalise(once) == once


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    "piece", ["<", "(", '"', "a@", "x (y) <a@b>,", " ", "a:", "a@b c@d,", "\\", "[", "=?utf-8?q?"]
)
def test_a_long_header_full_of_one_thing_is_read_in_linear_time(piece: str) -> None:
    address.read(piece * (200_000 // len(piece)))
