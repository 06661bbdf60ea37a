"""Which part of a mail did its author newly write? Cut a body into Split.

Text is judged line by line (``quote_lines``); HTML is read into lines that know their place in the
source and judged by the same rules, so both parts of one mail are cut alike. Time is linear in the
size of the body, whatever stands in it. Policy where programs differ: a signature is no new text, a
closing formula is; a mail forwarded with a comment leaves the comment, without one it is content;
answers between quoted lines keep the lines that they answer.
"""

from __future__ import annotations

import re
from collections.abc import Set

from gateway.mail.message import Split
from gateway.mail.quote_html import HtmlLines, cut_out, lines_of
from gateway.mail.quote_lines import STAYS, Kind, kinds
from gateway.mail.quote_text import Segment, new_text, old_text, segments, signature_text

__all__ = ["Segment", "segments", "split"]

_BLANK_LINES = re.compile(r"\n{3,}")  # nested elements end more lines than a person sees
_HTML_AS_TEXT = re.compile(r"</(?:html|body|div|p|table|span|blockquote)>", re.IGNORECASE)


def split(text: str, html: str = "") -> Split:
    """Cut a body into what is new and what is not; nothing is lost.

    text: "" where the mail has none; a text that was derived from the HTML should not be given,
    because it knows less than the HTML. The reply's text comes from the text part, or from the
    HTML where the text part says nothing.

    >>> split("Yes.\\n\\nOn 3 May 2026, Ann <ann@example.com> wrote:\\n> Is it so?").reply_text
    'Yes.'
    """
    if not html and _is_html(text):
        text, html = "", text
    parts = segments(text)
    reply_text, quoted_text = new_text(text, parts), old_text(text, parts)
    signature = signature_text(text, parts)
    if not html:
        return Split(reply_text=reply_text, quoted_text=quoted_text, signature_text=signature)
    cut = _HtmlCut(html)
    if not text.strip() or (not reply_text and cut.new_text()) or _is_excuse(text):
        reply_text, quoted_text, signature = cut.new_text(), cut.old_text(), cut.signature_text()
    return Split(reply_text, cut.new_html(), quoted_text, cut.old_html(), signature)


class _HtmlCut:
    """The verdicts about one HTML body."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._read: HtmlLines = lines_of(html)
        self._kinds = kinds(self._read.lines, self._read.signed)
        self._give_gaps_to_the_cut()
        self._runs = self._find_runs()

    def new_html(self) -> str:
        return cut_out(self._html, self._read, [span for kind, span in self._runs if kind not in STAYS])

    def old_html(self) -> str:
        return "".join(self._html[begin:end] for kind, (begin, end) in self._runs if kind in _OLD)

    def new_text(self) -> str:
        return self._joined(STAYS)

    def old_text(self) -> str:
        return self._joined(_OLD)

    def signature_text(self) -> str:
        return self._joined({Kind.SIGNATURE}).lstrip("-—_ \n")

    def _give_gaps_to_the_cut(self) -> None:
        """Let a cut begin with the empty lines above it, which hold the start tags of what is cut.

        A line with an image is not empty: a picture may be the whole answer.
        """
        read, found = self._read, self._kinds
        for index in range(len(found) - 2, -1, -1):
            if read.lines[index] or found[index] not in STAYS or found[index + 1] in STAYS:
                continue
            if "<img" not in self._html[read.starts[index] : read.starts[index + 1]].lower():
                found[index] = found[index + 1]

    def _find_runs(self) -> list[tuple[Kind, tuple[int, int]]]:
        """Neighbouring lines of one kind, with their span of the source."""
        runs: list[tuple[Kind, tuple[int, int]]] = []
        starts = self._read.starts
        begin = 0
        for index in range(1, len(self._kinds) + 1):
            if index == len(self._kinds) or self._kinds[index] is not self._kinds[begin]:
                runs.append((self._kinds[begin], (starts[begin], starts[index])))
                begin = index
        return runs

    def _joined(self, wanted: Set[Kind]) -> str:
        lines = [line for line, kind in zip(self._read.lines, self._kinds, strict=True) if kind in wanted]
        return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


_OLD = frozenset((Kind.QUOTED, Kind.FORWARDED, Kind.DISCLAIMER))


def _is_html(text: str) -> bool:
    """True for a text part that holds HTML: a tag at its end, and one or an entity at its start."""
    if text[-200:].rstrip()[-1:] != ">" or not _HTML_AS_TEXT.search(text):
        return False
    start = text[:200].lstrip()
    return start[:1] == "<" or "&lt;" in start or "&nbsp;" in start


def _is_excuse(text: str) -> bool:
    """True for the stand-in of a mail without a text: "Your program cannot show HTML"."""
    return (
        len(text) < 300
        and "html" in text.lower()
        and any(word in text.lower() for word in ("support", "view", "show", "display", "enable"))
    )
