"""Show where the words of a search stand in a text; folding as the search itself folds."""

from __future__ import annotations

import html as entities
import itertools
import re
from collections.abc import Sequence

from store.search import MOST_LETTERS, Phrase, fold, pattern

_AROUND = 60  # characters of context on each side of a hit
_MOST_HITS = 3
_MOST_FOUND = 50  # of each phrase
_BLANK = re.compile(r"\s")


def highlights(texts: Sequence[str], wanted: Sequence[Phrase]) -> list[str]:
    """Where the phrases stand in the parts of a message: at most three snippets of HTML, hits inside ``<mark>``.

    texts: each is shown by itself, in this order. wanted: of ``store.search.phrases``; accents, case and the signs
    between words do not matter, as in the search.

    >>> highlights(["Café & bar", "order 4711 B"], [("cafe",), ("4711", "b")])
    ['<mark>Café</mark> &amp; bar', 'order <mark>4711 B</mark>']
    """
    parts = [(text, *_with_places(text)) for text in (text[:MOST_LETTERS] for text in texts)]
    patterns = [_pattern(phrase, [folded for _, folded, _ in parts]) for phrase in wanted]
    snippets: list[str] = []
    for text, folded, places in parts:
        hits = sorted({span for one in patterns for span in _spans(one, folded)})
        snippets += _snippets(text, places, len(folded), hits)
    return list(dict.fromkeys(snippets))[:_MOST_HITS]


def _snippets(text: str, places: Sequence[int], length: int, hits: Sequence[tuple[int, int]]) -> list[str]:
    """The surroundings of the first hits in one text. length: of the folded text, which the hits are places in."""
    snippets: list[str] = []
    shown_to = -1
    for start, _ in hits:
        if start < shown_to or len(snippets) == _MOST_HITS:
            continue
        left, right = max(0, start - _AROUND), min(length, start + 2 * _AROUND)
        inside = [(max(a, left), min(b, right)) for a, b in hits if a < right and b > left]
        snippets.append(_marked(text, places, left, right, inside))
        shown_to = right
    return snippets


def _with_places(text: str) -> tuple[str, Sequence[int]]:
    """The folded text, blanks kept, and for each of its letters (and its end) the place in the original."""
    if text.isascii():
        return _BLANK.sub(" ", text.lower()), range(len(text) + 1)
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        plain = " " if letter.isspace() else fold(letter)
        letters.append(plain)
        places.extend([place] * len(plain))
    return "".join(letters), [*places, len(text)]


def _pattern(phrase: Phrase, folded: Sequence[str]) -> re.Pattern[str]:
    """What finds the phrase at the beginning of words; where it stands so in none of the texts, inside words."""
    beginning = pattern(phrase, inside=False)
    return beginning if any(map(beginning.search, folded)) else pattern(phrase, inside=True)


def _spans(wanted: re.Pattern[str], folded: str) -> list[tuple[int, int]]:
    return [one.span() for one in itertools.islice(wanted.finditer(folded), _MOST_FOUND)]


def _marked(text: str, places: Sequence[int], left: int, right: int, hits: Sequence[tuple[int, int]]) -> str:
    out: list[str] = []
    at = places[left]
    for start, end in hits:
        begin, stop = max(places[start], at), max(places[end], places[end - 1] + 1)
        if stop <= at:
            continue
        out.append(f"{entities.escape(text[at:begin])}<mark>{entities.escape(text[begin:stop])}</mark>")
        at = stop
    out.append(entities.escape(text[at : places[right]]))
    return " ".join("".join(out).split())
