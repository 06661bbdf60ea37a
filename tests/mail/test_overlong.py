"""A letter of megabytes is shown from its beginning and kept in full."""

from __future__ import annotations

import time

from gateway.mail.message import ParsedMail
from gateway.mail.overlong import MOST_SHOWN, beginning_of_html, shortened


def test_an_ordinary_mail_stays_as_it_is():
    mail = ParsedMail(text="Hello", html="<p>Hello</p>")

    assert shortened(mail) is mail


def test_a_long_text_ends_with_a_whole_line_and_is_a_file_in_full():
    text = "The pump is loud.\n" * 100_000

    found = shortened(ParsedMail(text=text))

    assert len(found.text) <= MOST_SHOWN and found.text.endswith("loud.")
    [file] = found.attachments
    assert (file.name, file.content.decode()) == ("message.txt", text)
    assert found.defects


def test_long_html_is_cut_in_front_of_a_tag():
    found = shortened(
        ParsedMail(text="x" * 2_000_000, html="<p>The pump is loud.</p>" * 100_000, text_is_derived=True)
    )

    assert found.html.endswith((">", "."))
    assert [file.name for file in found.attachments] == ["message.html"]
    assert len(found.text) <= MOST_SHOWN


def test_an_image_written_out_hides_no_text_behind_it():
    html = f'<p>Before</p><img src="data:image/png;base64,{"A" * 3_000_000}"><p>after</p>'

    assert beginning_of_html(html) == '<p>Before</p><img src=""><p>after</p>'


def test_hostile_text_takes_no_longer():
    begin = time.process_time()

    beginning_of_html("data:" * 2_000_000)
    beginning_of_html("data:a/" * 1_000_000)

    assert time.process_time() - begin < 2
