"""Names and types of files are what strangers say; neither may hurt when shown or stored."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.files import MOST_NAME_OCTETS, clean_name, true_type
from gateway.mail.parse import parse


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("offer.pdf", "offer.pdf"),
        ("Größe 2.pdf", "Größe 2.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\run.exe", "run.exe"),
        ("C:\\temp\\offer.pdf", "offer.pdf"),
        ("spring/summer.pdf", "spring_summer.pdf"),
        ("offer\0.pdf", "offer.pdf"),
        ("offer\u202egpj.exe", "offergpj.exe"),
        ("offer\r\nBcc: x.pdf", "offer Bcc_ x.pdf"),
        (".htaccess", "_.htaccess"),
        ("con.txt", "_con.txt"),
        ("...", "attachment-3.pdf"),
        ("   ", "attachment-3.pdf"),
        ("", "attachment-3.pdf"),
        ("/", "attachment-3.pdf"),
        ("x" * 500 + ".docx", "x" * 145 + ".docx"),
        ("ü" * 200 + ".txt", "ü" * 73 + ".txt"),
    ],
)
def test_names_are_repaired(name: str, expected: str) -> None:
    assert clean_name(name, "application/pdf", 3) == expected


@given(st.text(max_size=400))
def test_any_name_is_safe_to_store_and_to_show(name: str) -> None:
    cleaned = clean_name(name, "application/pdf", 1)

    assert cleaned.strip("._ ")
    assert len(cleaned.encode()) <= MOST_NAME_OCTETS
    assert not set(cleaned) & set('/\\\0\r\n<>:"|?*\u202e')
    assert not cleaned.startswith(".")


@pytest.mark.parametrize(
    ("content", "declared", "name", "expected"),
    [
        (b"%PDF-1.7", "application/octet-stream", "x", "application/pdf"),
        (b"%PDF-1.7", "application/pdf", "x.pdf", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/jpeg", "x.jpg", "image/png"),
        (b"<html><script>", "image/png", "x.png", "text/html"),
        (b"<?xml version='1.0'?><svg onload=x>", "image/png", "x.png", "image/svg+xml"),
        (b"<!doctype html>", "text/plain", "x.txt", "text/html"),
        (b"MZ\x90", "application/pdf", "x.pdf", "application/vnd.microsoft.portable-executable"),
        (
            b"PK\x03\x04",
            "application/octet-stream",
            "x.docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (
            b"PK\x03\x04",
            "application/vnd.oasis.opendocument.text",
            "x.odt",
            "application/vnd.oasis.opendocument.text",
        ),
        (b"words", "application/octet-stream", "x.csv", "text/csv"),
        (b"words", "application/octet-stream", "x", "application/octet-stream"),
        (b"words", "text/plain", "x.txt", "text/plain"),
        (b"words", "application/octet-stream", "x.TXT", "text/plain"),
        (b"BEGIN:VCALENDAR", "application/octet-stream", "x.ics", "text/calendar"),
    ],
)
def test_the_content_decides_what_a_file_is(content: bytes, declared: str, name: str, expected: str) -> None:
    assert true_type(content, declared, name) == expected


@pytest.mark.parametrize(("declared", "name", "content", "expected"), [
    ("binary/octet-stream", "x.bin", b"\0x", "application/octet-stream"),
    ("binary/octet-stream", "x.pdf", b"%PDF-1.4", "application/pdf"),
    ("*/*", "", b"\0x", "application/octet-stream"),
    ("*/*", "x.csv", b"a;b", "text/csv"),
])  # fmt: skip
def test_a_type_that_is_none_tells_nothing(declared: str, name: str, content: bytes, expected: str) -> None:
    assert true_type(content, declared, name) == expected


def a_mail_with(content_type: str, content: bytes) -> bytes:
    return (
        b"From: a@b.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b\r\nContent-Type: %b\r\n"
        b"Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n%b\r\n--b--\r\n"
    ) % (content_type.encode(), base64.b64encode(content))


def test_t001_a_part_typed_binary_octet_stream_is_a_plain_attachment() -> None:
    mail = parse(a_mail_with("binary/octet-stream", b"\0\1"))

    assert [(file.content_type, file.content) for file in mail.attachments] == [
        ("application/octet-stream", b"\0\1")
    ]
    assert mail.text.strip() == "Hello"


def test_t002_a_part_typed_as_anything_is_a_plain_attachment() -> None:
    [file] = parse(a_mail_with("*/*", b"\0\1")).attachments

    assert (file.content_type, file.content) == ("application/octet-stream", b"\0\1")


def test_t003_a_part_typed_pdf_alone_is_a_pdf() -> None:
    [file] = parse(a_mail_with("pdf; name=x.pdf", b"%PDF-1.4 x")).attachments

    assert (file.name, file.content_type) == ("x.pdf", "application/pdf")


# encoding, as it stands in the mail, the file, and the file where all lines of the mail end in LF
LINE_ENDS = [
    ("7bit", b"one\r\ntwo\r\n", b"one\r\ntwo\r\n", b"one\ntwo\n"),
    ("8bit", "grün\r\nblau".encode(), "grün\r\nblau".encode(), "grün\nblau".encode()),
    ("quoted-printable", b"gr=FCn\r\nsoft=\r\n=20break =\r\nend", b"gr\xfcn\r\nsoft break end", b"gr\xfcn\nsoft break end"),
    ("quoted-printable", b"a=0Ab=0Dc=0D=0Ad\r\n", b"a\nb\rc\r\nd\r\n", b"a\nb\rc\r\nd\n"),
    ("base64", base64.b64encode(b"one\ntwo\n"), b"one\ntwo\n", b"one\ntwo\n"),
]  # fmt: skip


@pytest.mark.parametrize(("encoding", "sent", "file", "of_lf"), LINE_ENDS)
def test_a_file_keeps_the_line_ends_in_which_it_was_sent(
    encoding: str, sent: bytes, file: bytes, of_lf: bytes
) -> None:
    letter = b"Content-Type: text/plain\r\n\r\nHello"
    kept = (
        b"Content-Disposition: attachment; filename=a.txt\r\nContent-Transfer-Encoding: " + encoding.encode()
    )
    raw = (
        b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\n" + letter + b"\r\n--b\r\n" + kept + b"\r\n\r\n" + sent + b"\r\n--b--\r\n"
    )
    plain = raw.replace(b"\r\n", b"\n")

    assert [one.content for one in parse(raw).attachments] == [file]
    assert [one.content for one in parse(plain).attachments] == [of_lf]
    assert parse(raw).leaf_digests == parse(plain).leaf_digests, "one mail, whatever its line ends"
