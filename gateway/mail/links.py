"""Which links did the author of a body newly write? And which host does a URL lead to?

Only http and https. What is quoted, forwarded or a signature is judged by the rules that cut mails
(``quote_lines``); the words of a link are no link themselves, whatever address they spell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlsplit

from gateway.mail.html import LINK, without_tail
from gateway.mail.quote_html import TAG, lines_of
from gateway.mail.quote_lines import Kind, kinds

LONGEST = 2000
_MOST_READ = 200_000  # characters; links far down are not what a message is about
_HREF = re.compile(r"(?<![\w-])href\s{0,9}=\s{0,9}(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))", re.IGNORECASE)
_HOST = re.compile(r"(?:[\w.-]{1,253}|\[[0-9a-f:.]{2,45}\])", re.IGNORECASE)
_PORT = re.compile(r"(?::[0-9]{0,5})?")
_UNFIT = re.compile(r"[\s\x00-\x1f\x7f-\x9f<>\"`\\\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def new_links(html: str) -> Iterator[str]:
    """The URLs in the new text of a body, in their order, each once, without fragments; the work is done as asked.

    html: cleaned, as it is stored. Time is linear.
    """
    if "://" not in html:
        return
    seen = set()
    for piece in _new_pieces(html[:_MOST_READ]):
        for url in _links(piece):
            url = url.partition("#")[0]
            if url not in seen and host_of(url):
                seen.add(url)
                yield url


def host_of(url: str) -> str:
    """The host of a URL that may be shown as a link, as an A-label in lower case; "" for any other URL.

    Refused are other schemes, names and passwords, impossible hosts and ports, and more than 2,000 characters.

    >>> host_of("https://www.Example.com:443/a?b"), host_of("https://www.example.com@evil.example/")
    ('www.example.com', '')
    """
    if len(url) > LONGEST or _UNFIT.search(url):
        return ""
    try:
        parts = urlsplit(url)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not port_fits:
        return ""
    found = _HOST.match(parts.netloc)
    if found is None or not _PORT.fullmatch(parts.netloc, found.end()):
        return ""
    return _ascii(found[0].lower().strip("[]").rstrip("."))


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:  # too long, or empty between two dots
        return ""


def _new_pieces(html: str) -> Iterator[str]:
    """The source of each line that is new."""
    read = lines_of(html)
    judged = kinds(read.lines, read.signed)
    for index, (line, kind) in enumerate(zip(read.lines, judged, strict=True)):
        if kind is Kind.NEW and not line.startswith(">"):
            yield html[read.starts[index] : read.starts[index + 1]]


def _links(piece: str) -> Iterator[str]:
    """The links of a piece of HTML: where its elements lead to, and what its text spells outside of them."""
    parts = TAG.split(piece)
    is_inside = False
    for text, name, attributes in zip(parts[0::4], [*parts[2::4], ""], [*parts[3::4], ""], strict=True):
        if not is_inside:
            yield from (without_tail(found["url"]) for found in LINK.finditer(unescape(text)) if found["url"])
        if name.lower() == "/a":
            is_inside = False
        elif name.lower() == "a" and (found := _HREF.search(attributes)):
            is_inside = True
            yield unescape(found[1] or found[2] or found[3] or "").strip()
