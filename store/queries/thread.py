"""Threads: the records and what they are called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, tuple_, update

from store.models import (
    Thread,
    ThreadRedirect,
)
from store.models.views import ThreadView
from store.queries import record_list
from store.queries.access_filter import EVERYTHING, Reader, readable_threads
from store.queries.narrow import Window
from store.queries.newest import among
from store.queries.numbered import Numbered
from store.search import indexed
from store.session import Session

_thread = Thread.table()
_redirect = ThreadRedirect.table()

_columns = (
    _thread.c.id, _thread.c.record_type, _thread.c.key, _thread.c.title, _thread.c.url, _thread.c.fields,
    _thread.c.assignee_id, _thread.c.creator_id, _thread.c.domain, _thread.c.subject, _thread.c.active,
    _thread.c.members, _thread.c.parent_id, _thread.c.last_notified_at,
)  # fmt: skip
_by_id = select(*_columns).where(_thread.c.id == bindparam("id"))
_by_key = select(*_columns).where(
    _thread.c.record_type == bindparam("type"), _thread.c.key == bindparam("key")
)


def by_id(session: Session, thread_id: int) -> ThreadView | None:
    """One thread, None if it is gone."""
    row = session.execute(_by_id, {"id": thread_id}).one_or_none()
    return None if row is None else ThreadView._make(row)


def by_key(session: Session, record_type: str, key: str) -> ThreadView | None:
    """The thread of a record, None if there is none."""
    row = session.execute(_by_key, {"type": record_type, "key": key}).one_or_none()
    return None if row is None else ThreadView._make(row)


_merged_away = (
    select(*_columns)
    .join(_redirect, _redirect.c.thread_id == _thread.c.id)
    .where(_redirect.c.record_type == bindparam("type"), _redirect.c.key == bindparam("key"))
    .order_by(_redirect.c.created_at.desc(), _redirect.c.old_id.desc())
    .limit(1)
)


def merged_into(session: Session, record_type: str, key: str) -> ThreadView | None:
    """The thread into which the record of this name was merged last, None if there was none."""
    row = session.execute(_merged_away, {"type": record_type, "key": key}).one_or_none()
    return None if row is None else ThreadView._make(row)


_add = insert(_thread)


def add(
    session: Session, *, record_type: str, key: str, title: str, url: str | None, fields: dict[str, Any],
    assignee_id: int | None, creator_id: int | None, domain: str, now: datetime, members: list[int] | None = None,
    subject: str | None = None, parent_id: int | None = None,
) -> ThreadView:  # fmt: skip
    """Enter a record; it has no messages and no followers yet. subject: of all its mail, None = not known yet."""
    values = {
        "record_type": record_type, "key": key, "title": title, "url": url, "fields": fields,
        "assignee_id": assignee_id, "creator_id": creator_id, "domain": domain, "subject": subject, "active": True,
        "members": members, "parent_id": parent_id, "search_text": _words(key, title), "created_at": now, "updated_at": now,
    }  # fmt: skip
    primary_key = session.execute(_add, values).inserted_primary_key
    assert primary_key is not None
    return ThreadView(
        int(primary_key[0]),
        record_type,
        key,
        title,
        url,
        fields,
        assignee_id,
        creator_id,
        domain,
        subject,
        True,
        members,
        parent_id,
    )


def change(session: Session, thread: ThreadView, values: dict[str, Any], now: datetime) -> None:
    """Write columns of a thread. thread: as it was."""
    change_all(session, [(thread, values)], now)


def _words(key: str, title: str) -> str:
    """By which words a record is found in a list (words.py)."""
    return indexed(f"{key}\n{title}")


_numbered = Numbered(_thread)


def add_all(session: Session, rows: Sequence[dict[str, Any]], now: datetime) -> list[int]:
    """Enter records (every column but id and times); answers their ids in order."""
    timed = [
        {**row, "search_text": _words(row["key"], row["title"]), "created_at": now, "updated_at": now}
        for row in rows
    ]
    return _numbered.add(session, timed)


_by_keys = (
    select(*_columns)
    .where(_thread.c.record_type == bindparam("type"), _thread.c.key.in_(bindparam("keys", expanding=True)))
    .order_by(_thread.c.id)
    .with_for_update()
)
_CHUNK = 500


def by_keys(session: Session, names: Collection[tuple[str, str]]) -> dict[tuple[str, str], ThreadView]:
    """The threads of these records (type, key), held against other writers; who is missing is left out."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for record_type, key in sorted(names):
        wanted[record_type].append(key)
    found: dict[tuple[str, str], ThreadView] = {}
    for record_type, keys in wanted.items():
        for start in range(0, len(keys), _CHUNK):
            rows = session.execute(_by_keys, {"type": record_type, "keys": keys[start : start + _CHUNK]})
            found |= {(row.record_type, row.key): ThreadView._make(row) for row in rows}
    return found


def change_all(session: Session, changes: Sequence[tuple[ThreadView, dict[str, Any]]], now: datetime) -> None:
    """Write columns of threads (as they were, values); those with the same columns in one statement."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for thread, given in changes:
        values = dict(given)
        if "key" in values or "title" in values:
            values["search_text"] = _words(values.get("key", thread.key), values.get("title", thread.title))
        if values:
            names = tuple(sorted(values))
            groups[names].append(
                {"which": thread.id, "at": now, **{f"new_{name}": values[name] for name in names}}
            )
    for names, rows in groups.items():
        written: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
        session.execute(
            update(_thread)
            .where(_thread.c.id == bindparam("which"))
            .values({**written, "updated_at": bindparam("at")}),
            rows,
        )


_freeze = (
    update(_thread)
    .where(_thread.c.id == bindparam("thread"), _thread.c.subject.is_(None))
    .values(subject=bindparam("frozen"))
)


def freeze_subjects(session: Session, subjects: Mapping[int, str]) -> None:
    """Give threads their subjects, unless they have one."""
    if subjects:
        session.execute(
            _freeze, [{"thread": thread_id, "frozen": subjects[thread_id]} for thread_id in sorted(subjects)]
        )


def notified(session: Session, thread_ids: Sequence[int], at: datetime) -> None:
    """Note that mail of these threads is queued now."""
    if thread_ids:
        of_them = among(session, _thread.c.id, thread_ids)
        session.execute(update(_thread).where(of_them).values(last_notified_at=at))


def search(
    session: Session, *, record_type: str | None, query: str, before: int | None, after: int | None = None, limit: int,
    reader: Reader = EVERYTHING,
) -> Window:  # fmt: skip
    """Threads that the reader may work on, newest first. query: words of the key and the title (words.py)."""
    found = record_list.page(
        session, reader, record_type=record_type, query=query, before=before, after=after, limit=limit
    )
    statement = select(*_columns).where(_thread.c.id.in_(found.ids)).order_by(_thread.c.id.desc())
    rows = session.execute(statement) if found.ids else ()
    return Window([ThreadView._make(row) for row in rows], found.reached)


def titles(session: Session, names: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The titles of these records (type, key); who is missing is left out."""
    pairs = tuple_(_thread.c.record_type, _thread.c.key)
    statement = select(_thread.c.record_type, _thread.c.key, _thread.c.title).where(pairs.in_(sorted(names)))
    return {(row.record_type, row.key): row.title for row in session.execute(statement)} if names else {}


def names(session: Session, thread_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Type and key of these threads; who is missing is left out."""
    statement = select(_thread.c.id, _thread.c.record_type, _thread.c.key).where(_thread.c.id.in_(thread_ids))
    return {row.id: (row.record_type, row.key) for row in session.execute(statement)} if thread_ids else {}


def readable_all(session: Session, reader: Reader, thread_ids: Sequence[int]) -> frozenset[int]:
    """``readable`` for any number of threads."""
    chunks = (thread_ids[start : start + _CHUNK] for start in range(0, len(thread_ids), _CHUNK))
    return frozenset().union(*(readable(session, reader, chunk) for chunk in chunks))


def readable(session: Session, reader: Reader, thread_ids: Collection[int]) -> frozenset[int]:
    """Those of the threads that the reader may work on."""
    statement = select(_thread.c.id).where(
        _thread.c.id.in_(sorted(thread_ids)), *readable_threads(session, reader)
    )
    return frozenset(session.execute(statement).scalars())
