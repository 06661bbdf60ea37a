"""Find partners by address, enter new ones, change them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.errors import BadValue, FieldError
from gateway.mail.address import normalise
from gateway.rules.own import OwnDomain, is_ours
from store.models.views import PartnerView
from store.queries import partner as store
from store.queries import types
from store.session import Session

ROLES = ("", "member", "admin")
TIMINGS = ("now", "window", "hourly", "daily", "weekly", "web", "none")


def address_or_bad_value(text: object, pointer: str) -> str:
    """The normalised address. Raises BadValue naming the field."""
    address = normalise(text) if isinstance(text, str) else ""
    if not address:
        raise BadValue.of(pointer, f"{text!r} is not an e-mail address")
    return address


def ours_among(session: Session, addresses: Collection[str], domains: Sequence[OwnDomain]) -> frozenset[str]:
    """Those of these normalised addresses to which mail comes back to us: one statement, however many.

    Aliases, and the reply, bounce, leave, notifications, postmaster and abuse addresses of our domains with
    or without a token. A person may have another address in a domain of ours.
    """
    aliases = types.aliases_among(session, addresses)
    return frozenset(one for one in addresses if is_ours(one, aliases=aliases, domains=domains))


def refuse_ours(session: Session, named: Mapping[str, str], domains: Sequence[OwnDomain]) -> None:
    """Refuse to make a partner of an address of ours. named: pointer -> normalised address. Raises BadValue."""
    if not named:
        return
    found = ours_among(session, set(named.values()), domains)
    errors = [
        FieldError(f"#/{pointer}", f"{address} is an address of the gateway itself")
        for pointer, address in named.items()
        if address in found
    ]
    if errors:
        raise BadValue(errors[0].detail, errors)


def known(session: Session, email: str, pointer: str) -> PartnerView:
    """The partner of an address. Raises BadValue when nobody has it."""
    partner = store.by_address(session, address_or_bad_value(email, pointer))
    if partner is None:
        raise BadValue.of(pointer, f"{email} is not a known partner")
    return partner


def find_or_add(session: Session, addresses: Mapping[str, str], now: datetime) -> dict[str, PartnerView]:
    """The partners of normalised addresses (address -> name); who is unknown becomes an external partner."""
    found = store.by_addresses(session, list(addresses))
    for address, name in addresses.items():
        if address not in found:
            partner_id = store.add(session, email=address, name=name, internal=False, role="", now=now)
            found[address] = PartnerView(partner_id, address, name, False, "", True, "", "", {})
    return found


def put(
    session: Session, email: str, changes: Mapping[str, Any], now: datetime, domains: Sequence[OwnDomain] = ()
) -> tuple[PartnerView, bool]:
    """Write a partner; absent = unchanged. Answers him, and True when he is new. Raises BadValue.

    changes: name, internal, role, active, language, timezone, phone, signature, addresses, notify. domains:
    ours; an address with a meaning in one of them is nobody's.
    """
    address = address_or_bad_value(email, "email")
    values = _checked(changes)
    partner = store.by_address(session, address)
    is_new = partner is None
    if is_new:
        refuse_ours(session, {"email": address}, domains)
    if partner is None:
        role = values.get("role", "member" if values.get("internal") else "")
        partner_id = store.add(
            session,
            email=address,
            name=values.get("name", ""),
            internal=bool(values.get("internal")),
            role=role,
            now=now,
        )
    else:
        partner_id = partner.id
    columns = {key: value for key, value in values.items() if key != "addresses"}
    if columns.get("role"):
        columns["internal"] = True
    if columns:
        store.change(session, partner_id, columns)
    if "addresses" in values:
        _set_addresses(
            session,
            partner_id,
            address if is_new else partner.email if partner else address,
            values["addresses"],
            domains,
        )
    found = store.by_id(session, partner_id)
    assert found is not None
    return found, is_new


def _checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(changes)
    if values.get("role") is not None and values["role"] not in ROLES:
        raise BadValue.of("role", f"{values['role']!r} is none of admin, member")
    if values.get("timezone"):
        try:
            ZoneInfo(values["timezone"])
        except (ZoneInfoNotFoundError, ValueError) as trouble:
            raise BadValue.of("timezone", f"{values['timezone']!r} is not a time zone") from trouble
    timing = (values.get("notify") or {}).get("timing", "now")
    if timing not in TIMINGS:
        raise BadValue.of("notify/timing", f"{timing!r} is none of {', '.join(TIMINGS)}")
    empty = {
        "name": "",
        "role": "",
        "language": "",
        "timezone": "",
        "phone": "",
        "signature": "",
        "notify": {},
        "addresses": [],
    }
    return {key: empty.get(key, value) if value is None else value for key, value in values.items()}


def _set_addresses(
    session: Session, partner_id: int, main: str, addresses: Sequence[str], domains: Sequence[OwnDomain]
) -> None:
    wanted = [address_or_bad_value(text, f"addresses/{index}") for index, text in enumerate(addresses)]
    refuse_ours(session, {f"addresses/{index}": address for index, address in enumerate(wanted)}, domains)
    for index, address in enumerate(wanted):
        owner = store.by_address(session, address)
        if owner is not None and owner.id != partner_id:
            raise BadValue.of(f"addresses/{index}", f"{address} belongs to another partner")
    store.set_addresses(session, partner_id, [main, *wanted])
