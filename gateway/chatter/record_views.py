"""What the API and the pages show of records, followers and partners.

Views are values; each function takes all the rows of a page at once, so that a list of N items costs the
same number of statements as a list of one. Names and shapes are those of DESIGN section 8.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from gateway.chatter.names import Person, RecordName, person
from store.models.views import PartnerView, ThreadView
from store.queries import follower as followers
from store.queries import listing
from store.queries import partner as partners
from store.queries import thread as threads
from store.session import Session


class RecordView(msgspec.Struct, frozen=True):
    """A record. reply_address: its own, to be put in Cc; whoever writes there writes on the thread.

    parent: the record that it is part of, null if none.
    """

    type: str
    key: str
    title: str
    url: str | None
    fields: dict[str, Any]
    reply_address: str
    assignee: Person | None
    creator: Person | None
    follower_count: int
    domain: str
    active: bool
    parent: RecordName | None


class FollowerView(msgspec.Struct, frozen=True):
    """A follower with the subtypes that he wants."""

    partner: Person
    subtypes: list[str]
    reason: str


class PartnerDetails(msgspec.Struct, frozen=True):
    """Everything about a partner."""

    id: int
    name: str
    email: str
    internal: bool
    role: str
    active: bool
    language: str
    timezone: str
    phone: str
    signature: str
    addresses: list[str]
    notify: dict[str, Any]


class RecordViews:
    """Shows records. reply_address: (thread, generation) -> the record's own address."""

    def __init__(self, reply_address: Callable[[ThreadView, int], str]) -> None:
        self._reply_address = reply_address

    def many(self, session: Session, rows: Sequence[ThreadView]) -> list[RecordView]:
        """The records of some threads, in their order: three statements, four where one has a parent."""
        ids = [thread.id for thread in rows]
        counts = listing.follower_counts(session, ids)
        generations = listing.generations(session, ids)
        named = {
            partner_id
            for thread in rows
            for partner_id in (thread.assignee_id, thread.creator_id)
            if partner_id
        }
        known = {found.id: person(found) for found in partners.by_ids(session, sorted(named)).values()}
        parents = threads.names(session, sorted({thread.parent_id for thread in rows if thread.parent_id}))
        return [
            RecordView(
                type=thread.record_type, key=thread.key, title=thread.title, url=thread.url, fields=thread.fields,
                reply_address=self._reply_address(thread, generations.get(thread.id, 0)),
                assignee=known.get(thread.assignee_id or 0), creator=known.get(thread.creator_id or 0),
                follower_count=counts.get(thread.id, 0), domain=thread.domain, active=thread.active,
                parent=RecordName(*parents[thread.parent_id]) if thread.parent_id in parents else None,
            )
            for thread in rows
        ]  # fmt: skip

    def one(self, session: Session, thread: ThreadView) -> RecordView:
        """The record of a thread."""
        return self.many(session, [thread])[0]


def follower_view(row: Any) -> FollowerView:
    """A follower of a row of ``followers.followers``."""
    who = Person(row.partner_id, row.name, row.email, row.internal)
    return FollowerView(who, sorted(row.subtypes), row.reason)


def follower_of(session: Session, thread_id: int, partner_id: int) -> FollowerView | None:
    """One follower, None if the partner does not follow."""
    row = followers.follower(session, thread_id, partner_id)
    return None if row is None else follower_view(row)


def partner_details(session: Session, rows: Sequence[PartnerView]) -> list[PartnerDetails]:
    """Everything about some partners, in their order: two statements."""
    ids = [partner.id for partner in rows]
    addresses = listing.addresses(session, ids)
    said = listing.phones(session, ids)
    phones = {one: said.get(one, ("", "")) for one in ids}
    return [
        PartnerDetails(
            id=partner.id, name=partner.name, email=partner.email, internal=partner.internal, role=partner.role,
            active=partner.active, language=partner.language, timezone=partner.timezone,
            phone=phones[partner.id][0], signature=phones[partner.id][1], addresses=addresses.get(partner.id, []),
            notify=partner.notify,
        )
        for partner in rows
    ]  # fmt: skip
