"""Tell host applications what happened: an event row for each webhook that wants it, in the same transaction.

Which webhooks there are is remembered until the bell ``types`` rings, so that a post costs no statement
where nobody listens. What an event shows is read when it is sent; the row only names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from gateway.chatter.names import RecordName
from gateway.chatter.page import MessageView, message_views
from store.bell import Bell, Remembered
from store.models.views import ThreadView
from store.queries import event as store
from store.queries import message as messages
from store.queries import thread as threads
from store.session import Session

OPENED = "record.opened"
POSTED = "message.posted"
KINDS = (OPENED, POSTED)


class Listener(NamedTuple):
    """A webhook and what it wants to hear of. record_types: empty = all."""

    id: str
    events: frozenset[str]
    record_types: frozenset[str]

    def wants(self, kind: str, record_type: str) -> bool:
        """It wants this kind of event about records of this type."""
        return kind in self.events and (not self.record_types or record_type in self.record_types)


class Events:
    """Queues events. bell: None = nobody ever listens."""

    def __init__(self, bell: Bell | None = None) -> None:
        self._is_heard = bell is not None
        self._listeners: Remembered[list[Listener]] = Remembered(bell, "types")

    def opened(self, session: Session, opened: Sequence[ThreadView], by: str, now: datetime) -> None:
        """Records came into being. by: ``api`` or ``mail``."""
        self._tell(session, OPENED, [(t.record_type, {"thread": t.id, "by": by}) for t in opened], now)

    def posted(self, session: Session, posted: Sequence[tuple[ThreadView, int]], now: datetime) -> None:
        """Messages or notes were posted: (thread, message id)."""
        what = [(thread.record_type, {"message": message_id}) for thread, message_id in posted]
        self._tell(session, POSTED, what, now)

    def _tell(
        self, session: Session, kind: str, what: Sequence[tuple[str, dict[str, Any]]], now: datetime
    ) -> None:
        listeners = self._listeners.get(lambda: _listeners(session), session) if self._is_heard else []
        wanted = [
            (listener.id, kind, payload)
            for record_type, payload in what
            for listener in listeners
            if listener.wants(kind, record_type)
        ]
        if wanted:
            store.add(session, wanted, now)


def _listeners(session: Session) -> list[Listener]:
    rows = store.webhooks(session, active_only=True)
    return [Listener(row.id, row.events, row.record_types) for row in rows]


class RecordOpened(msgspec.Struct, frozen=True):
    """The data of record.opened. by: ``api`` or ``mail``."""

    record: RecordName
    title: str
    by: str


class MessagePosted(msgspec.Struct, frozen=True):
    """The data of message.posted."""

    record: RecordName
    message: MessageView


class Body(msgspec.Struct, frozen=True):
    """What a webhook is sent (Standard Webhooks, "Payload structure")."""

    type: str
    timestamp: datetime
    data: RecordOpened | MessagePosted


def body_of(session: Session, event: Any) -> bytes | None:
    """The octets that tell of an event, None when what it tells of is gone."""
    data = _opened(session, event.payload) if event.kind == OPENED else _posted(session, event.payload)
    return None if data is None else msgspec.json.encode(Body(event.kind, event.created_at, data))


def _opened(session: Session, payload: dict[str, Any]) -> RecordOpened | None:
    thread = threads.by_id(session, payload["thread"])
    if thread is None:
        return None
    return RecordOpened(RecordName(thread.record_type, thread.key), thread.title, payload["by"])


def _posted(session: Session, payload: dict[str, Any]) -> MessagePosted | None:
    row = messages.one(session, payload["message"])  # with the names of the record that has it now
    if row is None or row.deleted_at is not None:
        return None
    return MessagePosted(RecordName(row.record_type, row.key), message_views(session, [row])[0])
