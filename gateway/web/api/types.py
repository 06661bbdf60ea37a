"""/record-types: the kinds of records and their rules."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from litestar import Response, delete, get, put
from msgspec import UNSET

from gateway.chatter import types as record_types
from gateway.chatter.types import TypeRules
from gateway.errors import BadValue, Conflict, Forbidden, NotFound
from gateway.rules.subscription import Subtype
from gateway.rules.tracking import Field
from gateway.web.auth import Asking, hide_unless, needs, refuse_unless
from gateway.web.paging import Page, Wished, among_few, both_ways, by_name
from gateway.web.schema import TypeBody
from gateway.web.services import Given
from store.queries import types as store
from store.session import Session

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


class TypeView(msgspec.Struct, frozen=True):
    """A record type. subtypes: with the generic ones. activity_types: names of what one can plan on its records."""

    name: str
    label: str
    fields: list[Field]
    subtypes: list[Subtype]
    activity_types: list[str]
    policy: dict[str, Any]


@put("/record-types/{name:str}", guards=[needs("admin")], tags=["types"], sync_to_thread=True)
def put_type(name: str, data: TypeBody, services: Given, caller: Asking) -> Response[TypeView]:
    """Write a record type (201 when new); absent = unchanged, null = clear, in ``policy`` key by key.

    A token that is limited to record types changes those and makes no new one.
    """
    if not _NAME.fullmatch(name):
        raise BadValue.of("name", "a type is named by letters, digits, dots, hyphens and underscores")
    changes = _changes(data)

    def work(session: Session) -> tuple[TypeView, bool]:
        refuse_unless(caller, "admin", name)
        if caller.record_types and not store.record_type(session, name):
            raise Forbidden("a new record type needs a token that is not limited to some")
        label = None if data.label is UNSET else data.label or name
        is_new = record_types.put(session, name, label, changes, services.now())
        return _view(_rules(session, name)), is_new

    view, is_new = services.write(work)
    return Response(view, status_code=201 if is_new else 200)


@get("/record-types/{name:str}", guards=[needs("read")], sync_to_thread=True, tags=["types"])
def get_type(name: str, services: Given, caller: Asking) -> TypeView:
    """One record type."""
    hide_unless(caller, "read", name, f"there is no record type {name!r}")
    return _view(services.read(lambda session: _rules(session, name)))


@get("/record-types", guards=[needs("read")], sync_to_thread=True, tags=["types"])
def list_types(services: Given, caller: Asking, wish: Wished) -> Page[TypeView]:
    """Record types, by name."""
    known = services.read(lambda session: store.record_types(session))
    rules = [
        record_types.rules_of(row.name, row.label, row.config)
        for row in known
        if not caller.record_types or row.name in caller.record_types
    ]
    page, following = both_ways(among_few(rules, by_name("name")), wish, by_name("name"))
    return Page([_view(one) for one in page], following)


@delete("/record-types/{name:str}", guards=[needs("admin")], sync_to_thread=True, tags=["types"])
def delete_type(name: str, services: Given, caller: Asking, actor: str | None = None) -> None:
    """Delete a record type that has no records and no aliases."""
    refuse_unless(caller, "admin", name)

    def work(session: Session) -> None:
        if store.is_type_used(session, name):
            raise Conflict(f"{name} has records or aliases")
        if not store.delete_record_type(session, name):
            raise NotFound(f"there is no record type {name!r}")

    services.write(work)


def _changes(data: TypeBody) -> dict[str, Any]:
    """What was given, null as empty or as the default; a subtype without a label is labelled by its name."""
    changes: dict[str, Any] = {}
    for name in ("fields", "subtypes", "activity_types"):
        value = getattr(data, name)
        if value is not UNSET:
            changes[name] = [_given(one) for one in value or ()]
    if data.policy is not UNSET:
        changes["policy"] = data.policy
    if "subtypes" in changes:
        changes["subtypes"] = [{"label": one.get("name", ""), **one} for one in changes["subtypes"]]
    return changes


def _given(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    return {name: value for name, value in item.items() if value is not None}


def _rules(session: Session, name: str) -> TypeRules:
    """The rules as this transaction sees them. Raises NotFound."""
    row = store.record_type(session, name)
    if row is None:
        raise NotFound(f"there is no record type {name!r}")
    return record_types.rules_of(row.name, row.label, row.config)


def _view(rules: TypeRules) -> TypeView:
    return TypeView(
        rules.name, rules.label, list(rules.fields), list(rules.subtypes), list(rules.activity_types),
        dict(rules.policy),
    )  # fmt: skip


handlers: list[Any] = [put_type, get_type, list_types, delete_type]
