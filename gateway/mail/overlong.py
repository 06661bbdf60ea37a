"""Nobody reads a letter of megabytes: show its beginning, and keep the whole as a file.

Splitting and cleaning need memory of several times the size, so they never see more than the beginning.
"""

from __future__ import annotations

import re
from dataclasses import replace

from gateway.mail.message import Attachment, ParsedMail

MOST_SHOWN = 1_000_000  # characters; a novel has as many
_DATA = re.compile(r"data:[a-z]{1,20}/[^\"'\s<>]{0,4000000}", re.IGNORECASE)


def shortened(mail: ParsedMail) -> ParsedMail:
    """Give the mail with bodies of at most 1,000,000 characters; what was longer is a file in full, too."""
    long_text = len(mail.text) > MOST_SHOWN and not mail.text_is_derived
    long_html = len(mail.html) > MOST_SHOWN
    if not long_text and not long_html and len(mail.text) <= MOST_SHOWN:
        return mail
    whole: list[Attachment] = []
    if long_text:
        whole.append(Attachment("message.txt", "text/plain", mail.text.encode("utf-8", "replace")))
    if long_html:
        whole.append(Attachment("message.html", "text/html", mail.html.encode("utf-8", "replace")))
    return replace(
        mail,
        text=beginning(mail.text),
        html=beginning_of_html(mail.html),
        attachments=(*mail.attachments, *whole),
        defects=(*mail.defects, "only the beginning of a very long body is shown") if whole else mail.defects,
    )


def beginning(text: str) -> str:
    """The first lines of a text, at most 1,000,000 characters."""
    if len(text) <= MOST_SHOWN:
        return text
    end = text.rfind("\n", MOST_SHOWN // 2, MOST_SHOWN)
    return text[: end if end > 0 else MOST_SHOWN]


def beginning_of_html(html: str) -> str:
    """The same for HTML, cut in front of a tag; images written out in it ("data:") are never shown and go first."""
    if len(html) <= MOST_SHOWN:
        return html
    if "data:" in html:
        html = _DATA.sub("", html)
    if len(html) <= MOST_SHOWN:
        return html
    end = html.rfind("<", MOST_SHOWN // 2, MOST_SHOWN)
    return html[: end if end > 0 else MOST_SHOWN]
