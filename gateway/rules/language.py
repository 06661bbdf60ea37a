"""What may name a language: a BCP 47 tag (RFC 5646 section 2.1), known to us or not."""

from __future__ import annotations

import re

_TAG = re.compile(r"(?:[A-Za-z]{2,8}|[xX](?=[-_]))(?:[-_][A-Za-z0-9]{1,8})*")
_LONGEST = 35  # RFC 5646 section 4.4.1


def is_language(tag: str) -> bool:
    """Well-formed; who speaks a language that we do not have is written to in one that we have.

    The underscore of POSIX is taken for the hyphen.

    >>> is_language("de-AT"), is_language("klingon!!")
    (True, False)
    """
    return len(tag) <= _LONGEST and _TAG.fullmatch(tag) is not None
