from __future__ import annotations

import email
import email.policy
from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.compose import body, field, file_part, text_part, unstructured

texts = st.text(max_size=400)
nasty = st.text(st.sampled_from("ab \r\n\0\x0b\x85\u2028:;=?<>é日😀"), max_size=120)


def test_a_mail_of_all_kinds_of_parts_reads_back():
    picture = file_part("logo.png", "image/png", b"\x89PNG", content_id="logo@here")
    files = [
        file_part("Größe.pdf", "application/pdf", b"%PDF"),
        file_part("a.eml", "message/rfc822", b"From: x"),
    ]

    part = body("Hello, Zoë", "<p>Hello, Zoë</p>", inline=[picture], files=files)
    mail = email.message_from_bytes(b"MIME-Version: 1.0\r\n" + part.octets(), policy=email.policy.default)

    assert mail.get_content_type() == "multipart/mixed"
    assert mail.get_body(("plain",)).get_content().strip() == "Hello, Zoë"
    assert mail.get_body(("html",)).get_content().strip() == "<p>Hello, Zoë</p>"
    assert [(one.get_filename(), one.get_content_type()) for one in mail.iter_attachments()] == [
        ("Größe.pdf", "application/pdf"),
        ("a.eml", "application/octet-stream"),
    ]
    assert [one["Content-ID"] for one in mail.walk() if one["Content-ID"]] == ["<logo@here>"]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain words", "7bit"),
        ("Grüße", "quoted-printable"),
        ("From here on", "quoted-printable"),
        ("blank at the end \nnext", "quoted-printable"),
        ("x" * 1000, "quoted-printable"),
    ],
)
def test_text_is_7bit_or_quoted_printable(text: str, encoding: str):
    part = text_part(text, "plain")

    assert f"Content-Transfer-Encoding: {encoding}\r\n".encode() in part.fields


@given(texts)
def test_text_survives_and_never_breaks_the_wire(text: str):
    part = text_part(text, "plain")
    mail = email.message_from_bytes(part.octets(), policy=email.policy.SMTP)

    lines = part.content.split(b"\r\n")
    assert part.content.isascii()
    assert max(map(len, lines)) <= 998
    assert b"\r" not in b"".join(lines) and b"\n" not in b"".join(lines)
    assert not any(line.startswith(b"From ") for line in lines)
    wanted = "".join(c for c in text if c in "\t\n\r\x85\u2028\u2029" or (c >= " " and c != "\x7f"))
    assert mail.get_content().split() == wanted.split()


@given(nasty | texts)
def test_no_value_leaves_its_header_field(value: str):
    for octets in (field("Subject", unstructured(value)), field("X-Raw", value)):
        head = octets + b"\r\n"
        mail = email.message_from_bytes(head, policy=email.policy.compat32)

        assert len(mail.keys()) == 1 and not mail.get_payload() and not mail.defects
        lines = octets.split(b"\r\n")
        assert octets.isascii() and lines[-1] == b""
        assert all(line[:1] == b" " for line in lines[1:-1])
        assert not any(control in b"".join(lines) for control in (b"\r", b"\n", b"\0"))


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=300))
def test_a_subject_reads_back(subject: str):
    octets = field("Subject", unstructured(subject))

    read = str(make_header(decode_header(email.message_from_bytes(octets)["Subject"] or "")))
    assert "".join(read.split()) == "".join(subject.split())
    assert all(len(line) <= 998 for line in octets.split(b"\r\n"))


@given(nasty)
def test_a_file_name_stays_in_its_parameter(name: str):
    part = file_part(name, "text/plain\r\nX-Evil: 1", b"")

    mail = email.message_from_bytes(part.octets())
    assert sorted(mail.keys()) == ["Content-Disposition", "Content-Transfer-Encoding", "Content-Type"]
    assert mail.get_content_type() == "application/octet-stream"
