"""Write HTML as plain text, by one walk over its tags; no tree, so no depth is too deep.

Blocks become lines, quotations get "> ", items get "- " or their number, table cells are set apart by
a blank. The layout is meant for reading and for cutting quotes, not for columns.
"""

from __future__ import annotations

import html as entities
import re

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:]{0,30})")
_SKIPPED = frozenset(("script", "style", "title", "template", "noscript", "noembed", "iframe", "object"))
_BLOCKS_NAMES = (
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3"
    " h4 h5 h6 header hr li main menu nav ol p pre section summary table tbody tfoot thead tr ul caption"
)
_BLOCKS = frozenset(_BLOCKS_NAMES.split())
_SPACED = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "pre", "blockquote", "table"))
_MOST_QUOTES = 12
MOST_LAID_OUT = 2_000_000
_WINDOW = 1 << 18
_BLANKS = re.compile(r"[ \t\n\r\f\u200b]+")


class _Writer:
    """Collects lines; a line end or a blank line is only noted, and written when text follows."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quotes = 0
        self.last_quotes = 0
        self.pre = 0
        self.blank_wanted = False
        self.unended: set[str] = set()  # elements found to have no end tag further down
        self.lists: list[int] = []  # -1 for bullets, else the number of the last item

    def text(self, raw: str) -> None:
        text = entities.unescape(raw) if "&" in raw else raw
        if self.pre:
            first, *rest = text.replace("\r\n", "\n").split("\n")
            self.line.append(first)
            for piece in rest:
                self.end_line()
                self.line.append(piece)
            return
        text = _BLANKS.sub(" ", text)
        if text.startswith(" ") and (not self.line or self.line[-1].endswith(" ")):
            text = text[1:]
        if text:
            self.line.append(text)

    def end_line(self) -> None:
        """Write the line, empty or not."""
        text = "".join(self.line).replace("\xa0", " ")
        text = text.rstrip() if not self.pre else text.rstrip("\n")
        self.line = []
        prefix = "> " * min(self.quotes, _MOST_QUOTES)
        if self.blank_wanted and text:
            if self.lines and self.lines[-1].strip("> "):
                self.lines.append(("> " * min(self.quotes, self.last_quotes, _MOST_QUOTES)).rstrip())
            self.blank_wanted = False
        self.lines.append((prefix + text).rstrip() if prefix else text)
        self.last_quotes = self.quotes

    def block(self, *, spaced: bool) -> None:
        """End the line that is open, if any, and note that a blank one should follow."""
        if "".join(self.line).strip():
            self.end_line()
        self.line = []
        if spaced:
            self.blank_wanted = True

    def item(self) -> None:
        self.block(spaced=False)
        if self.lists and self.lists[-1] >= 0:
            self.lists[-1] += 1
            self.line.append(f"{self.lists[-1]}. ")
        else:
            self.line.append("- ")


def to_text(source: str) -> str:
    """Write an HTML body as plain text, lines ended by LF; "" if it shows nothing."""
    if len(source) > MOST_LAID_OUT:
        return _without_layout(source)
    writer = _Writer()
    position = 0
    while position < len(source):
        start = source.find("<", position)
        start = len(source) if start == -1 else start
        if start > position:
            writer.text(source[position:start])
        position = _markup(writer, source, start) if start < len(source) else start
    writer.block(spaced=False)
    return _tidy(writer.lines)


def _without_layout(source: str) -> str:
    """Take the tags out and leave the line ends as they are: for bodies too large to lay out."""
    out: list[str] = []
    position = 0
    while position < len(source):  # window by window, so that the pieces never lie in memory at once
        end = source.find("<", position + _WINDOW)
        end = len(source) if end == -1 else end
        first, *rest = source[position:end].split("<")
        out.append(entities.unescape(first + "".join(piece.partition(">")[2] for piece in rest)))
        position = end
    out[0], out[-1] = (
        out[0].lstrip("\n"),
        out[-1].rstrip("\n"),
    )  # a strip of the whole would copy it once more
    return "".join(out)


def _markup(writer: _Writer, source: str, start: int) -> int:
    """Act on what begins with the "<" at start; where it ends comes back."""
    if source.startswith("<!--", start):
        return _behind(source, "-->", start + 4)
    match = _TAG.match(source, start)
    if match is None:
        if source[start + 1 : start + 2] in ("!", "?"):
            return _behind(source, ">", start)
        writer.text("<")
        return start + 1
    end = _behind(source, ">", match.end())
    name = match[2].lower()
    if name in _SKIPPED and not match[1]:
        return _after(writer, source, name, end)
    _tag(writer, name, closing=bool(match[1]), attributes=source[match.end() : end - 1])
    return end


def _behind(source: str, ending: str, position: int) -> int:
    found = source.find(ending, position)
    return found + len(ending) if found != -1 else len(source)


def _after(writer: _Writer, source: str, name: str, position: int) -> int:
    """Go behind the end tag of an element whose content is not shown.

    Without one, a script swallows the rest and any other is passed over, as browsers do.
    """
    if name in writer.unended:
        return position
    end = re.compile(rf"</{name}[^>]{{0,200}}>", re.IGNORECASE).search(source, position)
    if end is None:
        writer.unended.add(name)
        return len(source) if name in ("script", "style") else position
    return end.end()


def _tag(writer: _Writer, name: str, *, closing: bool, attributes: str) -> None:
    if name == "br":
        writer.end_line()
    elif name == "hr":
        writer.block(spaced=False)
        writer.line.append("-" * 20)
        writer.end_line()
    elif name == "img" and not closing:
        _image(writer, attributes)
    elif name in ("td", "th"):
        if closing and writer.line and not writer.line[-1].endswith(" "):
            writer.line.append(" ")
    elif name in _BLOCKS:
        _block(writer, name, closing=closing)


def _block(writer: _Writer, name: str, *, closing: bool) -> None:
    if name == "li" and not closing:
        writer.item()
        return
    writer.block(spaced=name in _SPACED)
    step = -1 if closing else 1
    if name == "blockquote":
        writer.quotes = max(0, writer.quotes + step)
    elif name == "pre":
        writer.pre = max(0, writer.pre + step)
    elif name in ("ul", "ol"):
        if not closing and len(writer.lists) < 1000:
            writer.lists.append(0 if name == "ol" else -1)
        elif closing and writer.lists:
            writer.lists.pop()


def _image(writer: _Writer, attributes: str) -> None:
    match = re.search(
        r"\balt\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", attributes, re.IGNORECASE
    )
    alt = (match[1] or match[2] or match[3] or "").strip() if match else ""
    if alt:
        writer.text(f"[{alt}]")


def _tidy(lines: list[str]) -> str:
    """Keep at most two blank lines in a row, none at the ends."""
    out: list[str] = []
    blanks = 0
    for line in lines:
        blanks = 0 if line.strip() else blanks + 1
        if blanks <= 2:
            out.append(line)
    return "\n".join(out).strip("\n")
