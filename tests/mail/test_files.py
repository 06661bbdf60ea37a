"""Names and types of files are what strangers say; neither may hurt when shown or stored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.files import MOST_NAME_OCTETS, clean_name, true_type


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
