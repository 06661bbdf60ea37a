"""/records/.../suggested-recipients: whom the composer proposes beside the followers."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import get

from gateway.chatter.actor import open_thread, reader_of
from gateway.chatter.names import Person, person
from gateway.chatter.suggest import suggested
from gateway.rules.suggest import Suggestion
from gateway.web.auth import Asking, needs
from gateway.web.paging import Page, Wished, among_few, both_ways, by_name
from gateway.web.services import Given
from store.session import Session


class SuggestedView(msgspec.Struct, frozen=True):
    """A proposed recipient. partner: null when nobody has the address yet; naming him makes him one.

    ticked: proposed so strongly that the composer ticks him beforehand.
    """

    email: str
    name: str
    reason: str
    ticked: bool
    partner: Person | None


@get(
    "/records/{record_type:str}/{key:str}/suggested-recipients", guards=[needs("read")], sync_to_thread=True,
    tags=["messages"],
)  # fmt: skip
def list_suggested(
    record_type: str, key: str, services: Given, caller: Asking, wish: Wished, actor: str | None = None
) -> Page[SuggestedView]:
    """Customer, author, To and Cc of the last conversation, the best first; no followers but the customer, no address of
    ours. actor: who writes; he is not proposed to himself."""

    def work(session: Session) -> Page[SuggestedView]:
        reader = reader_of(session, services.types, caller=caller, actor=actor)
        thread = open_thread(session, reader, services.thread(session, record_type, key))
        found = suggested(
            session, thread, writer=actor or "", own_domains={domain.name for domain in services.domains},
            blobs=services.blobs,
        )  # fmt: skip
        rank = {one.email: index for index, one in enumerate(found)}
        order = by_name("email")._replace(place=lambda email: rank.get(email, len(rank)))
        page, following = both_ways(among_few(found, order), wish, order)
        return Page([_view(one) for one in page], following, len(found))

    return services.read(work)


def _view(one: Suggestion) -> SuggestedView:
    partner = person(one.partner) if one.partner else None
    return SuggestedView(one.email, one.name, one.reason, one.ticked, partner)


handlers: list[Any] = [list_suggested]
