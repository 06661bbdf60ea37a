"""/records/.../followers: who follows a record, with which subtypes."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
from litestar import Request, Response, delete, get, patch, post

from gateway.chatter import bulk, follow
from gateway.chatter.access import Caller
from gateway.chatter.actor import open_thread, reader_of
from gateway.chatter.partners import address_or_bad_value, find_or_add, known, refuse_ours
from gateway.chatter.record_views import FollowerView, follower_of, follower_view
from gateway.errors import BadValue, NotFound
from gateway.mail.html import clean, to_text
from gateway.web.auth import Asking, needs
from gateway.web.document import NewOrNot
from gateway.web.idempotency import once
from gateway.web.paging import Page, Wished, both_ways, by_number
from gateway.web.schema import FollowerBody, FollowersBatchBody, SubscriptionBody
from gateway.web.services import Given, Services
from store.models.views import PartnerView, ThreadView
from store.queries import follower as followers
from store.queries import partner as partners
from store.session import Session

_PATH = "/records/{record_type:str}/{key:str}/followers"
MOST_INVITATIONS = 5_000
_ONE = _PATH + "/{partner_id:int}"


@get(_PATH, guards=[needs("read")], sync_to_thread=True, tags=["followers"])
def list_followers(
    record_type: str, key: str, services: Given, caller: Asking, wish: Wished, actor: str | None = None
) -> Page[FollowerView]:
    """The followers, by partner id; ``next`` goes on with the higher ids. actor: not at all for an outsider."""

    def work(session: Session) -> Page[FollowerView]:
        thread = _opened(session, services, caller, services.thread(session, record_type, key), actor)
        listed = partial(followers.followers, session, thread.id)
        page, following = both_ways(listed, wish, by_number("partner_id", rising=True))
        total = followers.follower_count(session, thread.id)
        return Page([follower_view(row) for row in page], following, total)

    return services.read(work)


@post(
    _PATH, guards=[needs("follow")], status_code=201, sync_to_thread=True, tags=["followers"], operation_class=NewOrNot
)  # fmt: skip
def add_follower(
    record_type: str,
    key: str,
    data: FollowerBody,
    services: Given,
    caller: Asking,
    request: Request[Any, Any, Any],
) -> Response[FollowerView]:
    """Make somebody a follower (201 when new), and invite him by mail if that is wanted."""

    def work(session: Session) -> tuple[int, FollowerView]:
        now = services.now()
        thread = _opened(session, services, caller, services.thread(session, record_type, key), data.actor)
        address = address_or_bad_value(data.email, "email")
        refuse_ours(session, {"email": address}, services.domains)
        by = known(session, data.actor, "actor") if data.actor else None
        partner = find_or_add(session, {address: data.name or ""}, now)[address]
        is_new = follow.follow(
            session, thread, partner, types=services.types, wanted=data.subtypes, reason="added", now=now
        )
        if _invites(data):
            _invite(session, services, [(thread, partner)], data, by)
        return 201 if is_new else 200, _shown(session, thread, partner)

    return once(request, services, caller, data, work)


@patch(_ONE, guards=[needs("follow")], sync_to_thread=True, tags=["followers"])
def change_follower(
    record_type: str, key: str, partner_id: int, data: SubscriptionBody, services: Given, caller: Asking
) -> FollowerView:
    """Replace the subtypes of a follower."""

    def work(session: Session) -> FollowerView:
        thread = _opened(session, services, caller, services.thread(session, record_type, key), data.actor)
        follow.change(session, thread, partner_id, types=services.types, wanted=data.subtypes)
        found = follower_of(session, thread.id, partner_id)
        assert found is not None
        return found

    return services.write(work)


@delete(_ONE, guards=[needs("follow")], sync_to_thread=True, tags=["followers"])
def remove_follower(
    record_type: str, key: str, partner_id: int, services: Given, caller: Asking, actor: str | None = None
) -> None:
    """End a subscription; an outsider who leaves is noted in the log. A colleague may always leave himself."""

    def work(session: Session) -> None:
        thread = services.thread(session, record_type, key)
        partner = partners.by_id(session, partner_id)
        by = known(session, actor, "actor") if actor else None
        if by is None or not by.internal or by.id != partner_id:
            _opened(session, services, caller, thread, actor)
        if partner is None or not follow.leave(
            session, thread, partner, posting=services.posting, now=services.now()
        ):
            raise NotFound(f"partner {partner_id} does not follow this record")

    services.write(work)


class BatchView(msgspec.Struct, frozen=True):
    """What a batch did. changed: subscriptions that are new, or that ended."""

    records: int
    partners: int
    changed: int


@post("/followers/batch", guards=[needs("follow")], status_code=200, sync_to_thread=True, tags=["followers"])
def follow_many(
    data: FollowersBatchBody, services: Given, caller: Asking, request: Request[Any, Any, Any]
) -> Response[BatchView]:
    """Make partners followers of many records at once, or end that; all of it or nothing.

    notify: who is new is invited, each as he wants to be told.
    """
    for index, name in enumerate(data.records):
        if not caller.may("follow", name.type):
            raise BadValue.of(f"records/{index}", f"there is no {name.type} {name.key}")

    def work(session: Session) -> tuple[int, BatchView]:
        now = services.now()
        reader = reader_of(session, services.types, caller=caller, actor=data.actor)
        names = [(name.type, name.key) for name in data.records]
        many = bulk.find(
            session, names, data.partners, reader=reader, add=data.follow, now=now, domains=services.domains
        )
        if data.follow:
            invited = bulk.strangers(session, many) if _invites(data) else []
            if len(invited) > MOST_INVITATIONS:
                raise BadValue.of("notify", f"one call invites {MOST_INVITATIONS} times at most")
            changed = bulk.follow_all(session, many, types=services.types, wanted=data.subtypes, now=now)
            if invited:
                by = known(session, data.actor, "actor") if data.actor else None
                _invite(session, services, invited, data, by)
        else:
            changed = bulk.leave_all(session, many, posting=services.posting, now=now)
        return 200, BatchView(len(many.threads), len(many.partners), changed)

    return once(request, services, caller, data, work)


def _invites(data: FollowerBody | FollowersBatchBody) -> bool:
    """A text for the invitation is a wish to send it, unless the opposite is said."""
    return bool(data.notify) or (data.notify is None and bool(data.invitation_html))


def _invite(
    session: Session, services: Services, pairs: list[tuple[ThreadView, PartnerView]],
    data: FollowerBody | FollowersBatchBody, by: PartnerView | None,
) -> None:  # fmt: skip
    html = clean(data.invitation_html or "")
    follow.invite(
        session, pairs, posting=services.posting, html=html, text=to_text(html), by=by, now=services.now()
    )


def _opened(
    session: Session, services: Services, caller: Caller, thread: ThreadView, actor: str | None
) -> ThreadView:
    """The thread, for one who may work on it. Raises NotFound: an outsider neither sees nor sets followers."""
    return open_thread(session, reader_of(session, services.types, caller=caller, actor=actor), thread)


def _shown(session: Session, thread: ThreadView, partner: PartnerView) -> FollowerView:
    found = follower_of(session, thread.id, partner.id)
    assert found is not None
    return found


handlers: list[Any] = [list_followers, add_follower, change_follower, remove_follower, follow_many]
