"""Every error becomes a problem document (RFC 9457), on a page a page; both name what was wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, ValidationException

from gateway.chatter.names import RecordName
from gateway.errors import FieldError, GatewayError, RequestError, Temporary, TooLarge, UnknownRecipient
from store.session import StoreUnavailable

log = structlog.get_logger()

_NAMED = re.compile(r"(?:field|required field|unknown field) `([^`]{1,100})`")
_PLACE = re.compile(r" - at `\$\.?([^`]{0,200})`")
_ABSENT = re.compile(r"Missing required \w+ parameter '([^']{1,100})'")
_OUT_OF_RANGE = re.compile(r"Expected `int` [<>]=|Integer value out of range")  # it was read: a bad value
_NO_BODY = "Object missing required field `data`"  # as the framework calls the body
PROBLEM = "application/problem+json"


class Unauthorised(RequestError):
    """Nobody that we know asks."""

    http_status = 401


class TooManyGuesses(RequestError):
    """One client gave too many tokens that nobody has. retry_after: seconds."""

    http_status = 429


class NotLoggedIn(Unauthorised):
    """A page needs a logged-in colleague."""


class Pointed(msgspec.Struct, frozen=True):
    """One wrong place of a request. pointer: RFC 6901 in fragment form, such as ``#/author``."""

    pointer: str
    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a request, or with us. external: whom a note would have reached outside. merged_into: the record
    into which the one that was asked for was merged."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[Pointed] = msgspec.field(default_factory=list)
    external: list[str] | msgspec.UnsetType = msgspec.UNSET
    merged_into: RecordName | msgspec.UnsetType = msgspec.UNSET


def on_gateway_error(request: Request[Any, Any, Any], trouble: GatewayError) -> Response[Any]:
    """Answer what our own code raises."""
    if isinstance(trouble, RequestError):
        wait = trouble.extra.get("retry_after")
        headers = {"Retry-After": str(wait)} if wait else {}
        return answer(
            request, trouble.http_status, str(trouble), trouble.errors, trouble.extra, headers=headers
        )
    if isinstance(trouble, Temporary):
        return unavailable(request, trouble)
    if isinstance(trouble, TooLarge):
        return answer(request, 413, str(trouble))
    if isinstance(trouble, UnknownRecipient):
        return answer(request, 422, f"{trouble} is not an address of ours")
    return on_bug(request, trouble)


def on_store_trouble(request: Request[Any, Any, Any], trouble: StoreUnavailable) -> Response[Any]:
    """Answer when the database is away."""
    return unavailable(request, trouble)


def unavailable(request: Request[Any, Any, Any], trouble: Exception) -> Response[Any]:
    """Our fault; trying again helps. The log gets the kind of statement that went wrong, and none of its values."""
    store = trouble if isinstance(trouble, StoreUnavailable) else trouble.__cause__
    log.error(
        "request put off", method=request.method, path=request.scope.get("path_template", ""), trouble=str(trouble),
        statement=getattr(store, "statement", ""),
    )  # fmt: skip
    return answer(request, 503, "the store cannot answer now; try again", headers={"Retry-After": "5"})


def on_http_error(request: Request[Any, Any, Any], trouble: HTTPException) -> Response[Any]:
    """Answer what the framework raises: no such page, wrong method, unreadable body."""
    if isinstance(trouble, ValidationException):
        detail, errors = _places(trouble)
        return answer(request, 422 if _OUT_OF_RANGE.match(detail) else 400, detail, errors)
    place = "#/file" if "multipart" in trouble.detail else "#"
    unread = [FieldError(place, trouble.detail)] if trouble.status_code == 400 else []
    return answer(request, trouble.status_code, trouble.detail, unread, headers=trouble.headers or {})


def on_deep_body(request: Request[Any, Any, Any], _: RecursionError) -> Response[Any]:
    """Answer a body that is nested too deep to be read."""
    return answer(request, 400, "the body is nested too deep", [FieldError("#", "nested too deep")])


def on_bug(request: Request[Any, Any, Any], trouble: Exception) -> Response[Any]:
    """Answer our own bug: the log gets the traceback, the client does not."""
    log.error("request failed", method=request.method, path=request.url.path, exc_info=trouble)
    return answer(request, 500, "this is our fault; it was logged")


def answer(
    request: Request[Any, Any, Any], status: int, detail: str, errors: Sequence[FieldError] = (),
    extra: Mapping[str, Any] | None = None, *, headers: Mapping[str, str] | None = None,
) -> Response[Any]:  # fmt: skip
    """A problem document, or a page for a browser."""
    sent = dict(headers or {})
    title = HTTPStatus(status).phrase
    if status == 401:
        sent["WWW-Authenticate"] = 'Bearer realm="threadpost"'
    if is_for_people(request):
        sent.pop("WWW-Authenticate", None)
        html = _page(request, status, title, detail)
        return Response(html, status_code=status, media_type=MediaType.HTML, headers=sent)
    pointed = [Pointed(error.pointer, error.detail) for error in errors]
    told = {name: value for name, value in (extra or {}).items() if name in ("external", "merged_into")}
    problem = Problem(title=title, status=status, detail=detail, errors=pointed, **told)
    return Response(problem, status_code=status, media_type=PROBLEM, headers=sent)


def is_for_people(request: Request[Any, Any, Any]) -> bool:
    """The answer is shown by a browser and not read by a program."""
    path = request.scope["path"]
    return not path.startswith("/api") and "text/html" in request.headers.get("accept", "")


def _page(request: Request[Any, Any, Any], status: int, title: str, detail: str) -> str:
    templates = request.app.state["services"].templates
    language = spoken(request)
    context = {"status": status, "title": title, "detail": detail, "colleague": request.scope.get("user")}
    return str(templates.render("web/error.html", language, context))


def spoken(request: Request[Any, Any, Any]) -> str:
    """The first language of Accept-Language that we have."""
    templates = request.app.state["services"].templates
    for wish in request.headers.get("accept-language", "")[:200].split(","):
        tag = wish.partition(";")[0].strip()
        if tag and templates.language(tag) == tag.split("-")[0].lower():
            return str(templates.language(tag))
    return str(templates.language(""))


def _places(trouble: ValidationException) -> tuple[str, list[FieldError]]:
    """Which fields a body or a query had wrong; the cause names the exact place."""
    cause = trouble.__cause__
    if isinstance(cause, msgspec.ValidationError):
        detail, pointer = place_of(str(cause))
        if str(cause) == _NO_BODY:
            detail, pointer = "there is no body", "#"
        return detail, [FieldError(pointer, detail)]
    absent = _ABSENT.search(trouble.detail)
    if absent:
        return "missing", [FieldError(f"#/{absent[1]}", "missing")]
    found = []
    for line in trouble.extra if isinstance(trouble.extra, list) else []:
        key = str(line.get("key", "")).replace(".", "/")
        found.append(FieldError(f"#/{key}" if key else "#", str(line.get("message", ""))))
    return (found[0].detail if found else trouble.detail), found


def place_of(message: str) -> tuple[str, str]:
    """The words and the pointer of a complaint of msgspec.

    >>> place_of("Expected `str`, got `int` - at `$.data.mentions[0]`")
    ('Expected `str`, got `int`', '#/mentions/0')
    """
    place, named = _PLACE.search(message), _NAMED.search(message)
    path = place[1] if place else ""
    parts = [part for part in re.split(r"[.\[\]]+", path) if part]
    if parts and parts[0] == "data":
        parts = parts[1:]
    if named:
        parts.append(named[1])
    return message.partition(" - at `")[0], "#" + "".join(f"/{part}" for part in parts)
