"""Read the head of a web page: what it says of itself to those who link to it.

The Open Graph protocol (ogp.me) is asked first, then Twitter cards, then title and description of HTML. One walk,
no tree; everything that comes out is plain text of bounded length, or the URL of an image.
"""

from __future__ import annotations

import re
from html import unescape
from typing import NamedTuple
from urllib.parse import urljoin

from gateway.mail.charset import declared_in_html, decode
from gateway.mail.links import host_of
from gateway.mail.words import one_line, plain_order

LONGEST_TITLE, LONGEST_DESCRIPTION, LONGEST_SITE = 200, 400, 100
_MOST_METAS = 500
_MOST_RAW = 10_000  # characters of a value before it is cleaned
_NAMES = {
    "title": ("og:title", "twitter:title", "<title>"),
    "description": ("og:description", "twitter:description", "description"),
    "site": ("og:site_name",),
    "image": ("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src"),
}
_WANTED = frozenset(name for names in _NAMES.values() for name in names)
_BEGIN = re.compile(r"<(/?[A-Za-z][A-Za-z0-9]{0,20}|!--)")
_ATTRIBUTE = re.compile(
    r"[\s/]{0,99}([^\s\"'<>/=]{1,99})(?:\s{0,99}=\s{0,99}(?:\"([^\"]{0,9999})\"|'([^']{0,9999})'|([^\s\"'<>]{1,9999})))?"
)
_UNREAD = frozenset(("script", "style", "noscript", "template", "svg"))


class Shown(NamedTuple):
    """What a link leads to. kind: page or image. Texts are "" where the page says nothing."""

    kind: str
    title: str = ""
    description: str = ""
    site_name: str = ""
    image_url: str = ""


def read_page(content: bytes, *, charset: str, address: str) -> Shown | None:
    """What a page says of itself, None if it has no title.

    content: its beginning, which may be cut anywhere. charset: as the header of the answer has it, "" if it has none.
    address: of the page. Never raises.
    """
    said = _said(_text(content, charset))
    title = _clean(_first(said, "title"), LONGEST_TITLE)
    if not title:
        return None
    return Shown(
        "page", title, _clean(_first(said, "description"), LONGEST_DESCRIPTION),
        _clean(_first(said, "site"), LONGEST_SITE), _image(said, address),
    )  # fmt: skip


def _text(content: bytes, charset: str) -> str:
    """The page as text, up to its last whole tag: behind it half a character may stand."""
    whole = content[: content.rfind(b">") + 1] if b"\0" not in content else content
    return decode(whole, charset or declared_in_html(whole))[0]


def _said(html: str) -> dict[str, str]:
    """The first value of each wanted name, up to the end of the head."""
    said: dict[str, str] = {}
    place = metas = 0
    while metas < _MOST_METAS and (begin := _BEGIN.search(html, place)):
        name, place = begin[1].lower(), begin.end()
        if name in ("/head", "body"):
            break
        if name == "meta":
            metas += 1
            place = _meta(html, place, said)
        elif name == "title" and "<title>" not in said:
            metas += 1
            said["<title>"] = _inside(html, place)
        elif name == "!--" or name in _UNREAD:
            place = _behind(html, "-->" if name == "!--" else f"</{name}", place)
    return said


def _meta(html: str, place: int, said: dict[str, str]) -> int:
    """Note what a meta element says; where it ends comes back."""
    attributes: dict[str, str] = {}
    while found := _ATTRIBUTE.match(html, place):
        attributes.setdefault(found[1].lower(), found[2] or found[3] or found[4] or "")
        place = found.end()
    name = (attributes.get("property") or attributes.get("name") or "").strip().lower()
    value = attributes.get("content", "")
    if name in _WANTED and value.strip():
        said.setdefault(name, value)
    return place


def _inside(html: str, place: int) -> str:
    """The text of the title element, behind its start tag."""
    begin = html.find(">", place, place + _MOST_RAW) + 1
    return html[begin : begin + _MOST_RAW].partition("</")[0] if begin else ""


def _behind(html: str, ending: str, place: int) -> int:
    """Behind an ending; what never ends takes the rest, as browsers have it."""
    found = re.compile(re.escape(ending), re.IGNORECASE).search(html, place)
    return found.end() if found else len(html)


def _first(said: dict[str, str], what: str) -> str:
    return next((said[name] for name in _NAMES[what] if name in said), "")


def _clean(raw: str, longest: int) -> str:
    """One line without control characters and those that turn the direction of a text, at most so long."""
    text = " ".join(plain_order(one_line(unescape(raw[:_MOST_RAW]))).split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _image(said: dict[str, str], address: str) -> str:
    """The whole URL of the image, "" if there is none that a browser could load."""
    named = unescape(_first(said, "image")).strip()
    try:
        url = urljoin(address, named) if named else ""
    except ValueError:
        return ""
    return url if host_of(url) else ""
