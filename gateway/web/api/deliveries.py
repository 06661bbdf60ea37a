"""/deliveries: the outbox."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from litestar import Request, Response, get, post

from gateway.chatter.access import Caller
from gateway.chatter.actor import open_thread, reader_of
from gateway.chatter.entries import DELIVERY_STATES, DeliveryView, delivery_view, delivery_views
from gateway.chatter.partners import known
from gateway.errors import BadShape, BadValue, Conflict, FieldError, Forbidden, NotFound
from gateway.web.auth import Asking, needs
from gateway.web.idempotency import once
from gateway.web.paging import Page, StateFilter, Wished, both_ways, check_state
from gateway.web.schema import Body
from gateway.web.services import Given, Services
from store.queries import delivery as deliveries
from store.queries import thread as threads
from store.session import Session


@get("/deliveries", guards=[needs("read")], sync_to_thread=True, tags=["deliveries"])
def list_deliveries(
    services: Given,
    caller: Asking,
    wish: Wished,
    wanted: StateFilter = None,
    record: str | None = None,
    actor: str | None = None,
) -> Page[DeliveryView]:
    """Deliveries, newest first. record: ``type/key``; without it the call needs a token for everything. actor: for
    whom the application asks about a record; not at all for who may not open it."""
    check_state(wanted, DELIVERY_STATES)
    record_type, _, key = (record or "").partition("/")
    if record is not None and not (record_type and key):
        raise BadShape("name the record as type/key", [FieldError("#/record", "type/key")])
    if actor and not record:
        raise BadValue.of("record", "an actor sees the deliveries of one record: name it")
    if not (caller.may("read", record_type) if record else caller.may("admin")):
        raise Forbidden("to see all deliveries, the token needs the scope admin; or name a record")

    def work(session: Session) -> Page[DeliveryView]:
        thread = services.thread(session, record_type, key) if record else None
        if thread is not None:
            open_thread(session, reader_of(session, services.types, caller=caller, actor=actor), thread)
        listed = partial(
            delivery_views, session, state=wanted, thread_id=thread.id if thread else None, types=caller.record_types or None,
        )  # fmt: skip
        return Page(*both_ways(listed, wish))

    return services.read(work)


@get("/deliveries/{delivery_id:int}", guards=[needs("admin")], sync_to_thread=True, tags=["deliveries"])
def get_delivery(delivery_id: int, services: Given, caller: Asking) -> DeliveryView:
    """One delivery."""
    return services.read(lambda session: _one(session, caller, delivery_id))


@post(
    "/deliveries/{delivery_id:int}/retry",
    guards=[needs("post")],
    status_code=200,
    sync_to_thread=True,
    tags=["deliveries"],
)
def retry(
    delivery_id: int,
    services: Given,
    caller: Asking,
    request: Request[Any, Any, Any],
    data: Body | None = None,
) -> Response[DeliveryView]:
    """Try a delivery again now that waits or was given up. Without the scope admin: for the actor, who wrote the
    message that it carries or is an admin."""
    actor = data.actor if data else None
    if not actor and not caller.may("admin"):
        detail = "without the scope admin, name the author for whom the application acts"
        raise Forbidden(detail, [FieldError("#/actor", detail)])

    def act(session: Session) -> bool:
        if actor and not caller.may("admin"):
            _check_author(session, services, caller, delivery_id, actor)
        return deliveries.retry(session, delivery_id, services.now())

    return once(request, services, caller, data, _change(caller, delivery_id, act))


def _check_author(session: Session, services: Services, caller: Caller, delivery_id: int, actor: str) -> None:
    """Raise NotFound unless the actor wrote what the delivery carries, or is an admin, and may open its record."""
    who, row = known(session, actor, "actor"), deliveries.one(session, delivery_id)
    own = row is not None and (row.author_id == who.id or who.role == "admin") and row.thread_id is not None
    reader = reader_of(session, services.types, caller=caller, actor=actor)
    if row is None or not own or not threads.readable(session, reader, [row.thread_id]):
        raise NotFound(f"there is no delivery {delivery_id}")


@post(
    "/deliveries/{delivery_id:int}/drop",
    guards=[needs("admin")],
    status_code=200,
    sync_to_thread=True,
    tags=["deliveries"],
)
def drop(
    delivery_id: int,
    services: Given,
    caller: Asking,
    request: Request[Any, Any, Any],
    data: Body | None = None,
) -> Response[DeliveryView]:
    """Give up a delivery that still waits."""
    by = (data.actor if data else None) or caller.name
    change = _change(
        caller,
        delivery_id,
        lambda session: deliveries.drop(session, delivery_id, f"dropped by {by}", services.now()),
    )
    return once(request, services, caller, data, change)


def _change(
    caller: Caller, delivery_id: int, act: Callable[[Session], bool]
) -> Callable[[Session], tuple[int, DeliveryView]]:
    def work(session: Session) -> tuple[int, DeliveryView]:
        before = _one(session, caller, delivery_id)
        if not act(session):
            raise Conflict(f"delivery {delivery_id} is {before.state}, or being sent right now")
        return 200, _one(session, caller, delivery_id)

    return work


def _one(session: Session, caller: Caller, delivery_id: int) -> DeliveryView:
    row = deliveries.one(session, delivery_id)
    if row is None or (caller.record_types and row.record_type not in caller.record_types):
        raise NotFound(f"there is no delivery {delivery_id}")
    return delivery_view(row)


handlers: list[Any] = [list_deliveries, get_delivery, retry, drop]
