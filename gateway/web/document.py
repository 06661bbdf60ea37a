"""The OpenAPI document: what stands over it, and what an operation may answer beside what its handler declares."""

from __future__ import annotations

from dataclasses import dataclass, replace

from litestar import MediaType
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    Schema,
    SecurityScheme,
)
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType

from gateway import __version__
from gateway.mail.files import SERVED
from gateway.web.conditions import SHOWS, tagged
from gateway.web.errors import PROBLEM, Problem

_ALWAYS = {
    400: "the request cannot be read", 401: "no or an unknown token", 403: "the token may not do this",
    404: "there is no such thing", 422: "a field has a wrong value", 429: "too many unknown tokens came from this address", 503: "our fault; try again",
}  # fmt: skip
_CHANGING = {409: "the state of the thing forbids the call"}
_CONDITIONAL = {412: "the thing is not as If-Match or If-None-Match says"}
_WITH_A_BODY = {413: "the body, a file or a mail is too large"}


@dataclass
class NewOrNot(Operation):
    """One that answers 201 when the thing is new and 200 when it was there, both with the thing."""

    def __post_init__(self) -> None:
        """Let each of the two answers stand for the other."""
        answers = self.responses or {}
        for status, other, words in (("200", "201", "it is new"), ("201", "200", "it was there already")):
            if other not in answers and isinstance(one := answers.get(status), OpenAPIResponse):
                answers[other] = replace(one, description=words)
                return


@dataclass
class Download(Operation):
    """One that answers the octets of a file, under whichever of the harmless types it proves to have."""

    def __post_init__(self) -> None:
        """Name all the types."""
        answer = (self.responses or {}).get("200")
        if isinstance(answer, OpenAPIResponse):
            octets = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
            types = ("application/octet-stream", "text/plain", *sorted(SERVED))
            answer.content = dict.fromkeys(types, octets)


def documented(route: HTTPRouteHandler) -> HTTPRouteHandler:
    """The route, with every answer declared that its kind of operation has."""
    words = dict(_ALWAYS)
    if "GET" not in route.http_methods:
        words |= _CHANGING
    if route.http_methods & {"POST", "PUT", "PATCH"}:
        words |= _WITH_A_BODY
    if "PUT" in route.http_methods:
        route.operation_class = NewOrNot
    route.responses = {status: _problem(said) for status, said in sorted(words.items())}
    if is_of_one(route):
        _have_etag(route)
    return route


def is_of_one(route: HTTPRouteHandler) -> bool:
    """It is about one thing, which the end of its path names; and not about the octets of a file."""
    return all(path.endswith("}") for path in route.paths) and route.operation_class is not Download


def _have_etag(route: HTTPRouteHandler) -> None:
    """Give the answers their ETag, and declare what comes of one. What GET answers is asked before a change."""
    if "GET" in route.http_methods:
        route.opt[SHOWS] = route.fn
        known = ResponseSpec(
            None, description="the reader has it already (If-None-Match)", generate_examples=False
        )
        route.responses = {304: known, **(route.responses or {})}
    else:
        conditional = {status: _problem(words) for status, words in _CONDITIONAL.items()}
        route.responses = {**(route.responses or {}), **conditional}
    if route.http_methods & {"GET", "PUT"}:
        route.after_request = tagged


def _problem(words: str) -> ResponseSpec:
    return ResponseSpec(Problem, description=words, media_type=PROBLEM, generate_examples=False)


def openapi() -> OpenAPIConfig:
    """How the document is made and where it stands."""
    bearer = SecurityScheme(type="http", scheme="bearer", description="A token of `threadpost token create`.")
    return OpenAPIConfig(
        title="Threadpost", version=__version__, path="/api",
        render_plugins=[JsonRenderPlugin(path="/openapi.json", media_type=MediaType.JSON)],
        description="Gives any record of any application a conversation that works by e-mail.",
        components=Components(security_schemes={"bearer": bearer}), security=[{"bearer": []}],
        use_handler_docstrings=True,
    )  # fmt: skip
