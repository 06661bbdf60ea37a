"""Conditional requests: the ETag of an answer, 304 for a reader who has it, 412 for a writer who has another one.

RFC 9110 sections 8.8.3 and 13. A thing's ETag is made of what its GET answers, and a change asks the same GET inside
its own transaction: no handler needs to think of it, and of two conditional changes at once the second finds the first.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response
from litestar.datastructures import Headers
from litestar.types import Message, Send

from gateway.errors import NotFound, RequestError
from gateway.web.services import Services
from store.queries.listing import hold_name
from store.session import Session

T = TypeVar("T")
SHOWS = "shows"
"""Under this option a GET of one thing keeps its own function."""
_CHANGES = ("PUT", "PATCH", "DELETE")


class PreconditionFailed(RequestError):
    """The thing is not as the caller thought; nothing was changed."""

    http_status = 412


def etag(view: msgspec.Struct) -> str:
    """The strong ETag of an answer."""
    return f'"{hashlib.sha256(msgspec.json.encode(view, order="sorted")).hexdigest()[:32]}"'


async def tagged(answer: Response[Any]) -> Response[Any]:
    """The answer with its ETag; what shows a secret once is not what GET answers, and has none."""
    if (
        isinstance(answer.content, msgspec.Struct)
        and getattr(answer.content, "secret", msgspec.UNSET) is msgspec.UNSET
    ):
        answer.headers["ETag"] = etag(answer.content)
    return answer


def unless_known(scope: Any, send: Send) -> Send:
    """A ``send`` that answers 304, without a body, to who has this answer already."""
    known = Headers.from_scope(scope).get("if-none-match", "")
    quiet = False

    async def sent(message: Message) -> None:
        nonlocal quiet
        if message["type"] == "http.response.start" and message["status"] == 200:
            tag = dict(message["headers"]).get(b"etag", b"").decode("latin-1")
            if tag and _names(known, tag):
                quiet = True
                kept = [
                    one for one in message["headers"] if one[0] not in (b"content-length", b"content-type")
                ]
                message = {**message, "status": 304, "headers": kept}
        elif message["type"] == "http.response.body" and quiet:
            message = {**message, "body": b""}
        await send(message)

    return sent if known else send


def conditional(services: Services, request: Request[Any, Any, Any]) -> Services:
    """The services for a change that was asked for under a condition; the services as they are for any other call."""
    given = {name for name in ("if-match", "if-none-match") if name in request.headers}
    shows = _get_of(request) if given and request.method in _CHANGES else None
    if shows is None:
        return services
    return _Conditional(**_fields(services), request=request, shows=shows)


def _get_of(request: Request[Any, Any, Any]) -> Callable[..., Any] | None:
    """What GET of the same path asks, None where there is no GET."""
    template = request.scope["path_template"]
    same = [route for route in request.app.routes if getattr(route, "path_format", "") == template]
    handlers = [handler for route in same for handler in getattr(route, "route_handlers", ())]
    return next((handler.opt[SHOWS] for handler in handlers if SHOWS in handler.opt), None)


def _fields(services: Services) -> dict[str, Any]:
    return {one.name: getattr(services, one.name) for one in fields(Services)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Conditional(Services):
    """Services whose first look, before they write, is whether the condition of the request holds. shows: its GET."""

    request: Request[Any, Any, Any]
    shows: Callable[..., Any]

    def write(self, work: Callable[[Session], T]) -> T:
        """As Services.write. Raises PreconditionFailed too; then nothing was done."""

        def checked(session: Session) -> T:
            hold_name(session, str(self.request.scope["path"]))
            _check(self.request.headers, self._current(session))
            return work(session)

        return Services.write(self, checked)

    def _current(self, session: Session) -> str | None:
        """The ETag of the thing as it is in this transaction, None when there is no such thing."""
        offered = {
            **self.request.path_params, "services": Services(**_fields(self) | {"database": _Within(session)}),
            "caller": self.request.scope.get("auth"), "actor": self.request.query_params.get("actor"),
        }  # fmt: skip
        taken = inspect.signature(self.shows).parameters
        try:
            return etag(self.shows(**{name: value for name, value in offered.items() if name in taken}))
        except NotFound:
            return None


@dataclass(frozen=True, slots=True)
class _Within:
    """A database whose reading transaction is the one that runs."""

    session: Session

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """The transaction that runs."""
        yield self.session


def _check(headers: Mapping[str, str], current: str | None) -> None:
    """Raise PreconditionFailed. current: the ETag as it is, None = there is no such thing."""
    wanted, unwanted = headers.get("if-match"), headers.get("if-none-match")
    if wanted is not None and (current is None or not _names(wanted, current, strong=True)):
        raise PreconditionFailed(
            "it is not there" if current is None else "it was changed meanwhile: get it again"
        )
    if wanted is None and unwanted is not None and current is not None and _names(unwanted, current):
        raise PreconditionFailed("it is there already")


def _names(listed: str, tag: str, *, strong: bool = False) -> bool:
    """A list of a header holds this ETag. strong: one that was weakened on its way (W/) does not count."""
    tags = {one.strip() if strong else one.strip().removeprefix("W/") for one in listed.split(",")}
    return "*" in tags or (bool(tag) and tag in tags)
