"""/partners and /suppressions: people, mailboxes, and the addresses that get no mail."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
from litestar import Request, Response, delete, get, post, put

from gateway.chatter import merge_partners
from gateway.chatter.partners import address_or_bad_value
from gateway.chatter.partners import put as write_partner
from gateway.chatter.record_views import PartnerDetails, partner_details
from gateway.errors import BadValue, Forbidden, NotFound
from gateway.mail.address import normalise
from gateway.web.auth import Asking, needs
from gateway.web.idempotency import once
from gateway.web.paging import OLDEST_FIRST, Page, Wished, both_ways, by_name
from gateway.web.schema import MergeBody, PartnerBody, SuppressionBody
from gateway.web.services import Given
from store.queries import partner as partners
from store.session import Session


class SuppressionView(msgspec.Struct, frozen=True):
    """An address that gets no mail. until: null = for good. status: RFC 3463, "" if none."""

    address: str
    reason: str
    status: str
    since: datetime
    until: datetime | None
    source: str


@put("/partners/{email:str}", guards=[needs("post")], sync_to_thread=True, tags=["partners"])
def put_partner(email: str, data: PartnerBody, services: Given, caller: Asking) -> Response[PartnerDetails]:
    """Create a partner (201) or change him. Who is staff, with which role and addresses, needs admin of all types."""
    changes = data.given()
    if not caller.may_everywhere("admin"):
        _check_rights(services.read(lambda s: partners.by_address(s, normalise(email))), changes)

    def work(session: Session) -> tuple[PartnerDetails, bool]:
        partner, is_new = write_partner(session, email, changes, services.now(), services.domains)
        return partner_details(session, [partner])[0], is_new

    view, is_new = services.write(work)
    return Response(view, status_code=201 if is_new else 200)


def _check_rights(partner: Any, changes: dict[str, Any]) -> None:
    """An application without admin writes outside partners only, and makes nobody staff."""
    wanted = [name for name in ("internal", "role") if changes.get(name)]
    wanted += [name for name in ("email", "addresses") if name in changes]
    if changes.get("active", False) is not False:  # null makes him active again
        wanted.append("active")
    if wanted or (partner is not None and partner.internal):
        what = f"change {', '.join(wanted)}" if wanted else "change a colleague"
        raise Forbidden(f"to {what}, the token needs the scope admin, for every record type")


@get("/partners/{email:str}", guards=[needs("read")], sync_to_thread=True, tags=["partners"])
def get_partner(email: str, services: Given) -> PartnerDetails:
    """The partner who has an address."""

    def work(session: Session) -> PartnerDetails:
        partner = partners.by_address(session, normalise(email))
        if partner is None:
            raise NotFound(f"{email} is not a known partner")
        return partner_details(session, [partner])[0]

    return services.read(work)


@get("/partners", guards=[needs("read")], sync_to_thread=True, tags=["partners"])
def list_partners(services: Given, wish: Wished, q: str = "") -> Page[PartnerDetails]:
    """Partners whose name or e-mail holds q, by id; ``next`` goes on with the higher ids."""

    def work(session: Session) -> Page[PartnerDetails]:
        page, following = both_ways(partial(partners.search, session, q), wish, OLDEST_FIRST)
        return Page(partner_details(session, page), following)

    return services.read(work)


@post(
    "/partners/{email:str}/merge",
    guards=[needs("admin", everywhere=True)],
    status_code=200,
    sync_to_thread=True,
    tags=["partners"],
)
def merge_partner(
    email: str, data: MergeBody, services: Given, caller: Asking, request: Request[Any, Any, Any]
) -> Response[PartnerDetails]:
    """Make a partner a part of another; answers the other, who has both's addresses then."""

    def work(session: Session) -> tuple[int, PartnerDetails]:
        survivor = merge_partners.merge(session, email, data.into, services.now())
        return 200, partner_details(session, [survivor])[0]

    return once(request, services, caller, data, work)


@get("/suppressions", guards=[needs("admin", everywhere=True)], sync_to_thread=True, tags=["deliveries"])
def list_suppressions(services: Given, wish: Wished) -> Page[SuppressionView]:
    """Addresses that get no mail, by address."""

    def work(session: Session) -> Page[SuppressionView]:
        page, following = both_ways(partial(partners.suppressions, session), wish, by_name("address"))
        return Page([_suppression(row) for row in page], following)

    return services.read(work)


@get(
    "/suppressions/{address:str}",
    guards=[needs("admin", everywhere=True)],
    sync_to_thread=True,
    tags=["deliveries"],
)
def get_suppression(address: str, services: Given) -> SuppressionView:
    """Why an address gets no mail; 404 when it does."""
    row = services.read(lambda s: partners.suppression(s, normalise(address)))
    if row is None:
        raise NotFound(f"{address} is not suppressed")
    return _suppression(row)


@put(
    "/suppressions/{address:str}",
    guards=[needs("admin", everywhere=True)],
    sync_to_thread=True,
    tags=["deliveries"],
)
def put_suppression(address: str, data: SuppressionBody, services: Given) -> Response[SuppressionView]:
    """Send no more mail to an address (201 when that is new)."""
    known_as = address_or_bad_value(address, "address")
    until = (
        data.until.replace(tzinfo=UTC) if data.until is not None and data.until.tzinfo is None else data.until
    )
    if until is not None and until <= services.now():
        raise BadValue.of("until", "this time has passed")

    def work(session: Session) -> tuple[SuppressionView, bool]:
        old = partners.suppression(session, known_as)
        partners.suppress(
            session, known_as, reason=data.reason or (old.reason if old else "entered by hand"),
            status=data.status or "", source=data.source or data.actor or "api", now=services.now(), until=until,
        )  # fmt: skip
        return _suppression(partners.suppression(session, known_as)), old is None

    view, is_new = services.write(work)
    return Response(view, status_code=201 if is_new else 200)


@delete(
    "/suppressions/{address:str}",
    guards=[needs("admin", everywhere=True)],
    sync_to_thread=True,
    tags=["deliveries"],
)
def delete_suppression(address: str, services: Given, actor: str | None = None) -> None:
    """Let mail go to an address again."""
    if not services.write(lambda s: partners.release(s, normalise(address))):
        raise NotFound(f"{address} is not suppressed")


def _suppression(row: Any) -> SuppressionView:
    return SuppressionView(row.address, row.reason, row.status, row.since, row.until, row.source)


handlers: list[Any] = [
    put_partner, get_partner, list_partners, merge_partner, list_suppressions, get_suppression, put_suppression, delete_suppression,
]  # fmt: skip
