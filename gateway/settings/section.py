"""What a table of the configuration file is made of."""

from __future__ import annotations

from msgspec import Meta, Struct

MIB = 1 << 20


def doc(text: str) -> Meta:
    """The documentation of a setting."""
    return Meta(description=text)


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the configuration file; a name that it does not know is an error."""
