"""Many records at once: all of them or none, each fault named with its item.

What one call says twice about a record counts as one set of changes: first old against last new, so that
there and back again writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from gateway.chatter.access import Caller
from gateway.chatter.plan import RecordChange
from gateway.chatter.records import Records
from gateway.errors import BadValue, FieldError
from gateway.mail.address import normalise
from store.models.views import ThreadView
from store.session import Session

MOST_ITEMS = 5_000
Name = tuple[str, str]  # record type and key


def put_batch(
    session: Session,
    items: Sequence[RecordChange],
    *,
    records: Records,
    known_types: Collection[str],
    now: datetime,
    caller: Caller | None = None,
    found: Sequence[FieldError] = (),
) -> list[tuple[ThreadView, bool]]:
    """Create or change the records of all items; answers each item's record, and True where it is new.

    caller: as in Records.put_all. found: faults that are known already, told with the others. Raises BadValue with
    every fault, ``#/items/3/assignee``; then nothing was written.
    """
    if len(items) > MOST_ITEMS:
        raise BadValue.of("items", f"a batch has at most {MOST_ITEMS} items, not {len(items)}")
    unknown = [
        FieldError(f"#/items/{index}/type", f"there is no record type {item.record_type!r}")
        for index, item in enumerate(items)
        if item.record_type not in known_types
    ]
    wanted, last, unlike = joined(items)
    sound = [name for name in wanted if name[0] in known_types]
    done = records.put_all(
        session, [wanted[name] for name in sound], now, place=lambda index: f"items/{last[sound[index]]}/", caller=caller,
        found=[*unknown, *unlike, *found],
    )  # fmt: skip
    by_name = dict(zip(wanted, done, strict=True))
    return [by_name[item.record_type, item.key] for item in items]


def joined(
    items: Sequence[RecordChange],
) -> tuple[dict[Name, RecordChange], dict[Name, int], list[FieldError]]:
    """One set of changes for each record, in the order of their first items, the last item of each, and the faults.

    Two people cannot change one record: one entry of the log has one author.
    """
    wanted: dict[Name, RecordChange] = {}
    last: dict[Name, int] = {}
    errors = []
    for index, item in enumerate(items):
        name = (item.record_type, item.key)
        if name in wanted and not _same_actor(wanted[name], item):
            detail = f"item {last[name]} changes the same record for {wanted[name].actor or 'the system'}"
            errors.append(FieldError(f"#/items/{index}/actor", detail))
        wanted[name] = _then(wanted[name], item) if name in wanted else item
        last[name] = index
    return wanted, last, errors


def _same_actor(one: RecordChange, other: RecordChange) -> bool:
    return (normalise(one.actor or "") or one.actor) == (normalise(other.actor or "") or other.actor)


def _then(first: RecordChange, second: RecordChange) -> RecordChange:
    values = {**first.values, **second.values}
    afresh = first.afresh or first.values.get("fields", {}) is None
    if values.get("fields") is not None:
        values["fields"] = {**(first.values.get("fields") or {}), **(second.values.get("fields") or {})}
    words = "\n".join(text for text in (first.words, second.words) if text)
    return replace(
        second, values=values, words=words, silent=first.silent and second.silent,
        untracked=first.untracked and second.untracked, afresh=afresh or second.afresh,
    )  # fmt: skip
