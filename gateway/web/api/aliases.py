"""/aliases: the addresses that open new records."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
from litestar import Response, delete, get, put
from msgspec import UNSET

from gateway.chatter import alias_defaults
from gateway.chatter.access import Caller
from gateway.chatter.partners import address_or_bad_value
from gateway.chatter.types import TypeRules, check_policy
from gateway.errors import BadShape, BadValue, FieldError, NotFound
from gateway.mail.address import normalise
from gateway.rules.merge import merged
from gateway.rules.own import is_reserved
from gateway.web.auth import Asking, hide_unless, needs, refuse_unless
from gateway.web.paging import Page, Wished, both_ways, by_name
from gateway.web.schema import AliasBody
from gateway.web.services import Given, Services
from store.queries import types as store
from store.session import Session


class AliasView(msgspec.Struct, frozen=True):
    """An address that opens records of a type.

    defaults: what a new record has: values of fields, and of its own ``title``, ``assignee`` (an e-mail) and
    ``parent`` ({type, key}).
    """

    address: str
    type: str
    defaults: dict[str, Any]
    policy: dict[str, Any]


@put("/aliases/{address:str}", guards=[needs("admin")], sync_to_thread=True, tags=["types"])
def put_alias(address: str, data: AliasBody, services: Given, caller: Asking) -> Response[AliasView]:
    """Write an alias (201 when new); absent = unchanged, null = clear, in ``defaults`` and ``policy`` key by key.
    Another type: it opens those from now on."""
    known_as = _address(services, address)

    def work(session: Session) -> tuple[AliasView, bool]:
        old = store.alias(session, known_as)
        if old is not None:
            refuse_unless(caller, "admin", old.record_type)
        record_type = old.record_type if data.type is UNSET and old is not None else data.type
        if not isinstance(record_type, str):
            raise BadShape("an alias needs a type", [FieldError("#/type", "missing")])
        refuse_unless(caller, "admin", record_type, "type")
        if record_type not in services.types.all(session):
            raise BadValue.of("type", f"there is no record type {record_type!r}")
        defaults = _merged(data.defaults, old.defaults if old else {})
        _check_defaults(session, caller, services.types.get(record_type, session), defaults)
        policy = _merged(data.policy, old.policy if old else {})
        check_policy(policy, of_type=False)
        is_new = store.put_alias(session, known_as, record_type, defaults, policy, services.now())
        return AliasView(known_as, record_type, defaults, policy), is_new

    view, is_new = services.write(work)
    return Response(view, status_code=201 if is_new else 200)


@get("/aliases/{address:str}", guards=[needs("read")], sync_to_thread=True, tags=["types"])
def get_alias(address: str, services: Given, caller: Asking) -> AliasView:
    """One alias."""
    return _view(services.read(lambda session: _visible(session, caller, "read", address)))


@get("/aliases", guards=[needs("read")], sync_to_thread=True, tags=["types"])
def list_aliases(services: Given, caller: Asking, wish: Wished) -> Page[AliasView]:
    """Aliases, by address."""
    types = caller.record_types or None

    def work(session: Session) -> Page[AliasView]:
        listed = partial(store.page_of_aliases, session, types=types)
        page, following = both_ways(listed, wish, by_name("address"))
        return Page([_view(row) for row in page], following)

    return services.read(work)


@delete("/aliases/{address:str}", guards=[needs("admin")], sync_to_thread=True, tags=["types"])
def delete_alias(address: str, services: Given, caller: Asking, actor: str | None = None) -> None:
    """Delete an alias; mail to it is unknown from then on."""

    def work(session: Session) -> None:
        store.delete_alias(session, _visible(session, caller, "admin", address).address)

    services.write(work)


def _visible(session: Session, caller: Caller, scope: str, address: str) -> Any:
    """The row of an alias, of a type that the token covers. Raises NotFound."""
    row, absent = store.alias(session, normalise(address)), f"there is no alias {address}"
    if row is None:
        raise NotFound(absent)
    hide_unless(caller, scope, row.record_type, absent)
    return row


def _check_defaults(session: Session, caller: Caller, rules: TypeRules, defaults: dict[str, Any]) -> None:
    """Refuse what a record of the type could not have. Raises BadValue, Forbidden."""
    given, wrong = alias_defaults.read(session, rules, defaults)
    if wrong:
        errors = [FieldError(f"#/defaults/{place}", words) for place, words in wrong.items()]
        raise BadValue(errors[0].detail, errors)
    if given.parent is not None:
        refuse_unless(caller, "admin", given.parent.record_type, "defaults/parent")


def _address(services: Services, text: str) -> str:
    """The normalised address, in one of our domains. Raises BadValue."""
    address = address_or_bad_value(text, "address")
    local_part, _, domain = address.rpartition("@")
    if domain not in {own.name for own in services.domains}:
        raise BadValue.of("address", f"{domain} is not one of our domains")
    if is_reserved(address, services.domains):
        raise BadValue.of("address", f"{local_part}@ has a meaning of its own")
    return address


def _merged(given: Any, old: dict[str, Any]) -> dict[str, Any]:
    return dict(old) if given is UNSET else merged(old, given)


def _view(row: Any) -> AliasView:
    return AliasView(row.address, row.record_type, row.defaults, row.policy)


handlers: list[Any] = [put_alias, get_alias, list_aliases, delete_alias]
