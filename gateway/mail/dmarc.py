"""Organisational domains and alignment (RFC 7489 sections 3.1 and 3.2), offline by the public suffix list."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence


@functools.lru_cache(maxsize=1)
def _suffixes() -> object:
    from publicsuffixlist import PublicSuffixList  # 40 ms, only where a domain must be compared

    return PublicSuffixList()


@functools.lru_cache(maxsize=4096)
def organisational_domain(domain: str) -> str:
    """The registered domain above a domain in A-label form; the domain itself where the list has none."""
    found = _suffixes().privatesuffix(domain.lower().rstrip("."))  # type: ignore[attr-defined]
    return str(found) if found else domain.lower().rstrip(".")


def is_aligned(found: str, author_domain: str, *, aliases: Mapping[str, Sequence[str]] | None = None) -> bool:
    """A domain that passed SPF or DKIM speaks for the author's domain (relaxed alignment).

    aliases: author domain -> further domains whose signature counts for it (``auth.dkim_aliases``).
    """
    found, author_domain = found.lower().rstrip("."), author_domain.lower().rstrip(".")
    if not found or not author_domain:
        return False
    if found == author_domain or found in (aliases or {}).get(author_domain, ()):
        return True
    return organisational_domain(found) == organisational_domain(author_domain)
