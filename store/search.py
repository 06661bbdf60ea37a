"""Fold text for searching: the same on every database, because Python does it (DESIGN section 7)."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Lower-case, without marks and compatibility forms, blanks collapsed.

    >>> fold("Crème  BRÛLÉE ﬁn")
    'creme brulee fin'
    """
    if text.isascii():
        return " ".join(text.lower().split())
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())
