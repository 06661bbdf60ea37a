"""A mail without an envelope comes from its Return-Path, or from its author."""

from __future__ import annotations

import pytest

from gateway.mail.origin import presumed_reverse_path


@pytest.mark.parametrize(("header", "expected"), [
    ("From: Carol <carol@customer.example>", "carol@customer.example"),
    ("Return-Path: <list-17@mailer.example>\r\nFrom: carol@customer.example", "list-17@mailer.example"),
    ("Return-Path: <>\r\nFrom: MAILER-DAEMON@customer.example", ""),  # a bounce, as a mailbox keeps it
    ("Return-Path: (nobody knows)\r\nFrom: carol@customer.example", "carol@customer.example"),
    ("Subject: nothing", ""),
    ("From: a@x.example, b@y.example", ""),
])  # fmt: skip
def test_where_a_mail_came_from(header: str, expected: str):
    assert presumed_reverse_path(f"{header}\r\nX-Long: {'y' * 100_000}".encode()) == expected
    assert presumed_reverse_path(f"{header}\r\n\r\nFrom: evil@x.example\r\n".encode()) == expected
    assert presumed_reverse_path(f"{header}\r\n\r\n".replace("\r\n", "\n").encode()) == expected
