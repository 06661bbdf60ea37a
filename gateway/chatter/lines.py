"""Which tracked changes of an entry a reader sees, and whether a search still finds the entry by what is left.

A field that its type has no more takes its lines along, also out of the text that says nothing else. The
words stay in the index, because the lines are back when the field is; so a hit is judged when it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from gateway.mail.html import from_text
from gateway.rules.tracking import in_words, visible_lines
from gateway.wording import Wording
from store.queries import types
from store.search import Phrase, for_like, indexed
from store.session import Session


def with_lines(session: Session, rows: Sequence[Any], *, outsider: bool) -> list[Any]:
    """The rows of messages with the tracked changes that may be shown: a field that its type has no more is gone.

    A row that lost a line is another object than before.
    """
    if not any(row.tracking for row in rows):
        return list(rows)
    fields = {
        one.name: {field.get("name") for field in one.config.get("fields") or ()}
        for one in types.record_types(session)
    }
    return [
        _with(
            row,
            visible_lines(row.tracking, internal=not outsider, fields=fields, record_type=row.record_type),
        )
        if row.tracking
        else row
        for row in rows
    ]


def words_of(row: Any, files: Sequence[Any], label: str) -> list[str]:
    """What a search looks at, of what is shown, part by part. label: of its subtype, where it was found by that, else "".

    A text that says nothing but what changed is left out: the lines stand below it.
    """
    tracked = [in_words([(line["label"], line["old"], line["new"])]) for line in row.tracking or ()]
    text = "" if tracked and not row.body_html else row.body_text
    parts = [label, row.subject or "", text, *(file.name for file in files), *tracked]
    return [part for part in parts if part]


def worded(row: Any, wording: Wording) -> Any:
    """The row of an entry of the log in the reader's language; every other row as it is."""
    if row.kind != "log":
        return row
    told = wording.told(row.body_text)
    values = {**vars(row)} if isinstance(row, SimpleNamespace) else {**row._mapping}
    values["tracking"] = [wording.line(line) for line in row.tracking or ()]
    if told != row.body_text:
        values |= {"body_text": told, "body_html": from_text(told)}
    return SimpleNamespace(**values)


def holds(texts: Sequence[str], wanted: Sequence[Phrase]) -> bool:
    """The texts hold all the phrases, be it inside longer words."""
    words = indexed("\n".join(texts))
    return all(for_like(phrase, inside=True) in words for phrase in wanted)


def _with(row: Any, lines: Sequence[Mapping[str, Any]]) -> Any:
    """The row with these of its lines alone, also in its text where that says nothing but what changed."""
    if lines == row.tracking:
        return row
    values = {**row._mapping, "tracking": lines}
    if not row.body_html:  # else somebody's words
        told = [line for line in lines if row.internal or not line.get("internal")]
        values["body_text"] = in_words((line["label"], line["old"], line["new"]) for line in told)
    return SimpleNamespace(**values)
