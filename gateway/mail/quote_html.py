"""Turn HTML into lines that know their place in the source, so that the rules for text can judge them.

One walk over the tags, no tree: no depth is too deep, and what was cut is cut out of the source as it
came. Quoting elements give their lines the mark ``>``; elements by which programs begin the old mail
become a separator line; signature elements are noted.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from html import unescape
from operator import itemgetter

# A tag ends at its ">", not at one inside a quoted value; a stray "<" ends the try, so this is linear.
# Groups: the tag, its name with the slash of an end tag, its attributes.
TAG = re.compile(
    r"(<(/?[A-Za-z][\w:.-]*+|!--|[!?])([^<>\"']*+(?:\"[^\"<]*+\"[^<>\"']*+|'[^'<]*+'[^<>\"']*+)*+)(?:>|[^<>]*+>?))"
)
_ANY_TAG = re.compile(r"<[^<>]*+>")
MOST_TAGS = 30_000
SEPARATOR = "-----Original Message-----"
_RULE = "________________________________"

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "td",
        "th",
        "tfoot",
        "thead",
        "tr",
        "ul",
    ]
)
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
# Parts of class, id and data attributes, in lower case, by which programs name what they made.
_NAMES = (
    (
        "separator",  # Outlook on the web, mobile and for the Mac, Hotmail, Zimbra
        "divrplyfwdmsg|appendonsend|stopspelling|zwchr|olk_src_body_section|outlookmessageheader|"
        "mail-editor-reference-message-container|ms-outlook-mobile-reference-message",
    ),
    (
        "quote",  # Yahoo, Proton, Zoho, Tutanota, Front and others that use no blockquote
        "yahoo_quoted|protonmail_quote|zmail_extra|tutanota_quote|ymail_quoted|front-blockquote|freshdesk_quote|"
        "bloop_original_html|gmail_quote_body|data-o-mail-quote",
    ),
    (
        "signature",
        "gmail_signature|moz-signature|ms-outlook-mobile-signature|protonmail_signature_block|applemailsignature|"
        "\"signature\"|'signature'|=signature|data-signatureblock|yahoo-signature|tutanota_signature",
    ),
)
_ROLES = tuple((role, tuple(names.split("|"))) for role, names in _NAMES)
_NAMING = re.compile(r"\b(?:class|id|data-[\w-]{1,30})\s{0,3}=", re.IGNORECASE)


@dataclass(slots=True)
class HtmlLines:
    """HTML as lines.

    lines: text with a ``>`` for each quoting element around it. starts: where each begins in the
    source, with the length of the source as the last; the spans cover it. signed: indexes of the
    lines in signature elements. tags: begin, end and name ("/div" for an end tag) of each tag.
    """

    lines: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    signed: set[int] = field(default_factory=set)
    tags: list[tuple[int, int, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Open:
    """An element whose inside means something. nested: elements of its name that are open inside it."""

    name: str
    role: str
    nested: int = 0


class _Walk:
    """What is known on the way through the source."""

    def __init__(self) -> None:
        self.out = HtmlLines()
        self.pieces: list[str] = []
        self.stack: list[_Open] = []
        self.counts = {"quote": 0, "signature": 0, "unseen": 0, "pre": 0}
        self.roles: dict[str, str] = {}  # of tags seen, by name and attributes

    def end_line(self, place: int) -> None:
        """End the line at an offset of the source."""
        out = self.out
        text = self.take_text()
        if text or place > out.starts[-1]:
            out.lines.append(text)
            out.starts.append(place)

    def take_text(self) -> str:
        """The text of the line so far, with the mark of the elements it stands in."""
        if not self.pieces:
            return ""
        text = "".join(self.pieces)
        self.pieces.clear()
        text = text.rstrip("\r\n") if self.counts["pre"] else " ".join(text.split())
        if text and self.counts["signature"]:
            self.out.signed.add(len(self.out.lines))
        if text and self.counts["quote"] and text[0] != ">":
            return ">" * min(self.counts["quote"], 9) + " " + text
        return text

    def text(self, raw: str, place: int) -> None:
        if self.counts["unseen"]:
            return
        if self.counts["pre"] and "\n" in raw:
            self.preformatted(raw, place)
        else:
            self.pieces.append(unescape(raw) if "&" in raw else raw)

    def preformatted(self, raw: str, place: int) -> None:
        for piece in raw.splitlines(keepends=True):
            place += len(piece)
            self.pieces.append(unescape(piece))
            if piece[-1] == "\n":
                self.end_line(place)

    def open(self, name: str, attributes: str, begin: int, end: int) -> None:
        if name in _BLOCKS and name != "br":
            self.end_line(begin)
        role = self.role_of(name, attributes) if attributes or name in _ROLE_NAMES else ""
        if role == "separator":
            if not self.counts["quote"]:
                self.pieces.append(SEPARATOR)
                self.end_line(end)
        elif name == "br":
            self.end_line(end)
        elif name == "hr":
            self.pieces.append(_RULE)
            self.end_line(end)
        elif role:
            self.stack.append(_Open(name, role))
            self.counts[role] += 1
        elif self.stack and self.stack[-1].name == name:
            self.stack[-1].nested += 1

    def role_of(self, name: str, attributes: str) -> str:
        key = f"{name} {attributes}"
        if key not in self.roles:
            self.roles[key] = _role(name, attributes)
        return self.roles[key]

    def close(self, name: str, end: int) -> None:
        stack = self.stack
        if stack and stack[-1].name == name:
            if stack[-1].nested:
                stack[-1].nested -= 1
            else:
                text = self.take_text()
                self.pieces = [text] if text else []
                self.counts[stack.pop().role] -= 1
        if self.pieces and name in _BLOCKS:
            self.end_line(end)


def _role(name: str, attributes: str) -> str:
    """What the inside of an element means: quote, signature, unseen, pre; or separator, or ""."""
    if name in _PLAIN_ROLES:
        return _PLAIN_ROLES[name]
    low = attributes.lower().replace(" ", "")
    if name == "blockquote":
        return "" if "border:none" in low else "quote"  # Gmail's indentation
    if _NAMING.search(attributes):
        for role, names in _ROLES:
            if any(part in low for part in names):
                return role if name not in _VOID or role == "separator" else ""
    return "unseen" if "display:none" in low and name not in _VOID else ""


_PLAIN_ROLES = dict.fromkeys(("script", "style", "title", "template"), "unseen") | {"pre": "pre"}


_ROLE_NAMES = frozenset((*_PLAIN_ROLES, "blockquote"))


def lines_of(html: str) -> HtmlLines:
    """Read HTML into lines. Never raises; what is beyond the limit of tags belongs to the last line."""
    walk = _Walk()
    note = walk.out.tags.append
    pieces = TAG.split(html, maxsplit=MOST_TAGS)
    place = end = 0
    for text, tag, name, attributes in zip(
        pieces[0::4], pieces[1::4], pieces[2::4], pieces[3::4], strict=False
    ):
        begin = end + len(text)
        end = begin + len(tag)
        if begin < place:
            continue  # inside a comment
        if begin > place:
            walk.text(html[place:begin], place)
        place = end
        name = name.lower()
        if name[0] == "/":
            note((begin, end, name))
            walk.close(name[1:], end)
        elif name[0] in "!?":
            place = max(end, _comment_end(html, begin)) if name == "!--" else end
        else:
            if name not in _VOID:
                note((begin, end, name))
            walk.open(name, attributes, begin, end)
    walk.text(_ANY_TAG.sub(" ", html[place:]), place)  # beyond the limit of tags all is one line
    walk.end_line(len(html))
    walk.out.starts[-1] = len(html)
    return walk.out


def _comment_end(html: str, begin: int) -> int:
    """Where a comment ends; one that never ends takes the rest, as browsers have it."""
    found = html.find("-->", begin + 4)
    return found + 3 if found >= 0 else len(html)


def cut_out(html: str, read: HtmlLines, spans: list[tuple[int, int]]) -> str:
    """Take spans out of the source, but leave those of their tags that pair with one outside."""
    kept: list[str] = []
    place = 0
    for begin, end in spans:
        kept.append(html[place:begin])
        kept += [html[first:last] for first, last in _unpaired(read, begin, end)]
        place = end
    kept.append(html[place:])
    return "".join(kept)


def _unpaired(read: HtmlLines, begin: int, end: int) -> list[tuple[int, int]]:
    """Where the tags of a span stand that have no partner in it, in order."""
    found: list[tuple[int, int, str]] = []
    index = bisect_left(read.tags, begin, key=itemgetter(0))
    while index < len(read.tags) and read.tags[index][0] < end:
        tag = read.tags[index]
        if found and "/" + found[-1][2] == tag[2]:
            found.pop()
        else:
            found.append(tag)
        index += 1
    return [(first, last) for first, last, _ in found]
