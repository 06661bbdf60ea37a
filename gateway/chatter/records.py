"""Records: create and change them, one or many, with what that means for followers and for the log.

One record is a batch of one: everything is planned and checked first (plan.py), then written in a number
of statements that does not grow with the number of records.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway.chatter import family
from gateway.chatter.access import Caller
from gateway.chatter.actor import reader_of
from gateway.chatter.automail import send_mapped
from gateway.chatter.changelog import change_entry, plain_entry
from gateway.chatter.plan import Faults, People, Plan, plan
from gateway.chatter.plan import RecordChange as RecordChange
from gateway.chatter.post import ASSIGNED, Draft, Posting
from gateway.chatter.types import Types
from gateway.errors import FieldError, NotFound
from gateway.rules import sentences
from gateway.rules.values import SINGLE
from store.models.views import ThreadView
from store.queries import follower as followers
from store.queries import lives
from store.queries import thread as threads
from store.session import Session

_BLANK: dict[str, Any] = {
    "title": "", "url": None, "fields": {}, "assignee_id": None, "domain": "", "subject": None, "active": True,
    "members": None, "parent_id": None, "last_notified_at": None,
}  # fmt: skip


class Records:
    """Creates and changes records. domains: ours, by name."""

    def __init__(self, *, types: Types, posting: Posting, domains: tuple[str, ...]) -> None:
        self._types = types
        self._posting = posting
        self._domains = domains

    def put(
        self, session: Session, change: RecordChange, now: datetime, caller: Caller | None = None
    ) -> tuple[ThreadView, bool]:
        """Create or change a record; answers it, and True when it is new.

        A colleague who creates it follows, and so does the assignee. Changed tracked fields become one log
        entry credited to the actor, or to the system. caller: as in put_all. Raises NotFound for the type,
        BadValue naming the field.
        """
        return self.put_all(session, [change], now, caller=caller)[0]

    def put_all(
        self,
        session: Session,
        wanted: Sequence[RecordChange],
        now: datetime,
        place: Callable[[int], str] = lambda _: "",
        caller: Caller | None = None,
        found: Sequence[FieldError] = (),
    ) -> list[tuple[ThreadView, bool]]:
        """``put`` for many different records, all of them or none; answers in their order.

        place: where an item stands in the request, for the pointers of BadValue. caller: whose record types
        limit which parents can be named, None = all. found: faults that are known already. Raises NotFound for a type,
        BadValue with every fault, in the order of the items.
        """
        known = threads.by_keys(session, {(change.record_type, change.key) for change in wanted})
        people = People(session, wanted, list(known.values()))
        faults = Faults(place, list(found))
        plans = [
            plan(index, change, known.get((change.record_type, change.key)),
                 self._types.get(change.record_type, session), people, faults, self._domains)
            for index, change in enumerate(wanted)
        ]  # fmt: skip
        born = family.set_parents(
            session, plans, faults, lambda who: reader_of(session, self._types, caller=caller, partner=who)
        )
        faults.raise_any()
        written = self._write(session, plans, now)
        family.bind(session, plans, written, born, now)
        lives.add_silent_changes(
            session,
            [row for done, thread in zip(plans, written, strict=True) for row in _silent(done, thread, now)],
        )
        loud = [(done, thread) for done, thread in zip(plans, written, strict=True) if not done.change.silent]
        opened = [thread for done, thread in zip(plans, written, strict=True) if done.thread is None]
        self._posting.events.opened(session, opened, "api", now)
        for indices in family.generations(len(plans), born):
            grown = [(plans[one], written[one]) for one in indices if not plans[one].change.silent]
            self._follow(session, grown, now)
        self._posting.post_all(
            session, [entry for done, thread in loud for entry in _entries(done, thread)], now
        )
        for done, thread in loud:
            if done.change.untracked:
                continue
            changed = set(thread.fields) if done.thread is None else {line.field for line in done.lines}
            send_mapped(
                session, thread, changed, done.actor, rules=done.rules, posting=self._posting, now=now
            )
        return [(thread, done.thread is None) for done, thread in zip(plans, written, strict=True)]

    def get(self, session: Session, record_type: str, key: str) -> ThreadView:
        """The thread of a record. Raises NotFound."""
        thread = threads.by_key(session, record_type, key)
        if thread is None:
            raise NotFound(f"there is no {record_type} {key}")
        return thread

    def _write(self, session: Session, plans: Sequence[Plan], now: datetime) -> list[ThreadView]:
        """Enter the new records and change the others; answers all of them as they are now."""
        new = [_new_row(done) for done in plans if done.thread is None]
        ids = iter(threads.add_all(session, new, now))
        threads.change_all(
            session, [(done.thread, done.columns) for done in plans if done.thread is not None], now
        )
        rows = iter(new)
        return [
            _view(next(ids), next(rows)) if done.thread is None else _changed(done.thread, done.columns)
            for done in plans
        ]

    def _follow(self, session: Session, done: Sequence[tuple[Plan, ThreadView]], now: datetime) -> None:
        """A colleague who creates a record follows it, the assignee what he was given; who was assigned and idle leaves.

        Who hands the record on himself has acted. Followers of a parent inherit.
        """
        idle = [
            (thread.id, each.former)
            for each, thread in done
            if each.former and (each.actor is None or each.actor.id != each.former)
        ]
        followers.drop_idle_assignees(session, idle)
        rows = []
        for each, thread in done:
            people = [(each.assignee, followers.ASSIGNED)] if each.assignee else []
            if each.thread is None and each.actor is not None and each.actor.internal:
                people.insert(0, (each.actor, "creator"))
            rows += [
                family.follower(thread, partner, each.rules.subtypes, reason, now)
                for partner, reason in people
            ]
        adopted = [
            family.Adopted(thread, each.rules.subtypes, each.columns["parent_id"])
            for each, thread in done
            if each.columns.get("parent_id")
        ]
        rows += family.heirs(session, adopted, now)
        followers.follow_all(session, family.united(rows))


def _entries(done: Plan, thread: ThreadView) -> list[Draft]:
    """The log entry of what was done to a record: at most one; it brings a new assignee his notice.

    Who assigned himself knows.
    """
    assignee, actor = done.assignee, done.actor
    if assignee is None or (actor is not None and actor.id == assignee.id):
        return _logged(done, thread)
    concerned = frozenset({assignee.id})
    return [replace(entry, concerned=concerned, concern=ASSIGNED) for entry in _logged(done, thread)]


def _logged(done: Plan, thread: ThreadView) -> list[Draft]:
    if done.thread is None and not done.change.untracked:
        words = sentences.CREATED % {"label": done.rules.label}
        words = f"{words}\n{done.change.words}" if done.change.words else words
        entry, under = plain_entry(thread, done.actor, words), done.rules.creation
        if under is not None and not done.change.silent:
            entry = replace(entry, subtype=under.name, internal=under.internal, tell=True)
        return [entry]
    if done.lines:
        return [change_entry(thread, done.actor, done.rules, done.lines, done.change.words)]
    return [plain_entry(thread, done.actor, done.change.words)] if done.change.words else []


def _silent(done: Plan, thread: ThreadView, now: datetime) -> list[dict[str, Any]]:
    """What durations must know of a change that the log does not tell."""
    counted = {rule.name for rule in done.rules.fields if rule.type in SINGLE}
    return [
        {
            "thread_id": thread.id, "field": line.field, "created_at": now,
            "old_value": line.old if line.old_value is None else line.old_value,
            "new_value": line.new if line.new_value is None else line.new_value,
        }
        for line in done.unlogged
        if line.field in counted
    ]  # fmt: skip


def _new_row(done: Plan) -> dict[str, Any]:
    names = {"record_type": done.change.record_type, "key": done.change.key}
    return {**_BLANK, **done.columns, **names, "creator_id": done.actor.id if done.actor else None}


def _view(thread_id: int, row: dict[str, Any]) -> ThreadView:
    return ThreadView._make(thread_id if name == "id" else row[name] for name in ThreadView._fields)


def _changed(thread: ThreadView, columns: dict[str, Any]) -> ThreadView:
    return thread._replace(**{name: value for name, value in columns.items() if name in ThreadView._fields})
