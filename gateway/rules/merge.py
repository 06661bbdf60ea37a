"""What a PUT makes of an object inside a thing: absent = unchanged, null = clear, for each of its names (DESIGN section 8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merged(old: Mapping[str, Any] | None, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The object from now on. given: None = cleared whole. What lies deeper is replaced, not merged.

    >>> merged({"at": "08:00", "timing": "daily"}, {"timing": "weekly", "at": None})
    {'timing': 'weekly'}
    """
    if given is None:
        return {}
    return {name: value for name, value in {**(old or {}), **given}.items() if value is not None}
