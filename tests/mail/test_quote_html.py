"""The quotations of many mail programs, in HTML: the answer stays, what they quote goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail import quote

ANSWER = "The pump fits, thank you."
OLD = "Does the pump fit the old frame?"

CLIENTS = {
    "Gmail": (
        f'<div dir="ltr">{ANSWER}</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" '
        'class="gmail_attr">On Tue, Mar 3, 2026 at 9:15 AM Ann &lt;<a href="mailto:ann@example.com">ann@example.com</a>&gt; '
        f'wrote:<br></div><blockquote class="gmail_quote" style="margin:0">{OLD}</blockquote></div>'
    ),
    "Gmail in a language that nobody knows": (
        f'<div dir="ltr">{ANSWER}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">Xa 3 mbo 2026 ge 9:15 '
        f"Ann &lt;ann@example.com&gt; zulipa:<br></div><blockquote>{OLD}</blockquote></div>"
    ),
    "Outlook for Windows": (
        f"<div class=WordSection1><p class=MsoNormal>{ANSWER}<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p>"
        "<div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal>"
        "<b>Von:</b> Ann Example &lt;ann@example.com&gt; <br><b>Gesendet:</b> Dienstag, 3. M&auml;rz 2026 09:15<br>"
        f"<b>An:</b> Bob<br><b>Betreff:</b> Pumpe<o:p></o:p></p></div></div><p class=MsoNormal>{OLD}</p></div>"
    ),
    "Outlook on the web": (
        f'<div class="elementToProof">{ANSWER}</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%">'
        '<div id="divRplyFwdMsg" dir="ltr"><font><b>From:</b> Ann<br><b>Sent:</b> Tuesday, March 3, 2026<br><b>To:</b> Bob<br>'
        f"<b>Subject:</b> Pump</font></div><div>{OLD}</div>"
    ),
    "Outlook mobile": (
        f'<div dir="auto">{ANSWER}</div><div id="ms-outlook-mobile-signature">Get <a href="https://aka.ms/x">Outlook for iOS'
        '</a></div><div id="mail-editor-reference-message-container"><hr><div><b>From:</b> Ann<br><b>Sent:</b> Tuesday<br>'
        f"<b>Subject:</b> Pump</div><div>{OLD}</div></div>"
    ),
    "Outlook for the Mac": (
        f'<div>{ANSWER}</div><div><br></div><span id="OLK_SRC_BODY_SECTION"><div style="border-top: #b5c4df 1pt solid">'
        '<span style="font-weight:bold">From: </span> Ann &lt;ann@example.com&gt;<br><span>Date: </span> Tuesday, 3 March 2026'
        f"<br><span>To: </span> Bob<br><span>Subject: </span> Pump</div><div>{OLD}</div></span>"
    ),
    "Hotmail": (
        f'<div dir="ltr">{ANSWER}<br><br><div><hr id="stopSpelling">Date: Tue, 3 Mar 2026 09:15:00 +0100<br>Subject: Pump<br>'
        f"From: ann@example.com<br>To: bob@example.com<br><br><div>{OLD}</div></div></div>"
    ),
    "Windows Mail": (
        f'<div>{ANSWER}</div><div style="border-top-style: solid;"><b>От:</b>&nbsp;Ann<br><b>Отправлено:</b>&nbsp;3 марта 2026'
        f"<br><b>Кому:</b>&nbsp;Bob</div><div>{OLD}</div>"
    ),
    "Apple Mail": (
        f'<div>{ANSWER}</div><div><br><blockquote type="cite"><div>On 3 Mar 2026, at 09:15, Ann &lt;ann@example.com&gt; wrote:'
        f'</div><br class="Apple-interchange-newline"><div>{OLD}</div></blockquote></div><br>'
    ),
    "Apple Mail on the phone": (
        f'{ANSWER}<br><br><div dir="ltr">Sent from my iPhone</div><div dir="ltr"><br><blockquote type="cite">On 3 Mar 2026, at '
        f'09:15, Ann wrote:<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">{OLD}</div></blockquote>'
    ),
    "Thunderbird": (
        f'<p>{ANSWER}</p><div class="moz-cite-prefix">Am 03.03.26 um 09:15 schrieb Ann:<br></div><blockquote type="cite" '
        f'cite="mid:x@example.com"><p>{OLD}</p></blockquote><div class="moz-signature">-- <br>Bob</div>'
    ),
    "Yahoo": (
        f'<div class="ydp1yahoo-style-wrap"><div>{ANSWER}</div></div><div id="ydp2yahoo_quoted_1" class="ydp2yahoo_quoted">'
        "<div>On Tuesday, March 3, 2026 at 09:15:00 AM GMT+1, Ann &lt;ann@example.com&gt; wrote: </div><div><br></div>"
        f"<div>{OLD}</div></div>"
    ),
    "Proton Mail": (
        f'<div style="font-family: Arial">{ANSWER}</div><div class="protonmail_signature_block"><div>Sent with Proton Mail</div>'
        '</div><div class="protonmail_quote">On Tuesday, March 3rd, 2026 at 9:15 AM, Ann &lt;ann@example.com&gt; wrote:<br><br>'
        f'<blockquote class="protonmail_quote" type="cite">{OLD}</blockquote><br></div>'
    ),
    "Zimbra": (
        f'<div>{ANSWER}</div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>From: </b>"Ann" '
        "&lt;ann@example.com&gt;<br><b>To: </b>Bob<br><b>Sent: </b>Tuesday, March 3, 2026<br><b>Subject: </b>Pump<br></div>"
        f"<br><div>{OLD}</div>"
    ),
    "Lotus Notes": (
        f'<font size="2">{ANSWER}<br><br><font color="#990099">-----Ann Example &lt;ann@example.com&gt; wrote: -----</font>'
        f'<div style="padding-left:5px;border-left:solid black 2px">To: Bob<br>From: Ann<br>Date: 03/03/2026<br>{OLD}</div></font>'
    ),
    "Samsung": (
        f'<div dir="auto">{ANSWER}</div><div id="composer_signature"><div>Sent from my Galaxy</div></div><div><br></div>'
        "<div>-------- Original message --------</div><div>From: Ann &lt;ann@example.com&gt; </div><div>Date: 03/03/2026  09:15 "
        f"(GMT+01:00) </div><div>To: Bob </div><div>Subject: Pump </div><div><br></div>{OLD}"
    ),
    "mail.ru": (
        f"<HTML><BODY><p>{ANSWER}</p><br>Вторник, 3 марта 2026, 9:15 +03:00 от Ann &lt;ann@example.com&gt;:<br>"
        f'<blockquote style="border-left:1px solid #0857A6"><div>{OLD}</div></blockquote></BODY></HTML>'
    ),
    "Yandex": (
        f'<div>{ANSWER}</div><div>\xa0</div><div>03.03.2026, 09:15, "Ann" &lt;ann@example.com&gt;:</div>'
        f"<blockquote><p>{OLD}</p></blockquote>"
    ),
    "QQ": (
        f'<div>{ANSWER}</div><div><br></div><div style="font-size: 12px;">------------------&nbsp;原始邮件&nbsp;------------------'
        '</div><div><b>发件人:</b>&nbsp;"Ann"&lt;ann@example.com&gt;;<br><b>发送时间:</b>&nbsp;2026年3月3日<br><b>收件人:</b>&nbsp;Bob<br>'
        f"<b>主题:</b>&nbsp;Pump</div><div>{OLD}</div>"
    ),
    "NetEase": (
        f'<div>{ANSWER}</div><br><p>在 2026-03-03 09:15:22，"Ann" &lt;ann@example.com&gt; 写道：</p>'
        f'<blockquote id="isReplyContent"><div>{OLD}</div></blockquote>'
    ),
    "Zoho": (
        f'<div>{ANSWER}</div><div class="zmail_extra"><div>---- On Tue, 03 Mar 2026 09:15:00 +0100 <b>Ann</b> wrote ----</div>'
        f"<div>{OLD}</div></div>"
    ),
    "Roundcube": (
        f'<p>{ANSWER}</p><p id="reply-intro">On 2026-03-03 09:15, Ann wrote:</p><blockquote type="cite">{OLD}</blockquote>'
    ),
    "our own notification": (
        f"<div>{ANSWER}</div><div>On 3 March 2026 at 09:15, House &lt;reply@house.example&gt; wrote:</div><div><p>##- Please reply "
        f"above this line -##</p><p>{OLD}</p></div>"
    ),
}


@pytest.mark.parametrize("client", CLIENTS)
def test_the_answer_stays_and_the_quotation_goes(client):
    parts = quote.split("", CLIENTS[client])

    assert parts.reply_text == ANSWER
    assert ANSWER in parts.reply_html
    assert OLD not in parts.reply_html
    assert OLD in parts.quoted_text
    assert OLD in parts.quoted_html
    assert parts.reply_html.count("<div") == parts.reply_html.count("</div")


@pytest.mark.parametrize("client", CLIENTS)
def test_both_bodies_of_one_mail_are_cut(client):
    text = f"{ANSWER}\n\nOn 3 Mar 2026, Ann <ann@example.com> wrote:\n> {OLD}\n"

    parts = quote.split(text, CLIENTS[client])

    assert parts.reply_text == ANSWER
    assert OLD not in parts.reply_html


def test_answers_between_quotations_keep_what_they_answer():
    html = (
        '<div class="gmail_quote"><div class="gmail_attr">On Tue, Mar 3, 2026, Ann &lt;ann@example.com&gt; wrote:</div>'
        "<blockquote>How many?</blockquote><div>Ten.</div><blockquote>And when?</blockquote><div>On Monday.</div>"
        "<blockquote>Regards, Ann</blockquote></div>"
    )

    parts = quote.split("", html)

    assert parts.reply_text == "> How many?\nTen.\n> And when?\nOn Monday."
    assert "Regards, Ann" not in parts.reply_html
    assert "wrote:" not in parts.reply_html


def test_no_empty_frame_is_left_where_a_quotation_was():
    html = f'<div>{ANSWER}</div><br><div><blockquote type="cite"><div>{OLD}</div></blockquote></div>'

    assert quote.split("", html).reply_html == f"<div>{ANSWER}</div>"


def test_a_picture_above_the_quotation_is_kept():
    html = '<div>See:</div><div><img src="cid:1"></div><blockquote type="cite">Which pump?</blockquote>'

    assert '<img src="cid:1">' in quote.split("", html).reply_html


def test_html_nested_beyond_measure_keeps_its_text():
    html = "<div>" * 100_000 + "The pump fits." + "</div>" * 100_000

    parts = quote.split("", html)

    assert parts.reply_text == "The pump fits."
    assert parts.reply_html == html


def test_an_indented_paragraph_of_gmail_is_no_quotation():
    html = '<div>Look:</div><blockquote style="margin:0 0 0 40px;border:none;padding:0px">the second pump</blockquote>'

    assert quote.split("", html).reply_text == "Look:\nthe second pump"


def test_an_answer_that_the_phone_put_into_its_signature_element_is_kept():
    html = '<div id="AppleMailSignature">Yes, on Monday.</div><blockquote type="cite">On Monday?</blockquote>'

    assert quote.split("", html).reply_text == "Yes, on Monday."


def test_a_tag_like_value_of_an_attribute_is_no_text():
    assert quote.split("", '<p>Hi <img alt="a > b"> there</p>').reply_text == "Hi there"


def test_a_text_part_that_excuses_itself_gives_way_to_the_html():
    parts = quote.split("Your mail program cannot show HTML.", "<p>The pump fits.</p>")

    assert parts.reply_text == "The pump fits."


@given(
    st.lists(
        st.sampled_from(
            [
                "<div>",
                "</div>",
                "<blockquote>",
                "</blockquote>",
                "<p>",
                "a",
                "<br>",
                "<!--",
                "-->",
                "<x y='",
                "<hr id=zwchr>",
                "&lt;",
                "<pre>\n",
                "On 3 Mar 2026, a@b.example wrote:",
                "> c",
            ]
        ),
        max_size=40,
    )
)
def test_no_text_of_any_html_is_lost(pieces):
    html = "".join(pieces)

    parts = quote.split("", html)

    assert parts.reply_html.count("a@b") + parts.quoted_html.count("a@b") >= html.count("a@b")


@given(st.text(alphabet="<>/abdiv\"'= -!&;\n", max_size=200))
def test_html_that_is_none_never_raises(html):
    quote.split("", html)
