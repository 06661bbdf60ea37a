"""/confirm/{secret}: "was that you?" for held mail that claims to be a colleague's. GET shows, POST acts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, get, post

from gateway.chatter import access
from gateway.chatter.entries import EntryView, entry_views
from gateway.errors import Conflict, NotFound
from gateway.web.auth import check_form
from gateway.web.pages.render import Form, page
from gateway.web.services import Given, Services
from store.models.views import PartnerView
from store.queries import access as store
from store.queries import ledger
from store.queries import partner as partners
from store.session import Session

PURPOSE = "confirm"


@get("/confirm/{secret:str}", include_in_schema=False, sync_to_thread=True)
def show_confirm(secret: str, request: Request[Any, Any, Any], services: Given) -> Response[str]:
    """The mails in question: when and with which subject, never their text."""

    def work(session: Session) -> list[EntryView]:
        row = store.peek_secret(session, access.digest(secret), PURPOSE, services.now())
        if row is None:
            raise NotFound("this question was answered already, or it is too old")
        return _mails(session, row.payload.get("mails", []))

    return page(request, services, "confirm.html", mails=services.read(work), secret=secret, done="")


@post("/confirm/{secret:str}", include_in_schema=False, status_code=200, sync_to_thread=True)
def answer_confirm(
    secret: str, request: Request[Any, Any, Any], data: Form, services: Given
) -> Response[str]:
    """Post the mails that he was shown ("yes"), or end them ("no"); what came since is asked anew.

    mails: the ids that the form showed; without it the first, of which the question itself spoke.
    """
    check_form(request, None, "", services.base_url)
    said = "no" if data.get("answer") == "no" else "yes"

    def work(session: Session) -> list[EntryView]:
        used = access.use_link_secret(session, PURPOSE, secret, services.now())
        partner = partners.by_id(session, used[0]) if used and used[0] is not None else None
        if used is None or partner is None:
            raise NotFound("this question was answered already, or it is too old")
        asked = list(used[1].get("mails", []))
        shown = _shown(data.get("mails"), asked)
        for mail in _mails(session, asked):
            if mail.id in shown:
                _settle(session, services, mail.id, partner, said)
        unseen = _mails(session, [mail_id for mail_id in asked if mail_id not in shown])
        if unseen:
            left = {**used[1], "mails": [mail.id for mail in unseen]}
            store.open_again(session, access.digest(secret), left)
        return unseen

    return page(request, services, "confirm.html", mails=services.write(work), secret=secret, done=said)


def _shown(given: str | None, asked: Sequence[int]) -> set[int]:
    """Those of the mails in question that the form showed. given: their ids, None = the form says nothing."""
    if given is None:
        return set(asked[:1])
    said = set(given.split(","))
    return {mail_id for mail_id in asked if str(mail_id) in said}


def _mails(session: Session, mail_ids: Sequence[int]) -> list[EntryView]:
    """Those of the mails that are held still."""
    rows = [ledger.entry(session, mail_id) for mail_id in mail_ids]
    return [
        entry
        for entry in entry_views(session, [row for row in rows if row is not None])
        if entry.state == "held"
    ]


def _settle(session: Session, services: Services, mail_id: int, partner: PartnerView, said: str) -> None:
    """Release or discard one mail; one that somebody settled meanwhile stays as it is."""
    desk, now, email = services.desk, services.now(), partner.email
    try:
        if said == "yes":
            desk.release(session, mail_id, now, email, by=email, confirmed=True)
        else:
            desk.discard(session, mail_id, now, by=email)
    except Conflict:
        return


handlers: list[Any] = [show_confirm, answer_confirm]
