"""/confirm/{secret}: "was that you?" for held mail that claims to be a colleague's. GET shows, POST acts."""

from __future__ import annotations

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
from store.queries import inbound as ledger
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
        return _mails(session, row.payload)

    return page(request, services, "confirm.html", mails=services.read(work), secret=secret, done="")


@post("/confirm/{secret:str}", include_in_schema=False, status_code=200, sync_to_thread=True)
def answer_confirm(
    secret: str, request: Request[Any, Any, Any], data: Form, services: Given
) -> Response[str]:
    """Post the mails ("yes"), or end them ("no")."""
    check_form(request, None, "", services.base_url)
    said = "no" if data.get("answer") == "no" else "yes"

    def work(session: Session) -> list[EntryView]:
        used = access.use_link_secret(session, PURPOSE, secret, services.now())
        partner = partners.by_id(session, used[0]) if used and used[0] is not None else None
        if used is None or partner is None:
            raise NotFound("this question was answered already, or it is too old")
        mails = _mails(session, used[1])
        for mail in mails:
            _settle(session, services, mail.id, partner, said)
        return mails

    return page(request, services, "confirm.html", mails=services.write(work), secret=secret, done=said)


def _mails(session: Session, payload: dict[str, Any]) -> list[EntryView]:
    """Those of the mails in question that are held still."""
    rows = [ledger.entry(session, mail_id) for mail_id in payload.get("mails", [])]
    return [
        entry
        for entry in entry_views(session, [row for row in rows if row is not None])
        if entry.state == "held"
    ]


def _settle(session: Session, services: Services, mail_id: int, partner: PartnerView, said: str) -> None:
    """Release or discard one mail; one that somebody settled meanwhile stays as it is."""
    try:
        if said == "yes":
            services.desk.release(session, mail_id, services.now(), partner.email, by=partner.email)
        else:
            services.desk.discard(session, mail_id, services.now(), by=partner.email)
    except Conflict:
        return


handlers: list[Any] = [show_confirm, answer_confirm]
