"""/ledger: what was held and why, for admins; release or discard it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from litestar import Request, Response, get, post

from gateway.chatter.entries import ENTRY_STATES, ledger_entries, ledger_entry
from gateway.errors import BadValue, Forbidden
from gateway.web.api.ledger import settled
from gateway.web.auth import Colleague, LoggedIn, check_form
from gateway.web.pages.render import Form, back_to, page
from gateway.web.paging import StateFilter, Wished, both_ways, check_state
from gateway.web.services import Given
from store.queries import ledger
from store.session import Session


@get("/ledger", include_in_schema=False, sync_to_thread=True)
def show_ledger(
    request: Request[Any, Any, Any],
    services: Given,
    colleague: LoggedIn,
    wish: Wished,
    wanted: StateFilter = "held",
) -> Response[str]:
    """Entries of one state, newest first; all of them for ``state=all``."""
    _check_admin(colleague)
    if wanted != "all":
        check_state(wanted, ENTRY_STATES)
    state = None if wanted == "all" else wanted

    def work(session: Session) -> Any:
        return *both_ways(partial(ledger_entries, session, state=state), wish), ledger.counts(session)

    entries, following, counts = services.read(work)
    return page(
        request, services, "ledger.html", entries=entries, following=following, counts=counts, wanted=wanted,
        states=("held", "failed", "refused", "posted", "absorbed", "received"),
    )  # fmt: skip


@get("/ledger/{mail_id:int}", include_in_schema=False, sync_to_thread=True)
def show_entry(
    mail_id: int, request: Request[Any, Any, Any], services: Given, colleague: LoggedIn
) -> Response[str]:
    """One entry with its trace."""
    _check_admin(colleague)
    entry = services.read(lambda session: ledger_entry(session, mail_id))
    return page(request, services, "entry.html", entry=entry)


@post("/ledger/{mail_id:int}/{action:str}", include_in_schema=False)
async def settle(
    mail_id: int,
    action: str,
    request: Request[Any, Any, Any],
    data: Form,
    services: Given,
    colleague: LoggedIn,
) -> Response[Any]:
    """Release, replay or discard an entry, and show what became of it.

    A release has two fields more. follow: ``yes`` makes the author a follower, else as the rule says. as: the
    known partner who wrote it ("this is Carol"), "" = whom From names.
    """
    check_form(request, colleague, data.get("csrf", ""), services.base_url)
    _check_admin(colleague)
    chosen, follow = data.get("as", "").strip() or None, True if data.get("follow") == "yes" else None
    desk: dict[str, Callable[..., None]] = {
        "release": partial(services.desk.release, as_email=chosen, follow=follow),
        "replay": services.desk.replay,
        "discard": services.desk.discard,
    }
    if action not in desk:
        raise BadValue.of("action", f"{action!r} is none of {', '.join(desk)}")
    by = colleague.partner.email
    await asyncio.to_thread(
        services.write, lambda session: desk[action](session, mail_id, services.now(), by=by)
    )
    await settled(services, mail_id)
    return back_to(f"/ledger/{mail_id}")


def _check_admin(colleague: Colleague) -> None:
    if not colleague.is_admin:
        raise Forbidden("this page is for admins")


handlers: list[Any] = [show_ledger, show_entry, settle]
