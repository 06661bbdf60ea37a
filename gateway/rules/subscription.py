"""Which subtypes a follower gets, and what a change of his subscription does.

Source: Odoo Chatter, "Edit follower subscription"; a set that was given replaces, none given keeps.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subtype:
    """A kind of message one can subscribe to. internal: never reaches outsiders. hidden: not offered.

    parent_subtype: who follows the parent record with this subtype of its type gets this one on its children.
    creation: that a record was opened is told under it (Odoo's creation subtype), else nobody is told.
    """

    name: str
    label: str
    default: bool = False
    internal: bool = False
    hidden: bool = False
    parent_subtype: str = ""
    creation: bool = False


GENERIC = (
    Subtype("discussions", "Discussions", default=True),
    Subtype("note", "Note", internal=True),
    Subtype("activities", "Activities", internal=True),
)


def with_generic(declared: Sequence[Subtype]) -> tuple[Subtype, ...]:
    """The subtypes of a record type: its own, and the generic ones that it does not declare itself."""
    names = {subtype.name for subtype in declared}
    return (*declared, *(subtype for subtype in GENERIC if subtype.name not in names))


def defaults(subtypes: Sequence[Subtype], *, internal: bool) -> frozenset[str]:
    """What a new follower gets: the default subtypes, an outsider none of the internal ones."""
    return frozenset(s.name for s in subtypes if s.default and (internal or not s.internal))


def inherited(subtypes: Sequence[Subtype], on_parent: Collection[str], *, internal: bool) -> frozenset[str]:
    """What a follower of a parent record gets on a new child of it; empty = he does not follow the child.

    subtypes: of the child's type. on_parent: what he wants on the parent. At least one must be mapped; then
    the generic ones that he has on the parent come along. An outsider gets none of the internal ones.
    """
    mapped = {s.name for s in subtypes if s.parent_subtype and s.parent_subtype in on_parent}
    generic = {s.name for s in GENERIC if s.name in on_parent} if mapped else set()
    return allowed(subtypes, mapped | generic, internal=internal) if mapped else frozenset()


def allowed(subtypes: Sequence[Subtype], wanted: Collection[str], *, internal: bool) -> frozenset[str]:
    """What remains of a wish: an outsider gets no internal subtype, whatever was asked for."""
    return frozenset(s.name for s in subtypes if s.name in wanted and (internal or not s.internal))


def unknown(subtypes: Sequence[Subtype], wanted: Collection[str]) -> list[str]:
    """The names among the wanted that the record type does not have, sorted."""
    return sorted(set(wanted) - {s.name for s in subtypes})
