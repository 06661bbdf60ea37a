"""/login: by a single-use link that the command ``login-link`` prints. GET shows a button, POST logs in."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie

from gateway.chatter import access
from gateway.errors import Forbidden
from gateway.web.auth import COOKIE, LoggedIn, check_form
from gateway.web.pages.render import Form, back_to, page
from gateway.web.services import Given, Services
from store.models.views import PartnerView
from store.queries import access as store
from store.queries import partner as partners
from store.session import Session

PURPOSE = "login"


@get("/login", include_in_schema=False, sync_to_thread=True)
def show_login(request: Request[Any, Any, Any], services: Given, token: str = "") -> Response[str]:
    """One button; a mail scanner that follows the link spends nothing."""
    return page(request, services, "login.html", token=token)


@post("/login", include_in_schema=False, sync_to_thread=True)
def log_in(request: Request[Any, Any, Any], data: Form, services: Given) -> Response[Any]:
    """Spend the link and open a session. Every link that does not work gets the same answer."""
    check_form(request, None, "", services.base_url)

    def work(session: Session) -> str | None:
        used = access.use_link_secret(session, PURPOSE, data.get("token", ""), services.now())
        partner = partners.by_id(session, used[0]) if used and used[0] is not None else None
        if not _may_log_in(partner):
            return None
        assert partner is not None
        return access.open_session(session, partner.id, services.now())

    cookie = services.write(work)
    if cookie is None:
        raise Forbidden("this link was used already, or it is too old; ask for a new one")
    answer = back_to("/")
    answer.set_cookie(_cookie(services, cookie))
    return answer


@post("/logout", include_in_schema=False, sync_to_thread=True)
def log_out(
    request: Request[Any, Any, Any], data: Form, services: Given, colleague: LoggedIn
) -> Response[Any]:
    """End the session, here and in the store."""
    check_form(request, colleague, data.get("csrf", ""), services.base_url)
    services.write(lambda s: store.end_session(s, access.digest(request.cookies.get(COOKIE, ""))))
    answer = back_to("/login")
    answer.delete_cookie(COOKIE)
    return answer


def _may_log_in(partner: PartnerView | None) -> bool:
    return partner is not None and partner.internal and partner.active


def _cookie(services: Services, value: str) -> Cookie:
    lives = int(access.SESSION_LIVES.total_seconds())
    is_https = services.base_url.startswith("https:")
    return Cookie(
        key=COOKIE, value=value, path="/", httponly=True, samesite="lax", secure=is_https, max_age=lives
    )


handlers: list[Any] = [show_login, log_in, log_out]
