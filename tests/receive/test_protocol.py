"""Command lines of SMTP: what is read, what is refused and with which code."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.receive import protocol
from gateway.receive.xforward import Forwarded
from gateway.receive.xforward import read as read_xforward


def a_recipient(rest: str, *, smtputf8: bool = False) -> str:
    return protocol.recipient(rest, smtputf8=smtputf8, postmaster_domain="threads.example.test")


@pytest.mark.parametrize(
    ("rest", "path"),
    [
        ("FROM:<a@example.com>", "a@example.com"),
        ("from: <a@example.com> SIZE=10 BODY=8BITMIME", "a@example.com"),
        ("FROM:<>", ""),
        ("FROM:<> SIZE=0", ""),
        ("FROM:<prvs=1234=a@example.com>", "prvs=1234=a@example.com"),
        ('FROM:<"a b"@example.com>', '"a b"@example.com'),
        ("FROM:<a..b.@example.com>", "a..b.@example.com"),
        ("FROM:<@one.test,@two.test:a@example.com>", "a@example.com"),
        ("FROM:<a@[192.0.2.1]>", "a@[192.0.2.1]"),
        ("FROM:<jürgen@bücher.example> SMTPUTF8", "jürgen@bücher.example"),
    ],
)
def test_a_reverse_path_is_read(rest, path):
    assert protocol.mail(rest).reverse_path == path


@pytest.mark.parametrize(
    ("rest", "code"),
    [
        ("", 501), ("a@example.com", 501), ("FROM a@example.com", 501), ("FROM:a@example.com", 501),
        ("FROM:<a@example.com", 553), ("FROM:<a>", 553), ("FROM:<<a@b>>", 553), ("FROM:<a@b>x", 553),
        ("FROM:<a@example.com> SIZE=x", 501), ("FROM:<a@example.com> SIZE=-1", 501),
        ("FROM:<a@example.com> BODY=BINARYMIME", 501), ("FROM:<a@example.com> RET=HDRS", 555),
        ("FROM:<a@example.com> AUTH=<>", 555), ("FROM:<jürgen@example.com>", 553),
        ("FROM:<" + "a" * 600 + "@example.com>", 553),
    ],
)  # fmt: skip
def test_a_bad_mail_command_is_refused(rest, code):
    with pytest.raises(GatewayError) as refused:
        protocol.mail(rest)

    assert refused.value.code == code


def test_a_recipient_is_read():
    assert a_recipient("TO:<Postmaster>") == "postmaster@threads.example.test"
    assert a_recipient("TO:<@relay.test:a@threads.example.test>") == "a@threads.example.test"
    with pytest.raises(protocol.UnknownParameter):
        a_recipient("TO:<a@threads.example.test> NOTIFY=NEVER")
    with pytest.raises(protocol.NeedUtf8):
        a_recipient("TO:<jürgen@threads.example.test>")


@given(st.text(max_size=60), st.sampled_from(["FROM:<", "TO:<", ""]))
def test_any_text_is_read_or_refused(text, start):
    for read in (protocol.mail, a_recipient):
        with contextlib.suppress(protocol.BadCommand):
            assert isinstance(read(start + text), str | protocol.Mail)


@given(st.binary(max_size=60))
def test_a_line_with_control_characters_is_no_command(line):
    read = protocol.command(line)

    assert read is None or not any(character < " " for character in "".join(read))


def test_a_hop_tells_the_true_client():
    told = read_xforward("NAME=mail.outside.test ADDR=IPv6:2001:DB8::1", Forwarded())
    told = read_xforward("HELO=[UNAVAILABLE] PROTO=ESMTP PORT=25", told)

    assert told == Forwarded(address="2001:db8::1", name="mail.outside.test", protocol="ESMTP")
    assert read_xforward("HELO=a+2Bb ADDR=::ffff:192.0.2.9", Forwarded()) == Forwarded("192.0.2.9", "a+b")
    for bad in ("", "ADDR", "ADDR=nowhere", "LOGIN=ann", "HELO=a+0D+0Ab"):
        with pytest.raises(protocol.BadCommand):
            read_xforward(bad, Forwarded())
