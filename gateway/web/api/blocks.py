"""/blocks: reverse-paths that the doors refuse, an address or a whole ``@domain``."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from litestar import Response, delete, get, put

from gateway.errors import BadValue, NotFound
from gateway.mail.address import normalise
from gateway.web.auth import needs
from gateway.web.paging import Page, Wished, both_ways, by_name
from gateway.web.schema import Body
from gateway.web.services import Given
from store.queries import partner as partners
from store.session import Session


class BlockBody(Body):
    """PUT /blocks/{pattern}."""

    reason: str | None = None


class BlockView(msgspec.Struct, frozen=True):
    """Mail from this address, or from every address of ``@domain``, is refused at the door."""

    pattern: str
    reason: str
    created_at: datetime


@get("/blocks", guards=[needs("admin", everywhere=True)], sync_to_thread=True, tags=["blocks"])
def list_blocks(services: Given, wish: Wished) -> Page[BlockView]:
    """Everything that is blocked, by pattern."""

    def work(session: Session) -> Page[BlockView]:
        page, following = both_ways(partial(partners.list_blocks, session), wish, by_name("pattern"))
        return Page([BlockView(row.pattern, row.reason, row.created_at) for row in page], following)

    return services.read(work)


@put("/blocks/{pattern:str}", guards=[needs("admin", everywhere=True)], sync_to_thread=True, tags=["blocks"])
def put_block(pattern: str, data: BlockBody, services: Given) -> Response[BlockView]:
    """Refuse mail whose reverse-path is this address, or of this ``@domain``."""
    known_as, now = _pattern(pattern), services.now()
    reason = data.reason or "entered by hand"

    is_new = services.write(lambda session: partners.put_block(session, known_as, reason, now))
    return Response(BlockView(known_as, reason, now), status_code=201 if is_new else 200)


@delete(
    "/blocks/{pattern:str}", guards=[needs("admin", everywhere=True)], sync_to_thread=True, tags=["blocks"]
)
def delete_block(pattern: str, services: Given, actor: str | None = None) -> None:
    """Take mail from there again."""
    known_as = _pattern(pattern)
    if not services.write(lambda s: partners.delete_block(s, known_as)):
        raise NotFound(f"{pattern} is not blocked")


def _pattern(text: str) -> str:
    """The normalised address or ``@domain``. Raises BadValue."""
    is_domain = text.startswith("@")
    known_as = normalise(f"x{text}")[1:] if is_domain else normalise(text)
    if not known_as:
        raise BadValue.of("pattern", f"{text!r} is neither an address nor @domain")
    return known_as


handlers: list[Any] = [list_blocks, put_block, delete_block]
