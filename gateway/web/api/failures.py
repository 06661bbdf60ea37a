"""/failures: the mail of an author that did not arrive; tried again or let be, by record type or one by one."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
from litestar import Request, Response, get, post

from gateway.chatter.actor import Reader, reader_of
from gateway.chatter.entries import DeliveryView, delivery_view
from gateway.chatter.partners import known
from gateway.errors import Forbidden
from gateway.web.auth import Asking, needs
from gateway.web.idempotency import once
from gateway.web.paging import Wished, both_ways
from gateway.web.schema import Body, Id
from gateway.web.services import Given, Services
from store.models.views import PartnerView
from store.queries import failures as store
from store.session import Session


class FailuresBody(Body):
    """POST /failures/retry and /failures/cancel. record_type, deliveries: only these; without both, all."""

    author: str
    record_type: str | None = None
    deliveries: list[Id] | None = None


class Failures(msgspec.Struct, frozen=True):
    """A page of failed mail, newest first. by_record_type: how much there is in all. next: as of ``Page``.

    No ``Page`` itself: the OpenAPI document would not say what its items are.
    """

    items: list[DeliveryView]
    next: int | str | None
    by_record_type: dict[str, int]


class Changed(msgspec.Struct, frozen=True):
    """How many deliveries changed."""

    changed: int


@get("/failures", guards=[needs("read")], sync_to_thread=True, tags=["deliveries"])
def list_failures(
    services: Given, caller: Asking, wish: Wished, author: str, record_type: str | None = None,
    actor: str | None = None,
) -> Failures:  # fmt: skip
    """What did not arrive of an author's messages, on records that he may open. actor: who asks, he or an admin."""

    def work(session: Session) -> Failures:
        who, reader = _author(session, services, caller, author, actor)
        listed = partial(store.page, session, reader, who.id, record_type=record_type)
        page, following = both_ways(listed, wish)
        return Failures(
            [delivery_view(row) for row in page],
            following,
            by_record_type=store.counts(session, reader, who.id),
        )

    return services.read(work)


@post("/failures/retry", guards=[needs("post")], status_code=200, sync_to_thread=True, tags=["deliveries"])
def retry_failures(
    data: FailuresBody, services: Given, caller: Asking, request: Request[Any, Any, Any]
) -> Response[Changed]:
    """Try an author's failed mail again."""

    def work(session: Session) -> tuple[int, Changed]:
        who, reader = _author(session, services, caller, data.author, data.actor)
        return 200, Changed(
            store.retry(
                session, reader, who.id, record_type=data.record_type, ids=data.deliveries, now=services.now()
            )
        )

    return once(request, services, caller, data, work)


@post("/failures/cancel", guards=[needs("post")], status_code=200, sync_to_thread=True, tags=["deliveries"])
def cancel_failures(
    data: FailuresBody, services: Given, caller: Asking, request: Request[Any, Any, Any]
) -> Response[Changed]:
    """Let an author's failed mail be; it is listed no more."""

    def work(session: Session) -> tuple[int, Changed]:
        who, reader = _author(session, services, caller, data.author, data.actor)
        by = data.actor or who.email
        return 200, Changed(
            store.cancel(session, reader, who.id, record_type=data.record_type, ids=data.deliveries, by=by)
        )

    return once(request, services, caller, data, work)


def _author(
    session: Session, services: Services, caller: Asking, email: str, actor: str | None
) -> tuple[PartnerView, Reader]:
    """The author, and what he may read through this token. Raises Forbidden for another actor who is no admin."""
    who = known(session, email, "author")
    if actor:
        by = known(session, actor, "actor")
        if by.id != who.id and not (by.active and by.role == "admin"):
            raise Forbidden(f"the failures of {who.email} are not for {by.email}")
    return who, reader_of(session, services.types, caller=caller, actor=email)


handlers: list[Any] = [list_failures, retry_failures, cancel_failures]
