"""Read and make Message-IDs (RFC 5322 section 3.6.4)."""

from __future__ import annotations

import re

MOST_IDS = 1000
_LONGEST_BARE = 4000
_ID = re.compile(r"<([^<>]{1,998})>")
_BARE = re.compile(r"[^\s<>,;\"()]{1,400}@[^\s<>,;\"()@]{1,400}")
_SAFE_DOMAIN = re.compile(r"[^a-z0-9.-]")


def message_ids(header_value: str) -> tuple[str, ...]:
    """List the ids of a Message-ID, In-Reply-To or References value, in order, each once.

    Blanks inside an id come from folding and are taken out. A value without brackets gives the words
    that look like ids, so that careless senders keep their threads.

    >>> message_ids("<a@x> rubbish <b@ y>")
    ('<a@x>', '<b@y>')
    """
    found = (
        f"<{''.join(character for character in match[1] if character.isprintable() and character != ' ')}>"
        for match in _ID.finditer(header_value)
    )
    ids = [one for one in dict.fromkeys(found) if one != "<>"]
    if not ids and "<" not in header_value:
        words = (match[0] for match in _BARE.finditer(header_value[:_LONGEST_BARE]))
        ids = [f"<{word}>" for word in words if word.isprintable()]
    return tuple(ids[:MOST_IDS])


def make(random_hex: str, domain: str) -> str:
    """Write a new id from 128 random bits in hexadecimal and the domain of ours that vouches for it."""
    return f"<{random_hex.lower()}@{_SAFE_DOMAIN.sub('', domain.lower())}>"
