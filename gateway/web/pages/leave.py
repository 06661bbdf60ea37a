"""/leave/{token}: stop following one record, without a login (RFC 8058).

GET shows a page and changes nothing, because mail scanners follow links. POST answers 200 without
redirect and without cookie, the second time as the first.
"""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import HttpMethod, Request, Response, get, route

from gateway.chatter.follow import leave
from gateway.errors import BadShape, NotFound
from gateway.rules import token as tokens
from gateway.rules.token import Kind
from gateway.web.pages.render import page
from gateway.web.services import Given, Services
from store.models.views import PartnerView, ThreadView
from store.queries import follower as followers
from store.queries import lives
from store.queries import partner as partners
from store.session import Session

_WORDS = (b"List-Unsubscribe=One-Click", b"leave=yes")


@get("/leave/{token:str}", include_in_schema=False, sync_to_thread=True)
def show_leave(token: str, request: Request[Any, Any, Any], services: Given) -> Response[str]:
    """Ask whether he really wants to leave."""
    thread, partner = services.read(lambda session: _meant(session, services, token))
    follows = services.read(lambda session: followers.is_follower(session, thread.id, partner.id))
    return page(request, services, "leave.html", thread=thread, token=token, follows=follows, done=False)


@route("/leave/{token:str}", http_method=[HttpMethod.POST], include_in_schema=False, status_code=200)
async def do_leave(token: str, request: Request[Any, Any, Any], services: Given) -> Response[str]:
    """End the subscription: the mail program's one click, or our own button."""
    body = await request.body()
    if (
        not any(words in body for words in _WORDS) and b"One-Click" not in body
    ):  # multipart/form-data splits the pair
        raise BadShape("say List-Unsubscribe=One-Click")
    return await asyncio.to_thread(_leave, request, services, token)


def _leave(request: Request[Any, Any, Any], services: Services, token: str) -> Response[str]:
    def work(session: Session) -> ThreadView:
        thread, partner = _meant(session, services, token)
        leave(session, thread, partner, posting=services.posting, now=services.now())
        return thread

    return page(
        request, services, "leave.html", thread=services.write(work), token=token, follows=False, done=True
    )


def _meant(session: Session, services: Services, text: str) -> tuple[ThreadView, PartnerView]:
    """The thread and the partner of a leave token. Raises NotFound, the same for every bad one."""
    token = tokens.read(text, services.keys)
    if token is not None and token.kind is Kind.LEAVE:
        thread, partner = lives.living(session, token.subject_id), partners.by_id(session, token.partner_id)
        if thread is not None and partner is not None:
            return thread, partner
    raise NotFound("this link leads nowhere (any more)")


handlers: list[Any] = [show_leave, do_leave]
