"""Make HTML from strangers safe to show, and turn text and HTML into each other.

Cleaning is nh3 with an allow-list; what would make it slow (depth, open formatting, size) is counted
before, and such a body is shown as its text. Remote images never load: they give away when and where
a mail was read.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Mapping
from functools import cache
from urllib.parse import unquote

import nh3

from gateway.mail.html_text import to_text as _to_text
from gateway.mail.words import without_overrides

MOST_OCTETS = 2_000_000
MOST_LEVELS = 250
_MOST_WORK = 400_000  # tags times open formatting elements: the parser repeats those in each block

_TAGS_NAMES = (
    "a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del details dfn div dl dt em"
    " figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark ol p pre q rp rt ruby s samp section small"
    " span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr"
)
_TAGS = frozenset(_TAGS_NAMES.split())
_EMPTIED_NAMES = "script style title template noscript noembed noframes iframe object embed applet svg math textarea select xmp plaintext"
_EMPTIED = frozenset(_EMPTIED_NAMES.split())
_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"style", "dir", "lang", "title", "align", "valign"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "width", "bgcolor"},
    "th": {"colspan", "rowspan", "width", "bgcolor"},
    "table": {"border", "cellpadding", "cellspacing", "width", "bgcolor"},
    "tr": {"bgcolor"},
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "font": {"color", "face", "size"},
    "ol": {"start", "type"},
    "ul": {"type"},
    "li": {"value"},
    "blockquote": {"type"},
    "time": {"datetime"},
}
_STYLES_NAMES = (
    "color background-color font-family font-size font-style font-weight text-align text-decoration text-indent line-height"
    " vertical-align white-space direction margin margin-left margin-right margin-top margin-bottom padding padding-left"
    " padding-right padding-top padding-bottom border border-left border-right border-top border-bottom border-color border-style"
    " border-width border-collapse list-style-type width max-width"
)
_STYLES = frozenset(_STYLES_NAMES.split())
_SCHEMES = frozenset(("http", "https", "mailto", "tel", "cid"))
_RISKY_STYLE = re.compile(
    r"url|expression|import|@|\\|<|javascript|behavio|-moz|var\(|attr\(|image", re.IGNORECASE
)
_VOID_NAMES = "area base br col embed hr img input link meta param source track wbr"
_VOID = frozenset(_VOID_NAMES.split())
_FORMATTING_NAMES = "a b big code em font i nobr s small strike strong tt u"
_FORMATTING = frozenset(_FORMATTING_NAMES.split())
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]{0,20})")
_IMAGE = re.compile(r"<img((?: [a-z]+=\"[^\"]*\")*)>")
LINK = re.compile(
    r"(?P<url>https?://[^\s<>\"'`\x00-\x1f\u2028\u2029\u202a-\u202e\u2066-\u2069]{1,2000})"
    r"|(?P<mail>(?<![\w.+@-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w@]))",
    re.IGNORECASE,
)
_REL = "noopener noreferrer nofollow ugc"


def clean(html: str, cid_urls: Mapping[str, str] | None = None) -> str:
    """Give safe HTML: allowed elements only, no remote images, links that carry nothing with them.

    cid_urls: where each inline image is found, by Content-ID without brackets; None to leave cid:
    sources as they are, for HTML that is stored and cleaned again when shown. An image that is remote
    or not in there becomes its alternative text.
    """
    html = html.replace("\0", "")
    if not fit_to_parse(html):
        return from_text(to_text(html))
    cleaned = _cleaner().clean(html)

    def shown(image: re.Match[str]) -> str:
        return _image(image, cid_urls)

    return without_overrides(_IMAGE.sub(shown, cleaned))


def to_text(html: str) -> str:
    """Write an HTML body as plain text."""
    return _to_text(html)


def from_text(text: str) -> str:
    """Write plain text as safe HTML: paragraphs, line ends, and links for http(s) and mail addresses."""
    text = without_overrides(text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", ""))
    paragraphs = (block.strip("\n") for block in re.split(r"\n[ \t]*\n", text))
    return "\n".join(f"<p>{_linked(block)}</p>" for block in paragraphs if block.strip())


def fit_to_parse(html: str) -> bool:
    """Say whether a parser that builds a tree can read this in linear time."""
    if len(html) > MOST_OCTETS:
        return False
    depth = deepest = formatting = most_formatting = count = 0
    for closing, name in _TAG.findall(html):
        name = name.lower()
        if name in _VOID:
            continue
        count += 1
        step = -1 if closing else 1
        depth = max(0, depth + step)
        deepest = max(deepest, depth)
        if name in _FORMATTING:
            formatting = max(0, formatting + step)
            most_formatting = max(most_formatting, formatting)
    return deepest <= MOST_LEVELS and most_formatting * count <= _MOST_WORK


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(_TAGS),
        clean_content_tags=set(_EMPTIED),
        attributes=_ATTRIBUTES,
        attribute_filter=_judged,
        strip_comments=True,
        link_rel=_REL,
        url_schemes=set(_SCHEMES),
        url_relative="deny",
        filter_style_properties=set(_STYLES),
    )


def _judged(tag: str, attribute: str, value: str) -> str | None:
    """Give the value of an allowed attribute, None to drop it; of images only cid: sources stay."""
    if attribute == "src":
        return value if value.strip().lower().startswith("cid:") else None
    if attribute == "href":
        return None if value.strip().lower().startswith("cid:") else value
    if attribute == "style":
        return None if _RISKY_STYLE.search(value) else value
    return value[:500] if attribute in ("title", "alt") else value


def _image(image: re.Match[str], cid_urls: Mapping[str, str] | None) -> str:
    """Bind an inline image to its URL; any other becomes its alternative text, a tracking pixel nothing."""
    attributes = dict(re.findall(r" ([a-z]+)=\"([^\"]*)\"", image[1]))
    name = entities.unescape(attributes.get("src", "")).strip()[4:].strip("<>")
    if cid_urls is None:
        cid_urls = {name: f"cid:{name}"} if name else {}
    url = cid_urls.get(name) or cid_urls.get(unquote(name))  # RFC 2392: percent-encoded in the URL
    if url:
        return image[0].replace(f' src="{attributes["src"]}"', f' src="{entities.escape(url)}"', 1)
    if attributes.get("width") in ("0", "1") or attributes.get("height") in ("0", "1"):
        return ""
    return f'<span title="image not loaded">[{attributes.get("alt", "").strip() or "image"}]</span>'


def _linked(block: str) -> str:
    out: list[str] = []
    done = 0
    for match in LINK.finditer(block):
        target = without_tail(match[0]) if match["url"] else match[0]
        address = target if match["url"] else f"mailto:{target}"
        out.append(_escaped(block[done : match.start()]))
        out.append(f'<a href="{entities.escape(address)}" rel="{_REL}">{entities.escape(target)}</a>')
        done = match.start() + len(target)
    out.append(_escaped(block[done:]))
    return "".join(out)


def without_tail(url: str) -> str:
    """Leave out the punctuation that ends the sentence and not the link."""
    url = url.rstrip(".,;:!?*_~")
    while url.endswith((")", "]", "}")) and url.count(url[-1]) > url.count(
        {")": "(", "]": "[", "}": "{"}[url[-1]]
    ):
        url = url[:-1].rstrip(".,;:!?*_~")
    return url


def _escaped(text: str) -> str:
    text = entities.escape(text).replace("\n", "<br>\n")
    return text.replace("  ", " &nbsp;") if "  " in text else text
