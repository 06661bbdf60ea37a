"""Find partners by address, enter new ones, change them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.errors import BadValue, FieldError
from gateway.mail.address import normalise
from gateway.rules.language import is_language
from gateway.rules.merge import merged
from gateway.rules.own import OwnDomain, is_ours
from gateway.rules.subscription import GENERIC
from gateway.rules.wishes import faults
from store.models.views import PartnerView
from store.queries import partner as store
from store.queries import types
from store.session import Session

ROLES = ("", "member", "admin")
_LONGEST_NAME = 200  # that is taken from a mail


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


def learn_name(session: Session, partner_id: int, name: str) -> str:
    """Give a partner who has no name the one that he writes under; answers it, "" if it says nothing but his address."""
    name = " ".join(name.split())[:_LONGEST_NAME].rstrip()
    if not name or "@" in name:
        return ""
    store.change(session, partner_id, {"name": name})
    return name


def put(
    session: Session, email: str, changes: Mapping[str, Any], now: datetime, domains: Sequence[OwnDomain] = ()
) -> tuple[PartnerView, bool]:
    """Write a partner; absent = unchanged, null = clear. Answers him, and True when he is new. Raises BadValue.

    changes: name, internal, role, active, language, timezone, phone, signature, email, addresses, notify.
    email: his main address from now on; the old one remains a further one. addresses: exactly these remain
    beside the main one. notify is merged key by key. domains: ours; an address with a meaning in one of them is nobody's.
    """
    address = address_or_bad_value(email, "email")
    partner = store.by_address(session, address)
    values = _checked(session, changes, partner)
    main, further = _addresses(session, address, partner, values, domains)
    columns = {name: value for name, value in values.items() if name not in ("addresses", "email")}
    if main != (partner.email if partner else main):
        columns["email"] = main
    if partner is None:
        partner_id = store.add(
            session, email=main, name=columns.get("name", ""), internal=bool(columns.get("internal")),
            role=columns.get("role", ""), now=now,
        )  # fmt: skip
    else:
        partner_id = partner.id
    if columns:
        store.change(session, partner_id, columns)
    if further is not None:
        store.set_addresses(session, partner_id, [main, *further])
    found = store.by_id(session, partner_id)
    assert found is not None
    return found, partner is None


_CLEARED: dict[str, Any] = {
    "name": "", "internal": False, "role": "", "active": True, "language": "", "timezone": "", "phone": "",
    "signature": "", "notify": {}, "addresses": [],
}  # fmt: skip


def _checked(session: Session, changes: Mapping[str, Any], partner: PartnerView | None) -> dict[str, Any]:
    """What was given, null as the default. Raises BadValue."""
    values: dict[str, Any] = {
        name: _CLEARED.get(name) if value is None else value for name, value in changes.items()
    }
    if values.get("timezone"):
        try:
            ZoneInfo(values["timezone"])
        except (ZoneInfoNotFoundError, ValueError, OSError) as trouble:
            raise BadValue.of("timezone", f"{values['timezone']!r} is not a time zone") from trouble
    if values.get("language") and not is_language(values["language"]):
        raise BadValue.of("language", f"{values['language']!r} is no language tag, such as it or de-AT")
    if "notify" in values:
        values["notify"] = _wishes(session, changes["notify"], partner)
    return values | _staff(values, partner)


def _staff(values: Mapping[str, Any], partner: PartnerView | None) -> dict[str, Any]:
    """internal and role, which follow each other: a role makes a colleague, an outsider has none."""
    if "role" not in values and "internal" not in values:
        return {}
    role = values.get("role", "")
    if role not in ROLES:
        raise BadValue.of("role", f"{role!r} is none of admin, member")
    if role and values.get("internal") is False:
        raise BadValue.of("role", "only a colleague (internal) has a role")
    before = partner.role if partner and "role" not in values else ""
    if role or values.get("internal", partner.internal if partner else False):
        return {"internal": True, "role": role or before or "member"}
    return {"internal": False, "role": ""}


def _wishes(
    session: Session, notify: Mapping[str, Any] | None, partner: PartnerView | None
) -> dict[str, Any]:
    """How he wants to be told from now on. Raises BadValue with every fault of what was given."""
    if notify is None:
        return {}
    wrong = faults(notify) or _unknown_types(session, notify.get("overrides") or ())
    if wrong:
        errors = [FieldError(f"#/notify/{place}", words) for place, words in wrong.items()]
        raise BadValue(errors[0].detail, errors)
    return merged(partner.notify if partner else {}, notify)


def _unknown_types(session: Session, overrides: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Overrides for a record type or a subtype that does not exist."""
    if not overrides:
        return {}
    known = {row.name: row.config for row in types.record_types(session)}
    found: dict[str, str] = {}
    for place, one in enumerate(overrides):
        name, subtype = one.get("record_type"), one.get("subtype")
        if name and name not in known:
            found[f"overrides/{place}/record_type"] = f"there is no record type {name!r}"
        elif subtype:
            of_type = [known[name]] if name else list(known.values())
            if subtype not in {one for config in of_type for one in _subtypes(config)}:
                found[f"overrides/{place}/subtype"] = f"there is no subtype {subtype!r}"
    return found


def _subtypes(config: Mapping[str, Any]) -> set[str]:
    return {one["name"] for one in config.get("subtypes") or ()} | {one.name for one in GENERIC}


def _addresses(
    session: Session, address: str, partner: PartnerView | None, values: Mapping[str, Any],
    domains: Sequence[OwnDomain],
) -> tuple[str, list[str] | None]:  # fmt: skip
    """The main address, and the further ones, None = as they are. Raises BadValue."""
    named = {} if partner else {"email": address}
    main = partner.email if partner else address
    if "email" in values:
        main = named["email"] = address_or_bad_value(values["email"], "email")
    given = [
        address_or_bad_value(text, f"addresses/{index}")
        for index, text in enumerate(values.get("addresses", ()))
    ]
    named |= {f"addresses/{index}": one for index, one in enumerate(given)}
    owners = store.by_addresses(session, list(named.values()))
    own = {one for one, owner in owners.items() if partner is not None and owner.id == partner.id}
    refuse_ours(session, {place: one for place, one in named.items() if one not in own}, domains)
    for place, one in named.items():
        if one in owners and one not in own:
            raise BadValue.of(place, f"{one} belongs to another partner")
    if "addresses" in values:
        return main, given
    if "email" not in values:
        return main, None
    return main, [*(store.addresses_of(session, partner.id) if partner else ()), address]
