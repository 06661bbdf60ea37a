"""A small world for the tests of the journey out: one thread, its people, one message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from gateway.outbound.channels import Channel, Mail, Outcome, Sent
from gateway.outbound.dispatcher import Dispatcher
from gateway.outbound.house import House, SendingDomain
from gateway.outbound.pipeline import Pipeline
from gateway.outbound.render import Renderer
from gateway.rules.token import Keys
from gateway.templating import Templates, templates_directory
from store.bell import ring
from store.blobs import BlobStore
from store.models import Delivery, Follower, Message, Notice, Partner, RecordType, Thread
from store.session import Database, Session

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
KEYS = Keys({1: b"k" * 32}, 1)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


class Basket:
    """A channel that keeps what it gets and answers what it is told, "yes" when the answers are used up.

    largest: octets of the largest mail that it says it takes.
    """

    def __init__(self, *answers: Outcome, width: int = 4, largest: int = 10_000_000) -> None:
        self.width = width
        self.largest = largest
        self.mails: list[Mail] = []
        self.answers = list(answers)

    async def deliver(self, mail: Mail) -> Outcome:
        self.mails.append(mail)
        return self.answers.pop(0) if self.answers else Sent()

    async def close(self) -> None:
        pass


def a_house(**changes: Any) -> House:
    values: dict[str, Any] = {
        "brand": "Acme",
        "base_url": "https://desk.acme.test",
        "domains": (SendingDomain("threads.acme.test"),),
        "keys": KEYS,
    }
    return House(**(values | changes))


def a_dispatcher(
    database: Database, channel: Channel, *, clock: Any = None, house: House | None = None, owner: str = "here",
    blobs: BlobStore | None = None, **more: Any,
) -> Dispatcher:  # fmt: skip
    house = house or a_house()
    pipeline = Pipeline(
        database=database, renderer=Renderer(Templates(templates_directory()), house, blobs), house=house,
        channels={"email": channel}, owner=owner, clock=clock or Clock(), jitter=lambda: 0.0,
    )  # fmt: skip
    return Dispatcher(pipeline=pipeline, database=database, **more)


def _add(session: Session, model: Any, **values: Any) -> int:
    key = session.execute(insert(model.table()), values).inserted_primary_key
    assert key is not None
    return key[0]


def a_thread(session: Session, **values: Any) -> int:
    """A ticket; its record type is made when it is missing."""
    if not session.execute(select(RecordType.table().c.name)).first():
        _add(session, RecordType, name="ticket", label="Ticket", config={}, updated_at=NOW)
    defaults = {
        "record_type": "ticket", "key": "42", "title": "The pump leaks", "subject": "Re: The pump leaks",
        "fields": {}, "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    return _add(session, Thread, **(defaults | values))


def a_partner(session: Session, name: str, **values: Any) -> int:
    email = f"{name.lower().replace(' ', '.')}@people.test"
    return _add(
        session, Partner, **({"email": email, "name": name, "notify": {}, "created_at": NOW} | values)
    )


def a_follower(session: Session, thread_id: int, name: str, **values: Any) -> int:
    partner_id = a_partner(session, name, **values)
    follow(session, thread_id, partner_id)
    return partner_id


def follow(session: Session, thread_id: int, partner_id: int) -> None:
    """Make a partner a follower."""
    _add(
        session, Follower, thread_id=thread_id, partner_id=partner_id, subtypes=frozenset(["discussions"]),
        created_at=NOW,
    )  # fmt: skip


def a_message(session: Session, thread_id: int, author_id: int | None, **values: Any) -> int:
    defaults = {
        "thread_id": thread_id, "kind": "message", "subtype": "discussions", "author_id": author_id,
        "author_name": "Alice Adams", "author_email": "alice.adams@people.test", "date": NOW,
        "body_html": "<p>The <b>new</b> pump is here.</p>", "body_text": "The new pump is here.",
        "message_id": "<m1@threads.acme.test>",
    }  # fmt: skip
    return _add(session, Message, **(defaults | values))


def a_delivery(
    session: Session, message_id: int | None, thread_id: int | None, partner_id: int | None, **values: Any
) -> int:
    """A notice with the delivery that carries it."""
    address = None
    if partner_id is not None:
        address = session.execute(
            select(Partner.table().c.email).where(Partner.table().c.id == partner_id)
        ).scalar()
    header_id = "<m1@threads.acme.test>"
    if message_id is not None:
        table = Message.table()
        header_id = session.execute(select(table.c.message_id).where(table.c.id == message_id)).scalar_one()
    defaults = {
        "kind": "message", "channel": "email", "message_id": message_id, "thread_id": thread_id,
        "partner_id": partner_id, "address": address, "reason": "follower", "confirmed": False, "payload": None,
        "header_id": header_id, "created_at": NOW, "due_at": NOW,
    }  # fmt: skip
    values = defaults | values
    if message_id is not None:
        _add(
            session,
            Notice,
            message_id=message_id,
            partner_id=partner_id,
            channel="email",
            state="queued",
            reason=values["reason"],
        )
    ring(session, "deliveries")
    return _add(session, Delivery, **values)


def states(database: Database) -> dict[int, tuple[str, str, str]]:
    """Delivery id -> state, status, detail."""
    table = Delivery.table()
    with database.read() as session:
        rows = session.execute(select(table.c.id, table.c.state, table.c.status, table.c.detail)).all()
    return {row.id: (row.state, row.status, row.detail) for row in rows}
