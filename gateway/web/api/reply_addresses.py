"""/records/.../reply-addresses: take back the signed addresses that lead to a record."""

from __future__ import annotations

from typing import Any

from litestar import delete

from gateway.errors import NotFound
from gateway.mail.address import normalise
from gateway.web.auth import needs
from gateway.web.services import Given
from store.queries import partner as partners
from store.queries import reply_address as reply_addresses
from store.session import Session


@delete(
    "/records/{record_type:str}/{key:str}/reply-addresses/{email:str}", guards=[needs("admin")], sync_to_thread=True,
    tags=["records"],
)  # fmt: skip
def revoke_reply_address(
    record_type: str, key: str, email: str, services: Given, actor: str | None = None
) -> None:
    """Make a partner's reply addresses of a record unknown, such as after one of them was published.

    The next mail that he is sent about the record brings a new one.
    """

    def work(session: Session) -> None:
        partner = partners.by_address(session, normalise(email))
        if partner is None:
            raise NotFound(f"{email} is not a known partner")
        reply_addresses.revoke(session, services.thread(session, record_type, key).id, partner.id)

    services.write(work)


handlers: list[Any] = [revoke_reply_address]
