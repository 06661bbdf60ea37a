"""A mail is read as a person would read it, whatever octets came in."""

from __future__ import annotations

import base64
import quopri
import time
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.mail.message import Address
from gateway.mail.parse import fingerprint, parse


def a_mail(body: str = "Good morning", **fields: str) -> bytes:
    """Write a mail; underscores in field names stand for hyphens, None leaves a field out."""
    header = {"From": "Ann Lee <ann@example.com>", "To": "desk@example.org", "Subject": "Pump 7"} | {
        name.replace("_", "-"): value for name, value in fields.items()
    }
    lines = [f"{name}: {value}" for name, value in header.items() if value]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def parts(*bodies: str, kind: str = "mixed") -> bytes:
    inner = "".join(f"--cut\r\n{body}\r\n" for body in bodies)
    return a_mail(inner + "--cut--\r\n", MIME_Version="1.0", Content_Type=f'multipart/{kind}; boundary="cut"')


def test_a_plain_mail_is_read_in_full() -> None:
    raw = a_mail(
        "Good morning\r\n",
        Message_ID="<1@example.com>",
        In_Reply_To="<0@example.org>",
        References="<a@example.org>\r\n <0@example.org>",
        Date="Mon, 23 Nov 2026 10:00:00 +0100",
        Cc='"Ben, B." <ben@example.com>',
    )

    mail = parse(raw)

    assert mail.author == Address("Ann Lee", "ann@example.com")
    assert mail.author_claims == ("ann@example.com",)
    assert mail.to == (Address("", "desk@example.org"),)
    assert mail.cc == (Address("Ben, B.", "ben@example.com"),)
    assert mail.subject == "Pump 7"
    assert mail.message_id == "<1@example.com>"
    assert mail.in_reply_to == ("<0@example.org>",)
    assert mail.references == ("<a@example.org>", "<0@example.org>")
    assert mail.date == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert mail.text == "Good morning\n"
    assert mail.value("references") == "<a@example.org> <0@example.org>"
    assert (mail.html, mail.attachments, mail.defects, mail.unreadable) == ("", (), (), "")


@pytest.mark.parametrize(
    ("header", "defect"),
    [
        ("Subject: x", "no From field"),
        ("From: alice@corp.example\r\nFrom: mallory@evil.example", "more than one From field"),
        ("From : alice@corp.example\r\nFrom: mallory@evil.example", "more than one From field"),
        (" From: alice@corp.example\r\nFrom: mallory@evil.example", "more than one From field"),
        ("From\r\n : alice@corp.example\r\nFrom: mallory@evil.example", "more than one From field"),
        ("Subject: x\rFrom: alice@corp.example\r\nFrom: mallory@evil.example", "more than one From field"),
        ("From: alice@corp.example, mallory@evil.example", "From holds more than one mailbox"),
        ("From: <mallory@evil.example>alice@corp.example", "From holds no readable mailbox"),
        ("From: Alice", "From holds no readable mailbox"),
        ("From:", "From holds no readable mailbox"),
    ],
)
def test_without_exactly_one_mailbox_nobody_is_the_author(header: str, defect: str) -> None:
    mail = parse(f"{header}\r\nTo: desk@example.org\r\n\r\nPay at once".encode())

    assert mail.author is None
    assert defect in mail.defects


def test_every_claimed_author_is_told_when_there_is_a_doubt() -> None:
    mail = parse(b"From: alice@corp.example\r\nFrom: Mallory <Mallory@evil.example>\r\n\r\nx")

    assert mail.author_claims == ("alice@corp.example", "mallory@evil.example")


def test_an_encoded_bracket_in_a_name_does_not_change_the_author() -> None:
    mail = parse(b"From: =?utf-8?q?alice=40corp.example=3E=2C?= <mallory@evil.example>\r\n\r\nx")

    assert mail.author == Address("alice@corp.example>,", "mallory@evil.example")


def test_no_decoded_field_holds_a_line_end() -> None:
    mail = parse(b"From: a@b.example\r\nSubject: =?utf-8?q?Hi=0D=0ABcc:_x=40y.example=E2=80=A8z?=\r\n\r\nx")

    assert mail.subject == "Hi Bcc: x@y.example z"


def test_both_forms_of_a_letter_are_kept() -> None:
    mail = parse(
        parts(
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + base64.b64encode("Grüße".encode()).decode(),
            "Content-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>Gr=FC=DFe</p>",
            kind="alternative",
        )
    )

    assert (mail.text, mail.html, mail.text_is_derived) == ("Grüße", "<p>Grüße</p>", False)
    assert mail.attachments == ()


def test_text_is_derived_where_only_html_was_sent() -> None:
    mail = parse(a_mail("<p>Good <b>morning</b></p>", Content_Type="text/html"))

    assert (mail.text, mail.text_is_derived) == ("Good morning", True)


def test_files_are_told_from_the_letter() -> None:
    mail = parse(
        parts(
            "Content-Type: text/plain\r\n\r\nSee the offer.",
            "Content-Type: application/pdf\r\nContent-Disposition: attachment;\r\n filename*=utf-8''Gr%C3%B6%C3%9Fe.pdf\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(b"%PDF-1.7").decode(),
            'Content-Type: text/plain; name="notes.txt"\r\n\r\nnot the letter',
            "Content-Type: message/rfc822\r\n\r\nSubject: The first mail\r\n\r\nHello",
            "Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR",
        )
    )

    assert mail.text == "See the offer."
    assert [(one.name, one.content_type) for one in mail.attachments] == [
        ("Größe.pdf", "application/pdf"),
        ("notes.txt", "text/plain"),
        ("The first mail.eml", "message/rfc822"),
        ("invite.ics", "text/calendar"),
    ]
    assert mail.attachments[0].content == b"%PDF-1.7"
    assert mail.attachments[2].content == b"Subject: The first mail\r\n\r\nHello"


def test_pictures_in_the_letter_are_inline() -> None:
    mail = parse(
        parts(
            'Content-Type: text/html\r\n\r\n<p>Hi <img src="cid:logo@x"></p>',
            "Content-Type: image/png\r\nContent-ID: <logo@x>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + base64.b64encode(b"\x89PNG\r\n\x1a\n").decode(),
            kind="related",
        )
    )

    (logo,) = mail.attachments
    assert (logo.content_id, logo.inline, logo.name) == ("logo@x", True, "attachment-1.png")


def test_pieces_of_a_letter_around_a_file_are_joined() -> None:
    mail = parse(
        parts(
            "Content-Type: text/plain\r\n\r\nabove",
            "Content-Type: application/pdf; name=a.pdf\r\n\r\nx",
            "Content-Type: text/html\r\n\r\n<p>below</p>",
        )
    )

    assert mail.text == "above\nbelow"
    assert "above" in mail.html and "<p>below</p>" in mail.html
    assert len(mail.attachments) == 1


def test_the_parts_of_a_report_are_given_as_text() -> None:
    mail = parse(
        parts(
            "Content-Type: text/plain\r\n\r\nNot delivered.",
            "Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + base64.b64encode(b"Reporting-MTA: dns; a\r\n\r\nAction: failed").decode(),
            "Content-Type: text/rfc822-headers\r\n\r\nSubject: Pump 7",
            kind="report",
        )
    )

    assert [(one.content_type, one.text) for one in mail.report_parts] == [
        ("message/delivery-status", "Reporting-MTA: dns; a\r\n\r\nAction: failed"),
        ("text/rfc822-headers", "Subject: Pump 7"),
    ]
    assert mail.text == "Not delivered."


def test_files_written_into_the_text_are_taken_out() -> None:
    mail = parse(a_mail("See below\r\nbegin 644 a.txt\r\n%:&5L;&\\\r\n`\r\nend\r\nBye\r\n"))

    assert mail.text == "See below\nBye\n"
    assert [(one.name, one.content) for one in mail.attachments] == [("a.txt", b"hello")]


def test_yenc_files_are_taken_out() -> None:
    coded = bytes((octet + 42) % 256 for octet in b"hello")
    raw = (
        a_mail("See\r\n").rstrip()
        + b"\r\n=ybegin line=128 size=5 name=a.txt\r\n"
        + coded
        + b"\r\n=yend size=5\r\nBye\r\n"
    )

    mail = parse(raw)

    assert mail.text == "See\nBye\n"
    assert [(one.name, one.content) for one in mail.attachments] == [("a.txt", b"hello")]


def test_flowed_paragraphs_are_joined_and_quotes_are_not() -> None:
    body = "A long \r\nparagraph.\r\n> old \r\n> words\r\n  stuffed\r\n-- \r\nAnn"

    mail = parse(a_mail(body, Content_Type="text/plain; format=flowed"))

    assert mail.text == "A long paragraph.\n> old \n> words\n stuffed\n-- \nAnn"


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_line_ends_of_all_kinds_read_alike(end: bytes) -> None:
    raw = a_mail("one\r\ntwo\r\n").replace(b"\r\n", end)

    mail = parse(raw)

    assert (mail.subject, mail.text) == ("Pump 7", "one\ntwo\n")


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("multipart/mixed", "just words", "just words"),
        ("multipart/mixed; boundary=gone", "just words", "just words"),
        ("multipart/mixed; boundary=a", "--a\r\nContent-Type: text/plain\r\n\r\nopen", "open"),
        ("multipart/mixed; boundary=a", "--a\r\n\r\nno header\r\n--a--\r\n", "no header"),
        (
            "multipart/mixed; boundary=wrong",
            "--right\r\nContent-Type: text/plain\r\n\r\nhello\r\n--right--\r\n",
            "hello",
        ),
        ("rubbish", "words", "words"),
        ("text/plain; charset=nonsense", "words", "words"),
    ],
)
def test_broken_structure_still_gives_the_words(kind: str, body: str, expected: str) -> None:
    assert parse(a_mail(body, Content_Type=kind)).text.strip() == expected


def test_a_boundary_that_begins_another_is_not_mistaken() -> None:
    inner = "--ab\r\nContent-Type: text/plain\r\n\r\ninner\r\n--ab--"
    body = (
        f"--a\r\nContent-Type: multipart/mixed; boundary=ab\r\n\r\n{inner}\r\n--a\r\n\r\nouter\r\n--a--\r\n"
    )

    mail = parse(a_mail(body, Content_Type="multipart/mixed; boundary=a"))

    assert mail.text == "inner\nouter"
    assert mail.defects == ()


def test_a_header_with_stray_lines_is_read_to_its_end() -> None:
    raw = b"Received: from a\nby b\nSubject: Pump\n\\tfolded\nFrom: a@b.example\n\nwords"

    mail = parse(raw)

    assert mail.author == Address("", "a@b.example")
    assert mail.text == "words"
    assert "a line in the header is no field" in mail.defects


@pytest.mark.parametrize(
    "before", [b"\n", b"\r\n\r\n", b"\xef\xbb\xbf", b"From ann Mon Nov 23 10:00:00 2026\n"]
)
def test_what_stands_before_the_header_is_passed_over(before: bytes) -> None:
    mail = parse(before + b"From: a@b.example\nSubject: Pump\n\nwords")

    assert (mail.author, mail.subject, mail.text) == (Address("", "a@b.example"), "Pump", "words")


def test_a_japanese_name_with_quotes_in_its_octets_is_read() -> None:
    name = "見積書ヂ.pdf".encode("iso2022_jp")
    raw = (
        b'From: a@b.example\nContent-Type: application/pdf\nContent-Disposition: attachment; filename="'
        + name
        + b'"\n\nx'
    )

    assert [one.name for one in parse(raw).attachments] == ["見積書ヂ.pdf"]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (
            b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b0\r\n\r\n"
            + b"".join(
                b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n + 1, n + 1)
                for n in range(120)
            ),
            "over 100 levels",
        ),
        (
            b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
            + b"--b\r\n\r\nx\r\n" * 1500,
            "over 1,000 parts",
        ),
        (b"From: a@b.example\r\nX: " + b"x" * 300_000 + b"\r\n\r\nx", "a header over 256 KiB"),
    ],
)
def test_a_mail_over_a_limit_is_not_read_but_named(raw: bytes, reason: str) -> None:
    mail = parse(raw)

    assert mail.unreadable == reason
    assert mail.author == Address("", "a@b.example")
    assert (mail.text, mail.attachments) == ("", ())


def in_encoding(encoding: str, text: str) -> bytes:
    octets = text.encode()
    coded = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring, "8bit": bytes}[encoding](
        octets
    )
    head = f"From: ann@example.com\nSubject: x\nMessage-ID: <1@example.com>\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n"
    return head.encode() + coded


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), max_size=80), max_size=6
    )
)
def test_a_mail_keeps_its_fingerprint_when_it_is_encoded_anew(lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"

    prints = {
        fingerprint(parse(in_encoding(encoding, text))) for encoding in ("base64", "quoted-printable", "8bit")
    }

    assert len(prints) == 1


def test_a_changed_word_changes_the_fingerprint() -> None:
    assert fingerprint(parse(a_mail("one"))) != fingerprint(parse(a_mail("two")))
    assert fingerprint(parse(a_mail("one"))) == fingerprint(parse(a_mail("one  \r\n")))
    assert fingerprint(parse(a_mail("x", Subject="a"))) != fingerprint(parse(a_mail("x", Subject="b")))


@settings(max_examples=300)
@given(st.binary(max_size=2000))
@example(b"")
@example(b"\n")
@example(b"\0" * 10)
@example(b"--")
def test_no_octets_make_it_fail(raw: bytes) -> None:
    fingerprint(parse(raw))


_SCRAPS = [
    b"\r\n", b"\n", b"\r", b"\0", b"From: ", b"a@b.c", b"Content-Type: ", b"multipart/mixed; boundary=a", b"--a", b"--a--",
    b"text/html", b"message/rfc822", b"charset=", b"utf-7", b"utf-16", b"iso-2022-jp", b"hz", b"zlib", b"Content-Transfer-Encoding: ",
    b"base64", b"quoted-printable", b"uuencode", b"=?", b"utf-8?q?", b"?=", b"begin 644 x", b"=ybegin line=1 name=x", b"=yend", b"\x1b$B",
    b"\xff", b"=", b'"', b"\\", b"<", b">", b"(", b";", b"*0*=", b"Date: ", b"9999", b"Subject: ", b":", b" ", b"x\x9f\x3e\x22",
    b"Content-Disposition: attachment; filename=", b"application/ms-tnef",
]  # fmt: skip


@settings(max_examples=400)
@given(st.lists(st.sampled_from(_SCRAPS), max_size=40).map(b"".join))
def test_no_scraps_of_mail_make_it_fail_or_give_text_that_cannot_be_stored(raw: bytes) -> None:
    mail = parse(raw)

    fingerprint(mail)
    told = [mail.text, mail.html, mail.subject, *mail.author_claims, *(value for _, value in mail.headers)]
    told += [one.name for one in mail.attachments]
    assert not any("\0" in text for text in told)
    "".join(told).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"words and more words\r\n" * 400_000,
        b"--x\r\n" * 500_000,
        b"begin 644 x\r\n" * 300_000,
        b" " * 8_000_000,
        "größer\r\n".encode() * 400_000,
    ],
)
def test_a_large_mail_is_read_fast(body: bytes) -> None:
    raw = (
        b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\n"
        + body
        + b"\r\n--y--\r\n"
    )
    started = time.process_time()

    parse(raw)

    assert time.process_time() - started < 2
