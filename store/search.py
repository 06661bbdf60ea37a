"""Fold text for searching: the same on every database, because Python does it (DESIGN section 7)."""

from __future__ import annotations

import re
import unicodedata

_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


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
