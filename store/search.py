"""Fold text for searching and read what a person typed; the same on every database (DESIGN section 7).

Python cuts texts into words, so that SQLite and PostgreSQL index the same ones: no language's stop words
or stems, no accents, each sign of a script without blanks (Chinese, Japanese, Thai, ...) by itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

MOST_LETTERS = 200_000  # of one message that are searched; PostgreSQL takes no more than 1 MiB of words
MOST_WORDS = 20  # of one question
LONGEST_WORD = 64
SHORTEST_BEGINNING = 4  # of a longer word that the index is asked for: shorter ones begin too many

_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_DENSE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"[{_DENSE}]|[^\W_{_DENSE}]+")

Phrase = tuple[str, ...]
"""Words that must stand side by side, the last of them at least in its beginning."""


def _without_marks(found: re.Match[str]) -> str:
    return "".join(letter for letter in found[0] if not unicodedata.combining(letter))


def fold(text: str) -> str:
    """Lower-case, without marks and compatibility forms, blanks collapsed.

    >>> fold("Crème  BRÛLÉE ﬁn")
    'creme brulee fin'
    """
    if text.isascii():
        return " ".join(text.lower().split())
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return " ".join(_NOT_ASCII.sub(_without_marks, decomposed).split())


def indexed(text: str) -> str:
    """The words of a text with a blank between them: what is stored to be searched.

    >>> indexed("Re: Invoice 4711/B, café@bar.example")
    're invoice 4711 b cafe bar example'
    """
    return " ".join(word[:LONGEST_WORD] for word in _WORD.findall(fold(text[:MOST_LETTERS])))


def phrases(query: str) -> list[Phrase]:
    """What a person looks for: each must be found, in any order. Empty when nothing can be looked for.

    Blanks part phrases; text in quotation marks is one, and so is what punctuation holds together.

    >>> phrases('4711/B "Blue printer" Café')
    [('4711', 'b'), ('blue', 'printer'), ('cafe',)]
    """
    found: list[Phrase] = []
    left = MOST_WORDS
    for number, piece in enumerate(query[:2000].replace("“", '"').replace("”", '"').split('"')):
        for part in [piece] if number % 2 else piece.split():
            phrase = tuple(indexed(part).split()[:left])
            left -= len(phrase)
            if phrase:
                found.append(phrase)
    return found


def marked(query: str) -> list[str]:
    """The folded texts to be marked in a hit, longest first.

    >>> marked('4711/B "Blue printer"')
    ['blue printer', '4711/b']
    """
    pieces = query[:2000].replace("“", '"').replace("”", '"').split('"')
    parts = [
        part
        for number, piece in enumerate(pieces)
        for part in ([piece] if number % 2 else piece.split()[:MOST_WORDS])
    ]
    words = {fold(part).strip(" .,;:!?()[]{}<>*'") for part in parts}
    return sorted(words - {""}, key=lambda word: (-len(word), word))[:MOST_WORDS]


def for_fts5(wanted: Sequence[Phrase], thread_id: int | None, whole: Collection[Phrase]) -> str:
    """The question in the language of SQLite's FTS5; the words hold letters and digits only.

    whole: the phrases whose last word too is a whole one.
    """
    said = " AND ".join(f'"{" ".join(phrase)}"{"" if phrase in whole else " *"}' for phrase in wanted)
    scope = "" if thread_id is None else f'thread_id : "{thread_id}" AND '
    return f"{scope}search_text : ({said})"


def for_tsquery(wanted: Sequence[Phrase], whole: Collection[Phrase]) -> str:
    """The question in the language of PostgreSQL's to_tsquery. whole: as for ``for_fts5``."""
    said = []
    for phrase in wanted:
        words = [f"'{word}'" for word in phrase]
        words[-1] += "" if phrase in whole else ":*"
        said.append(f"({' <-> '.join(words)})")
    return " & ".join(said)


def for_like(phrase: Phrase, *, inside: bool = False) -> str:
    """What a text of words must hold when a blank stands before it. inside: also inside longer words."""
    return " ".join(phrase) if inside else f" {' '.join(phrase)}"


def is_short(phrase: Phrase) -> bool:
    """Too many words begin with its last one."""
    return len(phrase[-1]) < SHORTEST_BEGINNING
