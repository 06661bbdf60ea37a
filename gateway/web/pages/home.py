"""/ : where somebody lands who knows no better address."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get

from gateway.chatter.actor import reader_of
from gateway.web.auth import Colleague
from gateway.web.pages.render import back_to, page
from gateway.web.services import Given
from store.models.views import ThreadView
from store.queries import thread as threads

_RECENT = 20


@get("/", include_in_schema=False, sync_to_thread=True)
def home(request: Request[Any, Any, Any], services: Given) -> Response[Any]:
    """The ledger for admins, the latest records for colleagues, a word of welcome for all others."""
    colleague: Colleague | None = request.scope.get("user")
    if colleague is not None and colleague.is_admin:
        return back_to("/ledger")
    recent: list[ThreadView] = []
    if colleague is not None:
        partner = colleague.partner
        recent = services.read(
            lambda session: threads.search(
                session, record_type=None, query="", before=None, limit=_RECENT,
                reader=reader_of(session, services.types, partner=partner),
            ).rows
        )  # fmt: skip
    return page(request, services, "home.html", recent=recent)


handlers: list[Any] = [home]
