"""/dev/outbox: the mail that would have left, because no relay is configured. For trying things out."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get

from gateway.errors import NotFound
from gateway.outbound.channels.maildir import Written
from gateway.outbound.channels.maildir import outbox as written
from gateway.web.pages.render import page
from gateway.web.services import Given, Services

_SHOWN = 100
_FRAME_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)


@get("/dev/outbox", include_in_schema=False, sync_to_thread=True)
def show_outbox(request: Request[Any, Any, Any], services: Given) -> Response[str]:
    """The latest mails, newest first."""
    return page(request, services, "outbox.html", mails=_mails(services))


@get("/dev/outbox/{name:str}", include_in_schema=False, sync_to_thread=True)
def show_mail(name: str, request: Request[Any, Any, Any], services: Given) -> Response[str]:
    """One mail: header, text, and its HTML in a frame where nothing runs or loads."""
    return page(request, services, "mail.html", mail=_mail(services, name))


@get("/dev/outbox/{name:str}/html", include_in_schema=False, sync_to_thread=True)
def show_html(name: str, services: Given) -> Response[str]:
    """The HTML part by itself, for the frame."""
    headers = {"Content-Security-Policy": _FRAME_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return Response(_mail(services, name).html, media_type=MediaType.HTML, headers=headers)


def _mails(services: Services) -> list[Written]:
    assert services.outbox_dir is not None
    return written(services.outbox_dir, limit=_SHOWN)


def _mail(services: Services, name: str) -> Written:
    found = next((mail for mail in _mails(services) if mail.name == name), None)
    if found is None:
        raise NotFound("there is no such mail in the outbox")
    return found


handlers: list[Any] = [show_outbox, show_mail, show_html]
