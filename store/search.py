"""Fold text for searching and read what a person typed; the same on every database (DESIGN section 7).

Python cuts texts into words, so that SQLite and PostgreSQL index the same ones: no language's stop words
or stems, no accents, each sign of a script without blanks (Chinese, Japanese, Thai, ...) by itself.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Collection, Sequence
from typing import NamedTuple

MOST_LETTERS = 200_000  # of one message that are searched; PostgreSQL takes no more than 1 MiB of words
MOST_WORDS = 20  # of one question
LONGEST_WORD = 64
SHORTEST_BEGINNING = 4  # of a longer word that the index is asked for: shorter ones begin too many

_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_DENSE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_IS_DENSE = re.compile(f"[{_DENSE}]")
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


def pattern(phrase: Phrase, *, inside: bool = False) -> re.Pattern[str]:
    """Where a folded text holds a phrase, whatever stands between its words. inside: also inside longer words.

    >>> pattern(("4711", "b")).search("order 4711 / b.")[0]
    '4711 / b'
    """
    parts = [re.escape(phrase[0])]
    for last, word in itertools.pairwise(phrase):
        apart = "*" if _IS_DENSE.match(last) or _IS_DENSE.match(word) else "+"
        parts.append(rf"[\W_]{apart}{re.escape(word)}")
    begins = "" if inside or _IS_DENSE.match(phrase[0]) else r"(?<![^\W_])"
    return re.compile(begins + "".join(parts))


def for_fts5(wanted: Sequence[Phrase], whole: Collection[Phrase]) -> str:
    """The question in the language of SQLite's FTS5; the words hold letters and digits only.

    whole: the phrases whose last word too is a whole one.
    """
    said = " AND ".join(f'"{" ".join(phrase)}"{"" if phrase in whole else " *"}' for phrase in wanted)
    return f"({said})"


def for_tsquery(wanted: Sequence[Phrase], whole: Collection[Phrase]) -> str:
    """The question in the language of PostgreSQL's to_tsquery. whole: as for ``for_fts5``."""
    said = []
    for phrase in wanted:
        words = [f"'{word}'" for word in phrase]
        if phrase not in whole:
            words[-1] += ":*"
        said.append(f"({' <-> '.join(words)})")
    return " & ".join(said)


class Scope(NamedTuple):
    """Among which messages somebody looks. kinds: () = all. types: record types, None = all. staff: also the
    words that are for staff alone. named: (record type, subtype) of entries that are hits by what their subtype
    is called."""

    thread_id: int | None = None
    kinds: tuple[str, ...] = ()
    types: frozenset[str] | None = None
    staff: bool = True
    named: tuple[tuple[str, str], ...] = ()

    def marks(self) -> list[list[str]]:
        """One list for each condition, of the marks of which a message must have one (migration 0008)."""
        thread = [] if self.thread_id is None else [f"t{self.thread_id}"]
        types = [] if self.types is None else sorted(f"r{_hex(name)}" for name in self.types)
        return [part for part in (thread, [f"k{kind}" for kind in self.kinds], types) if part]

    def named_marks(self) -> list[str]:
        """The marks of the subtypes in ``named``."""
        return [f"s{_hex(record_type)}x{_hex(subtype)}" for record_type, subtype in self.named]


def _hex(name: str) -> str:
    return name.encode().hex()


def marked_fts5(marks: Sequence[Sequence[str]]) -> list[str]:
    """Conditions of FTS5: one of the marks of each list."""
    return [f"scope : ({' OR '.join(part)})" for part in marks]


def marked_tsquery(marks: Sequence[Sequence[str]]) -> str:
    """The same for PostgreSQL, as a tsquery; "" when there is nothing to ask."""
    parts = [[f"'={mark}'" for mark in part] for part in marks]
    return " & ".join(f"({' | '.join(part)})" for part in parts)


def for_like(phrase: Phrase, *, inside: bool = False) -> str:
    """What a text of words must hold when a blank stands before it. inside: also inside longer words."""
    return " ".join(phrase) if inside else f" {' '.join(phrase)}"


def is_short(phrase: Phrase) -> bool:
    """Too many words begin with its last one."""
    return len(phrase[-1]) < SHORTEST_BEGINNING
