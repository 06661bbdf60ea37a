"""/records/.../audience: who would hear of a message, and why."""

from __future__ import annotations

from typing import Any

from litestar import get

from gateway.chatter.actor import open_thread, reader_of
from gateway.chatter.audience import Considered, Question, audience
from gateway.web.api.search import check_kind
from gateway.web.auth import Asking, needs
from gateway.web.paging import Order, Page, Wished, among_few, both_ways
from gateway.web.services import Given
from store.session import Session


def _place(cursor: int | str) -> tuple[int, str]:
    """Partners by id, then those who are none by e-mail."""
    text = str(cursor)
    return (int(text), "") if text.isdecimal() and text.isascii() and len(text) < 19 else (2**63, text)


_BY_PARTNER = Order(lambda one: one.partner.id or one.partner.email, rising=True, numbers=False, place=_place)


@get(
    "/records/{record_type:str}/{key:str}/audience", guards=[needs("read")], sync_to_thread=True, tags=["messages"]
)  # fmt: skip
def get_audience(
    record_type: str, key: str, services: Given, caller: Asking, wish: Wished, kind: str = "message",
    subtype: str | None = None, mentions: list[str] | None = None, recipients: list[str] | None = None,
    cc: list[str] | None = None, confirm_external: list[str] | None = None, skip_followers: bool = False,
    author: str | None = None, actor: str | None = None,
) -> Page[Considered]:  # fmt: skip
    """Who would hear of a message now: everybody who is considered, with the reason why or why not; partners by id, then
    who is none yet by e-mail. A note tells outsiders ``for staff only`` until they are confirmed, and to post it would
    be refused. actor: who would write it; not at all for an outsider, who is not shown who follows."""
    check_kind(kind)
    named = {
        "mentions": _split(mentions), "recipients": _split(recipients), "cc": _split(cc),
        "confirm_external": _split(confirm_external),
    }  # fmt: skip
    question = Question(kind, subtype, named, author, skip_followers)

    def work(session: Session) -> Page[Considered]:
        reader = reader_of(session, services.types, caller=caller, actor=actor)
        thread = open_thread(session, reader, services.thread(session, record_type, key))
        items = audience(
            session,
            thread,
            question,
            posting=services.posting,
            domains=services.domains,
            actor_id=reader.partner_id,
            now=services.now(),
        )
        page, following = both_ways(among_few(items, _BY_PARTNER), wish, _BY_PARTNER)
        return Page(page, following, len(items))

    return services.read(work)


def _split(given: list[str] | None) -> list[str]:
    return [part.strip() for text in given or [] for part in text.split(",") if part.strip()]


handlers: list[Any] = [get_audience]
