"""/records/.../followers: who follows a record, with which subtypes."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, delete, get, patch, post

from gateway.chatter import follow
from gateway.chatter.page import FollowerView, follower_of, follower_view
from gateway.chatter.partners import address_or_bad_value, find_or_add, known
from gateway.errors import NotFound
from gateway.mail.html import clean, to_text
from gateway.web.auth import Asking, needs
from gateway.web.idempotency import once
from gateway.web.paging import Page, Wished, cut
from gateway.web.schema import FollowerBody, SubscriptionBody
from gateway.web.services import Given
from store.models.views import PartnerView, ThreadView
from store.queries import partner as partners
from store.queries import thread as threads
from store.session import Session

_PATH = "/records/{record_type:str}/{key:str}/followers"
_ONE = _PATH + "/{partner_id:int}"


@get(_PATH, guards=[needs("read")], sync_to_thread=True, tags=["followers"])
def list_followers(record_type: str, key: str, services: Given, wish: Wished) -> Page[FollowerView]:
    """The followers, by partner id; ``next`` goes on with the higher ids."""
    last = wish.forwards().number("before") or 0

    def work(session: Session) -> Page[FollowerView]:
        thread = services.thread(session, record_type, key)
        rows = threads.followers(session, thread.id, after=last, limit=wish.limit + 1)
        page, following = cut(rows, wish.limit, lambda row: int(row.partner_id))
        total = threads.follower_count(session, thread.id)
        return Page([follower_view(row) for row in page], following, total)

    return services.read(work)


@post(_PATH, guards=[needs("follow")], status_code=201, sync_to_thread=True, tags=["followers"])
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
        thread = services.thread(session, record_type, key)
        address = address_or_bad_value(data.email, "email")
        by = known(session, data.actor, "actor") if data.actor else None
        partner = find_or_add(session, {address: data.name or ""}, now)[address]
        is_new = follow.follow(
            session, thread, partner, types=services.types, wanted=data.subtypes, reason="added", now=now
        )
        if data.notify or (data.notify is None and data.invitation_html):
            html = clean(data.invitation_html or "")
            follow.invite(
                session,
                thread,
                partner,
                posting=services.posting,
                html=html,
                text=to_text(html),
                by=by,
                now=now,
            )
        return 201 if is_new else 200, _shown(session, thread, partner)

    return once(request, services, caller, data, work)


@patch(_ONE, guards=[needs("follow")], sync_to_thread=True, tags=["followers"])
def change_follower(
    record_type: str, key: str, partner_id: int, data: SubscriptionBody, services: Given
) -> FollowerView:
    """Replace the subtypes of a follower."""

    def work(session: Session) -> FollowerView:
        thread = services.thread(session, record_type, key)
        follow.change(session, thread, partner_id, types=services.types, wanted=data.subtypes)
        found = follower_of(session, thread.id, partner_id)
        assert found is not None
        return found

    return services.write(work)


@delete(_ONE, guards=[needs("follow")], sync_to_thread=True, tags=["followers"])
def remove_follower(
    record_type: str, key: str, partner_id: int, services: Given, actor: str | None = None
) -> None:
    """End a subscription; an outsider who leaves is noted in the log."""

    def work(session: Session) -> None:
        thread = services.thread(session, record_type, key)
        partner = partners.by_id(session, partner_id)
        if partner is None or not follow.leave(
            session, thread, partner, posting=services.posting, now=services.now()
        ):
            raise NotFound(f"partner {partner_id} does not follow this record")

    services.write(work)


def _shown(session: Session, thread: ThreadView, partner: PartnerView) -> FollowerView:
    found = follower_of(session, thread.id, partner.id)
    assert found is not None
    return found


handlers: list[Any] = [list_followers, add_follower, change_follower, remove_follower]
