"""What can happen to a record as a whole: deleted, renamed, merged into another, split, copied.

Addresses in mailboxes outlive all of it: after a merge those of the record that is gone lead to the
survivor, after a renaming they stay as they are, after a deletion nobody knows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.chatter.changelog import plain_entry
from gateway.chatter.partners import known
from gateway.chatter.plan import actor_trouble, key_trouble
from gateway.chatter.post import Posting
from gateway.chatter.types import TypeRules, Types
from gateway.errors import BadValue, Conflict, FieldError, NotFound
from gateway.rules import sentences
from gateway.rules.subscription import allowed, defaults
from gateway.rules.tracking import wrong_values
from store.models.views import PartnerView, ThreadView
from store.queries import follower as followers
from store.queries import lives as store
from store.queries import partner as partners
from store.queries import thread as threads
from store.session import Session

_MOVED = {
    False: (sentences.MOVED, sentences.SPLIT),
    True: (sentences.MOVED_ONE, sentences.SPLIT_ONE),
}  # is it one message


class Lives:
    """Carries records through their lives. Each call is one transaction, credited to ``actor`` or the system."""

    def __init__(self, *, types: Types, posting: Posting) -> None:
        self._types = types
        self._posting = posting

    def delete(self, session: Session, thread: ThreadView) -> None:
        """Delete a record with its conversation, followers and files; the ledger keeps what came in."""
        store.remove(session, thread.id)

    def rename(
        self,
        session: Session,
        thread: ThreadView,
        *,
        record_type: str,
        key: str,
        actor: str | None,
        now: datetime,
    ) -> ThreadView:
        """Give a record another key, or another type; what its new type does not know is subscribed no more.

        Raises BadValue naming the field, Conflict when there is such a record.
        """
        by = _actor(session, actor)
        if (record_type, key) == (thread.record_type, thread.key):
            return thread
        rules = self._free(session, record_type, key)
        threads.change(session, thread, {"record_type": record_type, "key": key}, now)
        if record_type != thread.record_type:
            _mark_lines(session, thread)
            self._adapt(session, thread.id, rules)
        renamed = thread._replace(record_type=record_type, key=key)
        names = {"old": self._name(session, thread), "new": self._name(session, renamed)}
        self._log(session, renamed, by, sentences.RENAMED % names, now)
        return renamed

    def merge(
        self, session: Session, thread: ThreadView, into: ThreadView, *, actor: str | None, now: datetime
    ) -> ThreadView:
        """Move messages, followers, files and addresses of a record to another, and delete it; answers the survivor.

        A follower of both gets what he wanted of either. Raises BadValue for a record into itself.
        """
        by = _actor(session, actor)
        if thread.id == into.id:
            raise BadValue.of("into", "a record cannot be merged into itself")
        rules = self._types.get(into.record_type, session)
        if thread.record_type != into.record_type:
            store.change_subtypes(session, thread.id, [subtype.name for subtype in rules.subtypes])
        _mark_lines(session, thread, of=f"{thread.record_type}/{thread.key}")
        self._unite_followers(session, thread.id, into.id, rules, now)
        store.move_all(session, thread.id, into.id, now)
        self._log(session, into, by, sentences.MERGED % {"record": self._name(session, thread)}, now)
        found = threads.by_id(session, into.id)
        assert found is not None
        return found

    def split(
        self, session: Session, thread: ThreadView, message_ids: Sequence[int], *, key: str, title: str,
        actor: str | None, now: datetime,
    ) -> ThreadView:  # fmt: skip
        """Open a record with some messages of another, their files and their mails; answers the new one.

        Followers whose conversation they are follow the new record too: who wrote one, outsiders who were told of
        one, who was named in one, and whose mail still waits; and so does the actor. Raises BadValue naming the
        field, Conflict when there is such a record.
        """
        by = _actor(session, actor)
        authors = store.authors_of(session, thread.id, message_ids)
        _check_messages(message_ids, authors)
        rules = self._free(session, thread.record_type, key)
        new = threads.add(
            session, record_type=thread.record_type, key=key, title=title or thread.title, url=None, fields={},
            assignee_id=None, creator_id=by.id if by else None, domain=thread.domain, members=thread.members, now=now,
        )  # fmt: skip
        self._posting.events.opened(session, [new], "api", now)
        store.move_messages(session, message_ids, thread.id, new.id)
        writers = {author for author in authors.values() if author}
        party = writers | store.party_of(session, message_ids)
        sets = store.follower_sets(session, thread.id)
        coming = {who: sets[who] for who in sorted(party & set(sets))}
        rows = [
            followers.row(new.id, who, subtypes, reason=reason, now=now)
            for who, (subtypes, reason) in coming.items()
        ]
        followers.follow_all(session, rows)
        followers.invite(session, new.id, writers, now)
        self._follow_creator(session, new, by, rules, now)
        moved, split = _MOVED[len(authors) == 1]
        count = len(authors)
        self._log(session, thread, by, moved % {"count": count, "record": self._name(session, new)}, now)
        self._log(session, new, by, split % {"count": count, "record": self._name(session, thread)}, now)
        return new

    def duplicate(
        self,
        session: Session,
        thread: ThreadView,
        *,
        key: str,
        title: str | None,
        actor: str | None,
        now: datetime,
    ) -> ThreadView:
        """Enter a record with the fields of another; no messages, no followers, no files, nobody assigned.

        title: None = the same. Raises BadValue naming the field, Conflict when there is such a record.
        """
        by = _actor(session, actor)
        rules = self._free(session, thread.record_type, key)
        wrong = wrong_values(rules.fields, thread.fields)
        new = threads.add(
            session, record_type=thread.record_type, key=key, title=thread.title if title is None else title,
            url=None, fields={name: value for name, value in thread.fields.items() if name not in wrong},
            assignee_id=None, creator_id=by.id if by else None, domain=thread.domain, members=thread.members, now=now,
        )  # fmt: skip
        self._posting.events.opened(session, [new], "api", now)
        copied = sentences.COPIED % {"record": self._name(session, thread)}
        self._log(session, new, by, f"{sentences.CREATED % {'label': rules.label}}\n{copied}", now)
        self._follow_creator(session, new, by, rules, now)
        return new

    def _free(self, session: Session, record_type: str, key: str) -> TypeRules:
        """The rules of the type of a record that does not exist yet. Raises BadValue, Conflict."""
        trouble = key_trouble(key)
        if trouble:
            raise BadValue.of("key", trouble)
        try:
            rules = self._types.get(record_type, session)
        except NotFound as missing:
            raise BadValue.of("type", str(missing)) from missing
        if threads.by_key(session, record_type, key) is not None:
            detail = f"there is a {record_type} {key} already"
            raise Conflict(detail, [FieldError("#/key", detail)])
        return rules

    def _adapt(self, session: Session, thread_id: int, rules: TypeRules) -> None:
        """Make messages and subscriptions fit another type."""
        names = [subtype.name for subtype in rules.subtypes]
        store.change_subtypes(session, thread_id, names)
        sets = store.follower_sets(session, thread_id)
        kept = {who: subtypes & set(names) for who, (subtypes, _) in sets.items()}
        store.set_subtypes(
            session, thread_id, {who: wanted for who, wanted in kept.items() if wanted != sets[who][0]}
        )

    def _unite_followers(self, session: Session, old: int, new: int, rules: TypeRules, now: datetime) -> None:
        coming, there = store.follower_sets(session, old), store.follower_sets(session, new)
        people = partners.by_ids(session, sorted(coming))
        rows, united = [], {}
        for who, (subtypes, reason) in coming.items():
            wanted = allowed(rules.subtypes, subtypes, internal=people[who].internal)
            rows.append(followers.row(new, who, wanted, reason=reason, now=now))
            if who in there and not wanted <= there[who][0]:
                united[who] = there[who][0] | wanted
        followers.follow_all(session, rows)
        store.set_subtypes(session, new, united)

    def _follow_creator(
        self, session: Session, thread: ThreadView, by: PartnerView | None, rules: TypeRules, now: datetime
    ) -> None:
        if by is not None:
            wanted = defaults(rules.subtypes, internal=by.internal)
            followers.follow_all(
                session, [followers.row(thread.id, by.id, wanted, reason="creator", now=now)]
            )

    def _log(
        self, session: Session, thread: ThreadView, by: PartnerView | None, words: str, now: datetime
    ) -> None:
        self._posting.post_all(session, [plain_entry(thread, by, words)], now)

    def _name(self, session: Session, thread: ThreadView) -> str:
        """A record as people call it: ``Ticket 7 (Pump leaks)``."""
        label = self._types.get(thread.record_type, session).label
        return f"{label} {thread.key} ({thread.title})" if thread.title else f"{label} {thread.key}"


def _actor(session: Session, email: str | None) -> PartnerView | None:
    """Who does it, None = the system. Raises BadValue for an outsider and for who is deactivated."""
    actor = known(session, email, "actor") if email else None
    if actor is not None and (trouble := actor_trouble(actor)):
        raise BadValue.of("actor", trouble)
    return actor


def _check_messages(message_ids: Sequence[int], found: dict[int, int | None]) -> None:
    if not message_ids:
        raise BadValue.of("message_ids", "name at least one message")
    for index, message_id in enumerate(message_ids):
        if message_id not in found:
            raise BadValue.of(f"message_ids/{index}", f"message {message_id} is not on this record")


def _mark_lines(session: Session, thread: ThreadView, **marks: str) -> None:
    """Note on the changed fields of a record what is true of them now; what was noted before is truer.

    of: whose they were, of a record that goes into another (durations.py). in: the type that has such fields.
    """
    marks["in"] = thread.record_type
    lines = {
        row.id: [{**marks, **line} for line in row.tracking] for row in store.tracked(session, thread.id)
    }
    store.set_tracking(session, lines)
