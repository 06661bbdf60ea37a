"""What Odoo's suite checks of reading mail (test catalogue 3.1 and T088), said of ours with mails of our own."""

from __future__ import annotations

import base64
import quopri

import pytest

from gateway.mail.html import clean, from_text
from gateway.mail.message import Attachment, ParsedMail
from gateway.mail.parse import parse
from gateway.mail.quote import split
from gateway.mail.report import read_report

PDF = b"%PDF-1.4 a plan of the pump"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 24


def a_part(content: bytes, content_type: str, *extra: str) -> bytes:
    """One part in base64. extra: further header fields."""
    fields = [f"Content-Type: {content_type}", "Content-Transfer-Encoding: base64", *extra]
    return ("\r\n".join(fields) + "\r\n\r\n").encode() + base64.encodebytes(content).replace(b"\n", b"\r\n")


def a_mail(*parts: bytes, kind: str = "mixed") -> bytes:
    head = (
        "From: Vera <vera@customer.example>\r\nTo: support@threads.example.test\r\nSubject: The pump\r\n"
        "Message-ID: <catalogue@customer.example>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/{kind}; boundary="edge"\r\n\r\n'
    )
    return head.encode() + b"".join(b"--edge\r\n" + part + b"\r\n" for part in parts) + b"--edge--\r\n"


def the_file(mail: ParsedMail) -> Attachment:
    [file] = mail.attachments
    return file


@pytest.mark.parametrize(
    ("declared", "content", "name", "expected"),
    [
        ("binary/octet-stream", b"\0\1\2 what it is", "plan", "application/octet-stream"),  # T001
        ("*/*", b"\0\1\2 what it is", "plan", "application/octet-stream"),  # T002
        ("pdf; name=plan.pdf", PDF, "plan.pdf", "application/pdf"),  # T003
        (
            "binary/octet-stream",
            b"\0\1\2 what it is",
            "plan.pdf",
            "application/pdf",
        ),  # then the name may know
        ("text/*", b"what it is", "plan", "application/octet-stream"),
        ("x-world/x-vrml", b"#VRML", "plan", "x-world/x-vrml"),
        ("application/vnd.acme+json; v=1", b"{}", "plan", "application/vnd.acme+json"),
    ],
)
def test_t001_t002_t003_a_part_of_an_impossible_type_is_a_file_of_an_honest_one(
    declared: str, content: bytes, name: str, expected: str
):
    text = a_part(b"See the plan.", "text/plain; charset=utf-8")

    mail = parse(
        a_mail(text, a_part(content, declared, f'Content-Disposition: attachment; filename="{name}"'))
    )

    file = the_file(mail)
    assert (file.content, file.content_type, file.name) == (content, expected, name)
    assert mail.text.strip() == "See the plan."


def test_t004_of_two_alternatives_the_html_is_the_body_and_nothing_stands_twice():
    mail = parse(a_mail(
        a_part(b"The pump leaks.", "text/plain; charset=utf-8"),
        a_part(b"<p>The pump <b>leaks</b>.</p>", "text/html; charset=utf-8"),
        kind="alternative",
    ))  # fmt: skip

    new = split(mail.text, mail.html)

    assert new.reply_html.count("leaks") == 1 and "<b>leaks</b>" in clean(new.reply_html)
    assert new.reply_text.strip() == "The pump leaks." and mail.attachments == ()


def test_t005_mixed_texts_follow_each_other_and_the_image_is_a_file():
    mail = parse(a_mail(
        a_part(b"First text.", "text/plain; charset=utf-8"),
        a_part(b"<p>Then HTML.</p>", "text/html; charset=utf-8"),
        a_part(PNG, 'image/png; name="pump.png"', 'Content-Disposition: attachment; filename="pump.png"'),
    ))  # fmt: skip

    assert mail.html.index("First text.") < mail.html.index("Then HTML.")
    assert (the_file(mail).name, the_file(mail).content) == ("pump.png", PNG)


def test_t006_xhtml_with_an_xml_declaration_is_html():
    html = (
        '<?xml version="1.0" encoding="iso-8859-1"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" '
        '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\n<html xmlns="http://www.w3.org/1999/xhtml">'
        "<body><p>Käse<br/>und Brot</p></body></html>"
    )

    mail = parse(a_mail(a_part(html.encode(), "text/html; charset=utf-8"), kind="alternative"))

    shown = clean(mail.html)
    assert "Käse" in shown and "und Brot" in shown
    assert "xml" not in shown.lower() and "DOCTYPE" not in shown


def test_t007_a_plain_text_keeps_its_lines_and_its_signs_are_no_markup():
    mail = parse(
        a_mail(a_part(b"a < b & c\r\n\r\n  <script>alert(1)</script>\r\n", "text/plain; charset=utf-8"))
    )

    shown = from_text(split(mail.text, mail.html).reply_text)

    assert "a &lt; b &amp; c" in shown and "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<script" not in shown
    assert shown.count("<p>") == 2  # two lines stay two


def test_t008_an_attached_mail_is_kept_whole_as_a_file_and_its_text_is_not_ours():
    inner = b"From: old@customer.example\r\nSubject: Before\r\n\r\nWords of the attached mail.\r\n"
    attached = b"Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n" + inner

    mail = parse(a_mail(a_part(b"See below.", "text/plain; charset=utf-8"), attached))

    file = the_file(mail)
    assert file.content.split() == inner.split() and file.content.count(b"\n") == inner.count(b"\n")
    assert (file.content_type, file.name[-4:]) == ("message/rfc822", ".eml")
    assert mail.text.strip() == "See below."


def a_bounce(content_type: str, returned_type: str) -> bytes:
    """A failure notice whose returned header is in quoted-printable, with a long id that is cut by it."""
    header = (
        b"From: notifications@threads.example.test\nMessage-ID:\n <"
        + b"m" * 80
        + b"=x@threads.example.test>\n"
    )
    return (
        "From: Mail System <nobody-knows@relay.example>\r\nTo: undisclosed\r\nSubject: about your mail\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: {content_type}\r\n\r\n"
        "--edge\r\nContent-Type: text/plain\r\n\r\nIt did not go.\r\n"
        "--edge\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example\r\n\r\n"
        "Final-Recipient: rfc822; vera@customer.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--edge\r\nContent-Type: {returned_type}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode() + quopri.encodestring(header).replace(b"\n", b"\r\n") + b"\r\n--edge--\r\n"  # fmt: skip


def test_t009_the_id_of_a_bounced_mail_is_found_in_its_quoted_printable_header():
    raw = a_bounce('multipart/report; report-type=delivery-status; boundary="edge"', "text/rfc822-headers")

    report = read_report(parse(raw), "")

    assert report is not None
    assert report.original_message_id == f"<{'m' * 80}=x@threads.example.test>"


@pytest.mark.parametrize(
    "field", ["Date: \r\n", "Date: yesterday\r\n", "To: ,,;<@\r\n", "To: \r\n", "Cc: <<a@b>, (\r\n"]
)
def test_t010_odd_or_missing_fields_are_read_past(field: str):
    raw = f"From: vera@customer.example\r\n{field}Subject: The pump\r\n\r\nIt leaks.\r\n".encode()

    mail = parse(raw)

    assert (mail.text.strip(), mail.subject, mail.date) == ("It leaks.", "The pump", None)


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-32-be", "cp850", "utf-8", ""])
def test_t012_an_attached_text_is_the_octets_that_were_sent(charset: str):
    content = "Größe: 5 µm\r\n".encode(charset or "utf-8")
    declared = f"text/plain; charset={charset}" if charset else "text/plain"

    mail = parse(a_mail(
        a_part(b"See the file.", "text/plain; charset=utf-8"),
        a_part(content, declared, 'Content-Disposition: attachment; filename="size.txt"'),
    ))  # fmt: skip

    assert (the_file(mail).content, the_file(mail).name) == (content, "size.txt")


def test_t013_a_text_that_is_no_ascii_though_it_says_so_is_kept_as_it_came():
    """Odoo stores it with marks of replacement; nothing is lost when the octets stay."""
    content = b"caf\xe9 \xff\xfe\r\n"

    mail = parse(a_mail(
        a_part(content, "text/plain; charset=us-ascii"),
        a_part(content, "text/plain; charset=us-ascii", 'Content-Disposition: attachment; filename="bill.txt"'),
    ))  # fmt: skip

    assert the_file(mail).content == content
    assert mail.text.startswith("caf")


def test_t015_three_images_with_odd_names_are_three_files_that_the_body_points_to():
    names = ["à la carte.png", "a;b \\ c.png", "plain.png"]
    tags = "".join(f'<img src="cid:image{n}@customer.example">' for n in range(3))
    images = [
        a_part(PNG + bytes([n]), "image/png", f"Content-ID: <image{n}@customer.example>",
               f"Content-Disposition: inline; filename*=utf-8''{_percent(name)}")
        for n, name in enumerate(names)
    ]  # fmt: skip

    mail = parse(
        a_mail(a_part(f"<p>{tags}</p>".encode(), "text/html; charset=utf-8"), *images, kind="related")
    )

    assert [file.content_id for file in mail.attachments] == [f"image{n}@customer.example" for n in range(3)]
    assert all(file.inline and file.name.endswith(".png") for file in mail.attachments)
    assert mail.attachments[0].name == names[0] and mail.attachments[2].name == names[2]
    assert len({file.content for file in mail.attachments}) == 3
    assert all(f"cid:image{n}@customer.example" in clean(mail.html) for n in range(3))


def _percent(name: str) -> str:
    return "".join(f"%{octet:02X}" for octet in name.encode())


@pytest.mark.parametrize(
    "content_type",
    [
        'multipart/report; report-type=delivery-status; boundary="edge"',
        'multipart/report:; report-type="delivery-status"; boundary="edge"',
        'multipart/report; boundary="edge"; report-type=Delivery-Status',
    ],
)
@pytest.mark.parametrize("reverse_path", ["", "postmaster@relay.example"])
def test_t088_a_delivery_status_makes_a_bounce_whoever_it_names_in_from_and_to(
    content_type: str, reverse_path: str
):
    report = read_report(parse(a_bounce(content_type, "message/rfc822")), reverse_path)

    assert report is not None
    assert (report.kind, report.status, report.hard) == ("bounce", "5.1.1", True)
    assert [one.address for one in report.recipients] == ["vera@customer.example"]
