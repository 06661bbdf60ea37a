"""Threads (records), followers, invitations and revoked reply addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, exists, func, insert, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from store.models import (
    Address,
    Follower,
    Invitation,
    Message,
    Partner,
    Suppression,
    Thread,
    ThreadRedirect,
    TokenGeneration,
)
from store.models.views import AudienceView, ThreadView
from store.queries.access_filter import EVERYTHING, Reader, readable_threads
from store.session import Session

_thread = Thread.table()
_follower = Follower.table()
_invitation = Invitation.table()
_generation = TokenGeneration.table()
_redirect = ThreadRedirect.table()
_partner = Partner.table()
_address = Address.table()
_suppression = Suppression.table()
_message = Message.table()

_columns = (
    _thread.c.id, _thread.c.record_type, _thread.c.key, _thread.c.title, _thread.c.url, _thread.c.fields,
    _thread.c.assignee_id, _thread.c.creator_id, _thread.c.domain, _thread.c.subject, _thread.c.active,
    _thread.c.members, _thread.c.parent_id,
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


_add = insert(_thread)


def add(
    session: Session, *, record_type: str, key: str, title: str, url: str | None, fields: dict[str, Any],
    assignee_id: int | None, creator_id: int | None, domain: str, now: datetime, members: list[int] | None = None,
    subject: str | None = None,
) -> ThreadView:  # fmt: skip
    """Enter a record; it has no messages and no followers yet. subject: of all its mail, None = not known yet."""
    values = {
        "record_type": record_type, "key": key, "title": title, "url": url, "fields": fields,
        "assignee_id": assignee_id, "creator_id": creator_id, "domain": domain, "subject": subject, "active": True,
        "members": members, "created_at": now, "updated_at": now,
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
    )


def change(session: Session, thread_id: int, values: dict[str, Any], now: datetime) -> None:
    """Write columns of a thread."""
    session.execute(update(_thread).where(_thread.c.id == thread_id).values(**values, updated_at=now))


_add_all = insert(_thread).returning(_thread.c.id, sort_by_parameter_order=True)


def add_all(session: Session, rows: Sequence[dict[str, Any]], now: datetime) -> list[int]:
    """Enter records (every column but id and times); answers their ids in order."""
    if not rows:
        return []
    timed = [{**row, "created_at": now, "updated_at": now} for row in rows]
    return list(session.execute(_add_all, timed).scalars())


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


def change_all(session: Session, changes: Sequence[tuple[int, dict[str, Any]]], now: datetime) -> None:
    """Write columns of threads (id, values); those with the same columns in one statement."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for thread_id, values in changes:
        if values:
            names = tuple(sorted(values))
            groups[names].append(
                {"which": thread_id, "at": now, **{f"new_{name}": values[name] for name in names}}
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


def search(
    session: Session, *, record_type: str | None, query: str, before: int | None, limit: int,
    reader: Reader = EVERYTHING,
) -> list[ThreadView]:  # fmt: skip
    """Threads that the reader may work on, newest first. query: part of the title or of the key."""
    statement = select(*_columns).order_by(_thread.c.id.desc()).limit(limit)
    if record_type:
        statement = statement.where(_thread.c.record_type == record_type)
    statement = statement.where(*readable_threads(session, reader))
    if query:
        wanted = query.lower()
        columns = (func.lower(_thread.c.title), func.lower(_thread.c.key))
        statement = statement.where(or_(*(column.contains(wanted, autoescape=True) for column in columns)))
    if before is not None:
        statement = statement.where(_thread.c.id < before)
    return [ThreadView._make(row) for row in session.execute(statement)]


def titles(session: Session, names: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The titles of these records (type, key); who is missing is left out."""
    pairs = tuple_(_thread.c.record_type, _thread.c.key)
    statement = select(_thread.c.record_type, _thread.c.key, _thread.c.title).where(pairs.in_(sorted(names)))
    return {(row.record_type, row.key): row.title for row in session.execute(statement)} if names else {}


def names(session: Session, thread_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Type and key of these threads; who is missing is left out."""
    statement = select(_thread.c.id, _thread.c.record_type, _thread.c.key).where(_thread.c.id.in_(thread_ids))
    return {row.id: (row.record_type, row.key) for row in session.execute(statement)} if thread_ids else {}


def readable(session: Session, reader: Reader, thread_ids: Collection[int]) -> frozenset[int]:
    """Those of the threads that the reader may work on."""
    statement = select(_thread.c.id).where(
        _thread.c.id.in_(sorted(thread_ids)), *readable_threads(session, reader)
    )
    return frozenset(session.execute(statement).scalars())


def follower_count(session: Session, thread_id: int) -> int:
    """How many partners follow a thread."""
    statement = select(func.count()).select_from(_follower).where(_follower.c.thread_id == thread_id)
    return int(session.execute(statement).scalar_one())


_add_follower_values: dict[str, Any] = {
    name: bindparam(name) for name in ("thread_id", "partner_id", "subtypes", "reason", "created_at")
}
_add_follower = {
    name: make(_follower)
    .values(_add_follower_values)
    .on_conflict_do_nothing()
    .execution_options(preserve_rowcount=True)
    for name, make in (("sqlite", insert_sqlite), ("postgresql", insert_postgresql))
}


def follow(
    session: Session,
    thread_id: int,
    wishes: Sequence[tuple[int, frozenset[str]]],
    *,
    reason: str,
    now: datetime,
) -> int:
    """Make partners followers with their subtypes; who follows already keeps his. Answers how many are new."""
    if not wishes:
        return 0
    rows = [
        {
            "thread_id": thread_id,
            "partner_id": partner_id,
            "subtypes": subtypes,
            "reason": reason,
            "created_at": now,
        }
        for partner_id, subtypes in sorted(wishes, key=lambda wish: wish[0])
    ]
    return session.execute(_add_follower[session.dialect.name], rows if len(rows) > 1 else rows[0]).rowcount


def follow_all(session: Session, rows: Sequence[dict[str, Any]]) -> int:
    """Enter followers of many threads (thread_id, partner_id, subtypes, reason, created_at); who follows keeps his set.

    Answers how many are new.
    """
    ordered = sorted(rows, key=lambda row: (row["thread_id"], row["partner_id"]))
    return session.execute(_add_follower[session.dialect.name], ordered).rowcount if rows else 0


_drop_idle = delete(_follower).where(
    _follower.c.thread_id == bindparam("thread"),
    _follower.c.partner_id == bindparam("former"),
    _follower.c.reason == "assigned",
    ~exists().where(_message.c.thread_id == bindparam("thread"), _message.c.author_id == bindparam("former")),
)


def drop_idle_assignees(session: Session, pairs: Sequence[tuple[int, int]]) -> None:
    """End what an assignment began: (thread id, former assignee), unless he acted on the thread or chose to stay."""
    if pairs:
        session.execute(
            _drop_idle, [{"thread": thread_id, "former": former} for thread_id, former in sorted(pairs)]
        )


def set_subtypes(session: Session, thread_id: int, partner_id: int, subtypes: frozenset[str]) -> bool:
    """Replace a subscription; False when the partner does not follow."""
    statement = update(_follower).where(
        _follower.c.thread_id == thread_id, _follower.c.partner_id == partner_id
    )
    return session.execute(statement.values(subtypes=subtypes, reason="chosen")).rowcount > 0


def unfollow(session: Session, thread_id: int, partner_id: int) -> bool:
    """End a subscription; False when the partner did not follow."""
    statement = delete(_follower).where(
        _follower.c.thread_id == thread_id, _follower.c.partner_id == partner_id
    )
    return session.execute(statement).rowcount > 0


_set_subtypes = (
    update(_follower)
    .where(_follower.c.thread_id == bindparam("thread"), _follower.c.partner_id == bindparam("partner"))
    .values(subtypes=bindparam("wanted"), reason="chosen")
)


def set_subtypes_of_all(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Replace many subscriptions (thread_id, partner_id, subtypes)."""
    names = {"thread": "thread_id", "partner": "partner_id", "wanted": "subtypes"}
    session.execute(_set_subtypes, [{bound: row[name] for bound, name in names.items()} for row in rows])


def unfollow_all(
    session: Session, thread_ids: Sequence[int], partner_ids: Sequence[int]
) -> list[tuple[int, int]]:
    """End all subscriptions of these partners to these threads; answers those that there were."""
    ended: list[tuple[int, int]] = []
    for start in range(0, len(thread_ids), _CHUNK):
        those = (
            _follower.c.thread_id.in_(thread_ids[start : start + _CHUNK]),
            _follower.c.partner_id.in_(partner_ids),
        )
        gone = session.execute(
            delete(_follower).where(*those).returning(_follower.c.thread_id, _follower.c.partner_id)
        )
        ended += [(row.thread_id, row.partner_id) for row in gone]
    return ended


def followers(session: Session, thread_id: int, *, after: int = 0, limit: int = 30) -> list[Any]:
    """Followers with their partner and subtypes, by partner id."""
    statement = (
        select(_follower.c.partner_id, _partner.c.email, _partner.c.name, _partner.c.internal, _follower.c.subtypes,
               _follower.c.reason)
        .join(_partner, _partner.c.id == _follower.c.partner_id)
        .where(_follower.c.thread_id == thread_id, _follower.c.partner_id > after)
        .order_by(_follower.c.partner_id)
        .limit(limit)
    )  # fmt: skip
    return list(session.execute(statement))


def follower(session: Session, thread_id: int, partner_id: int) -> Any | None:
    """One follower with his partner and subtypes, None if he does not follow."""
    found = followers(session, thread_id, after=partner_id - 1, limit=1)
    return found[0] if found and found[0].partner_id == partner_id else None


_suppressed = (
    (_suppression.c.address == _partner.c.email)
    & or_(_suppression.c.until.is_(None), _suppression.c.until > bindparam("now"))
)  # fmt: skip
_audience_columns = (
    _partner.c.id, _partner.c.email, _partner.c.name, _partner.c.internal, _partner.c.active, _partner.c.language,
    _partner.c.notify, _follower.c.subtypes, _suppression.c.reason,
)  # fmt: skip
_audience = (
    select(*_audience_columns)
    .select_from(
        _follower.join(_partner, _partner.c.id == _follower.c.partner_id).outerjoin(_suppression, _suppressed)
    )
    .where(_follower.c.thread_id == bindparam("thread"))
)
_others = (
    select(*_audience_columns)
    .select_from(
        _partner.outerjoin(
            _follower,
            (_follower.c.partner_id == _partner.c.id) & (_follower.c.thread_id == bindparam("thread")),
        ).outerjoin(_suppression, _suppressed)
    )
    .where(_partner.c.id.in_(bindparam("others", expanding=True)))
)


def audience(session: Session, thread_id: int, others: Collection[int], now: datetime) -> list[AudienceView]:
    """Everybody to be considered for a message: all followers, and these others; each once."""
    found = [AudienceView(*row) for row in session.execute(_audience, {"thread": thread_id, "now": now})]
    missing = set(others) - {view.partner_id for view in found}
    if missing:
        rows = session.execute(_others, {"thread": thread_id, "others": sorted(missing), "now": now})
        found += [AudienceView(*row) for row in rows]
    return found


_audiences = (
    select(_follower.c.thread_id, *_audience_columns)
    .select_from(
        _follower.join(_partner, _partner.c.id == _follower.c.partner_id).outerjoin(_suppression, _suppressed)
    )
    .where(_follower.c.thread_id.in_(bindparam("threads", expanding=True)))
)


def audiences(session: Session, thread_ids: Sequence[int], now: datetime) -> dict[int, list[AudienceView]]:
    """The followers of each thread as ``audience`` gives them; a thread that nobody follows has none."""
    found: dict[int, list[AudienceView]] = defaultdict(list)
    for start in range(0, len(thread_ids), _CHUNK):
        rows = session.execute(_audiences, {"threads": list(thread_ids[start : start + _CHUNK]), "now": now})
        for thread_id, *values in rows:
            found[thread_id].append(AudienceView(*values))
    return found


def invite(session: Session, thread_id: int, partner_ids: Collection[int], now: datetime) -> None:
    """Note that a verified colleague addressed these partners on the thread."""
    if not partner_ids:
        return
    make = insert_postgresql if session.dialect.name == "postgresql" else insert_sqlite
    rows = [{"thread_id": thread_id, "partner_id": i, "created_at": now} for i in sorted(partner_ids)]
    session.execute(make(_invitation).values(rows).on_conflict_do_nothing())


def generation(session: Session, thread_id: int, partner_id: int) -> int:
    """The generation that new reply tokens of (thread, partner) are minted with."""
    statement = select(_generation.c.generation).where(
        _generation.c.thread_id == thread_id, _generation.c.partner_id == partner_id
    )
    return int(session.execute(statement).scalar() or 0)


def revoke(session: Session, thread_id: int, partner_id: int) -> int:
    """Make every reply address minted so far for (thread, partner) unknown; answers the new generation.

    Those of threads that were merged into this one lead here, so they are revoked with it.
    """
    merged = session.execute(select(_redirect.c.old_id).where(_redirect.c.thread_id == thread_id)).scalars()
    for old_id in list(merged):
        _raise_generation(session, old_id, partner_id)
    return _raise_generation(session, thread_id, partner_id)


def _raise_generation(session: Session, thread_id: int, partner_id: int) -> int:
    new = generation(session, thread_id, partner_id) + 1
    session.execute(
        delete(_generation).where(
            _generation.c.thread_id == thread_id, _generation.c.partner_id == partner_id
        )
    )
    session.execute(insert(_generation).values(thread_id=thread_id, partner_id=partner_id, generation=new))
    return new


def is_follower(session: Session, thread_id: int, partner_id: int) -> bool:
    """The partner follows the thread."""
    statement = select(
        exists().where(_follower.c.thread_id == thread_id, _follower.c.partner_id == partner_id)
    )
    return bool(session.execute(statement).scalar())
