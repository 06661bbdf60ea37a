"""A mail that was passed on is read out of the one that carries it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.mail.forward import read_forward
from gateway.mail.message import Address, Attachment, ParsedMail
from gateway.mail.subject import is_forward

CAROL = Address("Carol Jones", "carol@customer.example")

BLOCKS = {
    "Gmail": "---------- Forwarded message ---------\nFrom: Carol Jones <carol@customer.example>\nDate: Mon, 23 Nov 2026 at 10:00\n"
    "Subject: Pump broken\nTo: Alice <alice@corp.example>\n\n",
    "Gmail, rich text as plain": "---------- Forwarded message ---------\nFrom: *Carol Jones* <carol@customer.example>\n"
    "Date: Mon, 23 Nov 2026 at 10:00\nSubject: Pump broken\nTo: <alice@corp.example>\n\n",
    "Gmail, German": "---------- Forwarded message ---------\nVon: Carol Jones <carol@customer.example>\n"
    "Date: Mo., 23. Nov. 2026 um 10:00 Uhr\nSubject: Pump broken\nTo: <alice@corp.example>\n\n",
    "Outlook": "From: Carol Jones <carol@customer.example>\nSent: Monday, November 23, 2026 10:00 AM\n"
    "To: Alice <alice@corp.example>\nSubject: Pump broken\n",
    "Outlook 2010": "From: Carol Jones [mailto:carol@customer.example]\nSent: Monday, November 23, 2026 10:00 AM\n"
    "To: Alice\nSubject: Pump broken\n",
    "Outlook, a rule above": "________________________________\nFrom: Carol Jones <carol@customer.example<mailto:carol@customer.example>>\n"
    "Sent: 23 November 2026 10:00\nTo: Alice <alice@corp.example>\nSubject: Pump broken\n",
    "Outlook, German": "Von: Carol Jones <carol@customer.example>\nGesendet: Montag, 23. November 2026 10:00\n"
    "An: Alice <alice@corp.example>\nBetreff: Pump broken\n",
    "Outlook, French": "De : Carol Jones <carol@customer.example>\nEnvoyé : lundi 23 novembre 2026 10:00\n"
    "À : Alice <alice@corp.example>\nObjet : Pump broken\n",
    "Outlook, Spanish": "De: Carol Jones <carol@customer.example>\nEnviado el: lunes, 23 de noviembre de 2026 10:00\n"
    "Para: Alice <alice@corp.example>\nAsunto: Pump broken\n",
    "Outlook, Italian": "Da: Carol Jones <carol@customer.example>\nInviato: lunedì 23 novembre 2026 10:00\n"
    "A: Alice <alice@corp.example>\nOggetto: Pump broken\n",
    "Outlook, Portuguese": "De: Carol Jones <carol@customer.example>\nEnviada em: segunda-feira, 23 de novembro de 2026 10:00\n"
    "Para: Alice <alice@corp.example>\nAssunto: Pump broken\n",
    "Outlook, Dutch": "Van: Carol Jones <carol@customer.example>\nVerzonden: maandag 23 november 2026 10:00\n"
    "Aan: Alice <alice@corp.example>\nOnderwerp: Pump broken\n",
    "Outlook, Swedish": "Från: Carol Jones <carol@customer.example>\nSkickat: den 23 november 2026 10:00\n"
    "Till: Alice <alice@corp.example>\nÄmne: Pump broken\n",
    "Outlook, Polish": "Od: Carol Jones <carol@customer.example>\nWysłano: poniedziałek, 23 listopada 2026 10:00\n"
    "Do: Alice <alice@corp.example>\nTemat: Pump broken\n",
    "Outlook, Czech": "Od: Carol Jones <carol@customer.example>\nOdesláno: pondělí 23. listopadu 2026 10:00\n"
    "Komu: Alice <alice@corp.example>\nPředmět: Pump broken\n",
    "Outlook, Russian": "От: Carol Jones <carol@customer.example>\nОтправлено: 23 ноября 2026 г. 10:00\n"
    "Кому: Alice <alice@corp.example>\nТема: Pump broken\n",
    "Outlook, Turkish": "Kimden: Carol Jones <carol@customer.example>\nGönderildi: 23 Kasım 2026 Pazartesi 10:00\n"
    "Kime: Alice <alice@corp.example>\nKonu: Pump broken\n",
    "Outlook, Hungarian": "Feladó: Carol Jones <carol@customer.example>\nElküldve: 2026. november 23., hétfő 10:00\n"
    "Címzett: Alice <alice@corp.example>\nTárgy: Pump broken\n",
    "Outlook, Greek": "Από: Carol Jones <carol@customer.example>\nΣτάλθηκε: Δευτέρα, 23 Νοεμβρίου 2026 10:00\n"
    "Προς: Alice <alice@corp.example>\nΘέμα: Pump broken\n",
    "Outlook, Japanese": "差出人: Carol Jones <carol@customer.example>\n送信日時: 2026年11月23日 10:00\n"
    "宛先: Alice <alice@corp.example>\n件名: Pump broken\n",
    "Outlook, Chinese": "发件人: Carol Jones <carol@customer.example>\n发送时间: 2026年11月23日 10:00\n"
    "收件人: Alice <alice@corp.example>\n主题: Pump broken\n",
    "Outlook, Korean": "보낸 사람: Carol Jones <carol@customer.example>\n보낸 날짜: 2026년 11월 23일 월요일 10:00\n"
    "받는 사람: Alice <alice@corp.example>\n제목: Pump broken\n",
    "Outlook, Hebrew": "מאת: Carol Jones <carol@customer.example>\nנשלח: יום שני 23 נובמבר 2026 10:00\n"
    "אל: Alice <alice@corp.example>\nנושא: Pump broken\n",
    "Outlook, Arabic": "من: Carol Jones <carol@customer.example>\nتم الإرسال: 23 نوفمبر 2026 10:00\n"
    "إلى: Alice <alice@corp.example>\nالموضوع: Pump broken\n",
    "Thunderbird": "-------- Forwarded Message --------\nSubject: \tPump broken\nDate: \tMon, 23 Nov 2026 10:00:00 +0000\n"
    "From: \tCarol Jones <carol@customer.example>\nTo: \tAlice <alice@corp.example>\n\n\n",
    "Thunderbird, German": "-------- Weitergeleitete Nachricht --------\nBetreff: \tPump broken\nDatum: \tMon, 23 Nov 2026 10:00:00 +0000\n"
    "Von: \tCarol Jones <carol@customer.example>\nAn: \tAlice <alice@corp.example>\n\n\n",
    "Thunderbird, Finnish": "-------- Välitetty viesti --------\nAihe: \tPump broken\nPäivämäärä: \tMon, 23 Nov 2026 10:00:00 +0000\n"
    "Lähettäjä: \tCarol Jones <carol@customer.example>\nVastaanottaja: \tAlice <alice@corp.example>\n\n\n",
    "a folded address": "-------- Forwarded Message --------\nFrom: Carol Jones\n <carol@customer.example>\n"
    "Subject: Pump broken\nTo: Alice <alice@corp.example>\n\n",
}  # fmt: skip


def passed_on(
    text: str, *, subject: str = "Fwd: Pump broken", html: str = "", derived: bool = False
) -> ParsedMail:
    return ParsedMail(subject=subject, text=text, html=html, text_is_derived=derived)


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_the_header_block_of_a_program_names_the_author(block):
    mail = passed_on(f"Please handle.\n\n{block}\nMy pump is broken.\n\nCarol\n")

    found = read_forward(mail)

    assert found is not None
    assert (found.author, found.subject) == (CAROL, "Pump broken")
    assert found.text == "My pump is broken.\n\nCarol"
    assert found.comment == "Please handle."


def test_apple_mail_quotes_what_it_forwards():
    mail = passed_on(
        "Begin forwarded message:\n\n> From: Carol Jones <carol@customer.example>\n> Subject: Pump broken\n"
        "> Date: 23 November 2026 at 10:00:00 GMT\n> To: alice@corp.example\n> \n> My pump\n> is broken.\n"
    )

    found = read_forward(mail)

    assert found is not None
    assert (found.author, found.text, found.comment) == (CAROL, "My pump\nis broken.", "")


def test_html_keeps_its_form_and_loses_the_header_block():
    html = (
        '<div>See below.<br></div><div class="gmail_quote"><div>---------- Forwarded message ---------<br>'
        "From: <strong>Carol Jones</strong> &lt;carol@customer.example&gt;<br>Date: Mon, 23 Nov 2026<br>"
        "Subject: Pump broken<br>To: alice@corp.example<br></div><br><div>My <b>pump</b> is broken</div></div>"
    )

    found = read_forward(passed_on("", html=html))

    assert found is not None
    assert (found.author, found.comment, found.text) == (CAROL, "See below.", "")
    assert "My <b>pump</b> is broken" in found.html and "Forwarded message" not in found.html


def test_a_header_block_may_be_a_table():
    html = (
        "<p>Please handle.</p><div>-------- Forwarded Message --------<table><tr><th>Subject: </th><td>Pump broken</td></tr>"
        "<tr><th>Date: </th><td>Mon, 23 Nov 2026 10:00:00 +0000</td></tr><tr><th>From: </th><td>Carol Jones "
        "&lt;carol@customer.example&gt;</td></tr><tr><th>To: </th><td>alice@corp.example</td></tr></table><p>It is broken.</p></div>"
    )

    found = read_forward(passed_on("", html=html))

    assert found is not None
    assert (found.author, found.date) == (CAROL, datetime(2026, 11, 23, 10, tzinfo=UTC))
    assert "It is broken." in found.html and "alice@corp" not in found.html


def test_outlook_hides_the_address_behind_the_name():
    html = (
        '<div id="divRplyFwdMsg"><b>From:</b> <a href="mailto:carol@customer.example">Carol Jones</a><br>'
        '<b>Sent:</b> Monday, November 23, 2026 10:00 AM<br><b>To:</b> <a href="mailto:alice@corp.example">Alice</a><br>'
        "<b>Subject:</b> Pump broken</div><p>It is broken.</p>"
    )

    found = read_forward(passed_on("", html=html))

    assert found is not None and found.author == CAROL


def test_the_signature_of_the_forwarder_is_no_comment():
    block = BLOCKS["Gmail"]

    found = read_forward(passed_on(f"-- \nAlice\nCorp Ltd\n\n{block}\nIt is broken.\n"))

    assert found is not None and found.comment == ""


INNER = (
    b"From: Carol Jones <carol@customer.example>\r\nSubject: Pump broken\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n"
    b"Content-Type: text/plain\r\n\r\nMy pump is broken.\r\n"
)


def carrying(subject: str, text: str, *more: bytes) -> ParsedMail:
    files = tuple(Attachment("mail.eml", "message/rfc822", content) for content in (INNER, *more))
    return ParsedMail(subject=subject, text=text, attachments=files)


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Fwd: Pump broken", "Please handle."),
        ("", "Please handle."),
        ("Pump broken", "Please handle."),
        ("A complaint", ""),
    ],
)
def test_an_attached_mail_is_passed_on(subject, text):
    found = read_forward(carrying(subject, text))

    assert found is not None
    assert (found.author, found.subject, found.comment) == (CAROL, "Pump broken", text)
    assert found.text.strip() == "My pump is broken."


@pytest.mark.parametrize(
    "mail",
    [
        passed_on("Hello.\n", subject="Hello"),
        passed_on(f"I agree.\n\n{BLOCKS['Outlook']}\nIs it so?\n", subject="Re: Pump broken"),
        passed_on(f"I agree.\n\n{BLOCKS['Outlook']}\nIs it so?\n", subject="RE: FW: Pump broken"),
        passed_on("Yes.\n\nOn 3 May 2026, Ann <ann@example.com> wrote:\n> Is it so?\n"),
        passed_on("Look:\n\n---------- Forwarded message ---------\nand nothing else\n"),
        passed_on("See.\n\nFrom: Carol Jones\nSent: Monday\nTo: Alice\nSubject: Pump\n\nNo address is named.\n"),
        passed_on("See.\n\nFrom: a@one.example, b@two.example\nSent: Monday\nTo: Alice\nSubject: Pump\n\nTwo are.\n"),
        passed_on("From: the top of the hill you see the sea.\nTo: me that is news.\n"),
        carrying("Our plans", "Please read what Carol wrote and tell me what you think."),
        carrying("Fwd: two", "", INNER),
    ],
    ids=["plain", "an answer", "an answer to a forward", "attribution", "empty title", "no address", "two", "prose", "an enclosure",
         "two mails"],
)  # fmt: skip
def test_what_only_looks_like_a_forward_is_the_authors_own(mail):
    assert read_forward(mail) is None


@pytest.mark.parametrize(
    ("subject", "expected"),
    [("Fwd: x", True), ("WG: x", True), ("TR : x", True), ("[list] Fwd: x", True), ("[Fwd: x]", True), ("x (fwd)", True),
     ("Re: Fwd: x", False), ("Forward plan", False), ("转发: x", True), ("Fwd: Re: x", True), ("", False)],
)  # fmt: skip
def test_the_outermost_prefix_tells_a_forward(subject, expected):
    assert is_forward(subject) is expected


@settings(deadline=None)
@given(
    st.text(alphabet="From:ToSubjectSentDate<>@.\n -_*[]ab", max_size=400),
    st.text(alphabet='<>divtable/From: @.x&;"=', max_size=300),
)
def test_no_text_makes_it_stumble(text, html):
    read_forward(ParsedMail(subject="Fwd: x", text=text, html=html))
    read_forward(
        ParsedMail(
            subject="x",
            text="---------- Forwarded message ---------\n" + text,
            html=html,
            text_is_derived=bool(html),
        )
    )
