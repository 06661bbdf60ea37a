"""Who asks: an application by its bearer token, or a logged-in colleague by his cookie.

A token has scopes (read, post, follow, ingest; admin is all of them) and may be limited to record types.
It is taken from the Authorization header only, never from the address (RFC 6750 section 5.3).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
from litestar.connection import ASGIConnection, Request
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.params import SkipValidation
from litestar.types import Receive, Scope, Send

from gateway.chatter import access
from gateway.chatter.access import Caller
from gateway.errors import FieldError, Forbidden, NotFound, StoreBusy
from gateway.web.errors import NotLoggedIn, TooManyGuesses, Unauthorised
from gateway.web.reading import check_names
from gateway.web.services import Services
from store.models.views import PartnerView
from store.queries import partner as partners
from store.session import Session

log = structlog.get_logger()

COOKIE = "threadpost_session"
SLASH = "\ue02f"  # stands for a slash inside a segment of the path while routes are matched
Asking = NamedDependency[SkipValidation[Caller]]
"""How an API handler asks who calls: a parameter named ``caller``."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """A logged-in partner. csrf: what his forms must carry."""

    partner: PartnerView
    csrf: str

    @property
    def is_admin(self) -> bool:
        """He may see the ledger."""
        return self.partner.role == "admin"


LoggedIn = NamedDependency[SkipValidation[Colleague]]
"""How a page asks who looks at it: a parameter named ``colleague``."""


class Authentication(AbstractAuthenticationMiddleware):
    """Finds out who asks; ``auth`` is the Caller, ``user`` the Colleague, None where there is none."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the request on; afterwards, once an hour, note that its token was used."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            caller: Caller | None = scope.get("auth")
            services: Services = scope["litestar_app"].state["services"]
            if caller is not None and caller.is_use_to_note(services.now()):
                await asyncio.to_thread(_note_use, services, caller)

    async def authenticate_request(
        self, connection: ASGIConnection[Any, Any, Any, Any]
    ) -> AuthenticationResult:
        """Look the token or the cookie up in the store; and give keys of records their slashes back."""
        names = connection.scope.get("path_params", {})
        if any(isinstance(value, str) and SLASH in value for value in names.values()):
            given = {name: v.replace(SLASH, "/") if isinstance(v, str) else v for name, v in names.items()}
            connection.scope["path_params"] = given
        check_names(connection)
        services: Services = connection.app.state["services"]
        secret = _bearer(connection.headers.get("authorization", ""))
        cookie = connection.cookies.get(COOKIE, "")
        caller = (
            await asyncio.to_thread(services.read, lambda s: access.caller_of(s, secret)) if secret else None
        )
        if secret and caller is None:
            _count_guess(services, connection)
        colleague = await asyncio.to_thread(_colleague, services, cookie) if cookie else None
        return AuthenticationResult(user=colleague, auth=caller)


def _count_guess(services: Services, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    address = connection.client.host if connection.client else ""
    wait = services.guesses.wait(address, services.now())
    if wait:
        raise TooManyGuesses(
            "too many unknown tokens came from this address; try again later", retry_after=wait
        )


def _note_use(services: Services, caller: Caller) -> None:
    try:
        services.write(lambda session: access.note_use(session, caller, services.now()))
    except StoreBusy as trouble:
        log.warning("use of a token not noted", token=caller.token_id, trouble=str(trouble))


def _bearer(header: str) -> str:
    scheme, _, secret = header.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _colleague(services: Services, cookie: str) -> Colleague | None:
    def find(session: Session) -> PartnerView | None:
        partner_id = access.partner_of_session(session, cookie, services.now())
        return partners.by_id(session, partner_id) if partner_id is not None else None

    partner = services.read(find)
    return (
        Colleague(partner, csrf_of(cookie))
        if partner is not None and partner.active and partner.internal
        else None
    )


def csrf_of(cookie: str) -> str:
    """What the forms of a session carry; who cannot read the cookie cannot know it."""
    return hashlib.sha256(b"threadpost csrf\0" + cookie.encode()).hexdigest()


def needs(scope: str, *, everywhere: bool = False) -> Any:
    """A guard: the call needs a token with this scope, that covers the record type of the path.

    everywhere: what the call changes concerns every record type, so a token that is limited to some may not.
    """

    def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        caller: Caller | None = connection.scope.get("auth")
        if caller is None:
            raise Unauthorised("this call needs a bearer token")
        record_type = connection.path_params.get("record_type")
        if not caller.may(scope, record_type):
            raise Forbidden(
                f"the token lacks the scope {scope}" + (f" for {record_type}" if record_type else "")
            )
        if everywhere and not caller.may_everywhere(scope):
            raise Forbidden("this concerns every record type, and the token is limited to some")

    return guard


async def provide_caller(request: Request[Any, Any, Any]) -> Caller:
    """The calling application. Raises Unauthorised."""
    caller: Caller | None = request.scope.get("auth")
    if caller is None:
        raise Unauthorised("this call needs a bearer token")
    return caller


async def provide_colleague(request: Request[Any, Any, Any]) -> Colleague:
    """Who is logged in. Raises NotLoggedIn."""
    colleague: Colleague | None = request.scope.get("user")
    if colleague is None:
        raise NotLoggedIn("log in first")
    return colleague


def hide_unless(caller: Caller, scope: str, record_type: str, what: str) -> None:
    """Raise NotFound for a thing of a record type that the token does not cover."""
    if not caller.may(scope, record_type):
        raise NotFound(what)


def refuse_unless(caller: Caller, scope: str, record_type: str, pointer: str = "") -> None:
    """Raise Forbidden for a record type that the token does not cover. pointer: where it was named, without ``#/``."""
    if not caller.may(scope, record_type):
        detail = f"the token lacks the scope {scope} for {record_type}"
        raise Forbidden(detail, [FieldError(f"#/{pointer}", detail)] if pointer else ())


def check_form(
    request: Request[Any, Any, Any], colleague: Colleague | None, csrf: str, base_url: str
) -> None:
    """Refuse a form that another site made the browser send. Raises Forbidden."""
    origin = request.headers.get("origin", "")
    if origin and origin != "null" and urlsplit(origin).netloc not in (
        urlsplit(base_url).netloc, request.headers.get("host", "")
    ):  # fmt: skip
        raise Forbidden("this form came from another site")
    if colleague is not None and not hmac.compare_digest(csrf.encode(), colleague.csrf.encode()):
        raise Forbidden("this form is out of date; go back, load the page again and repeat")
