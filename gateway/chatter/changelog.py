"""The log entries of records: what changed, who did it, and who hears of it."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.chatter.post import SYSTEM, Author, Draft
from gateway.chatter.types import TypeRules
from gateway.mail.html import from_text
from gateway.rules.tracking import Change, in_words, is_for_staff, subtype_of
from store.models.views import PartnerView, ThreadView


def author_of(actor: PartnerView | None) -> Author:
    """Who is credited: a person, or the system where nobody is named (an import, a program)."""
    return Author(actor.id, actor.name, actor.email, actor.internal) if actor else SYSTEM


def change_entry(
    thread: ThreadView, actor: PartnerView | None, rules: TypeRules, lines: Sequence[Change], words: str = ""
) -> Draft:
    """The one entry of a set of changes. words: free text that goes with it, "" = none.

    Posted under the subtype that the first mapped field names, else a plain entry that tells nobody. What
    only staff may see stands in no text of an entry that others can read.
    """
    name = subtype_of(rules.fields, lines)
    subtype = rules.subtype(name) if name else None
    internal = subtype is None or subtype.internal or is_for_staff(lines)
    seen = [line for line in lines if internal or not line.internal]
    listed = in_words((line.label, line.old, line.new) for line in seen)
    return Draft(
        thread, "log", subtype.name if subtype else "note", author_of(actor), internal=internal,
        body_text=words or listed, body_html=from_text(words) if words else "", tracking=tuple(lines),
        generated=True, tell=subtype is not None,
    )  # fmt: skip


def plain_entry(thread: ThreadView, actor: PartnerView | None, words: str) -> Draft:
    """An entry for staff that tells nobody: created, merged, split."""
    return Draft(
        thread, "log", "note", author_of(actor), internal=True, body_text=words, body_html=from_text(words),
        generated=True, tell=False,
    )  # fmt: skip
