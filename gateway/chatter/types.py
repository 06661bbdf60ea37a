"""Record types: the database is the truth, the TOML seeds what is missing (DESIGN decision 10)."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from gateway.errors import BadValue, ConfigError, FieldError, NotFound
from gateway.mail.address import normalise
from gateway.rules.declaration import faults
from gateway.rules.merge import merged
from gateway.rules.policy import problem
from gateway.rules.subscription import Subtype, with_generic
from gateway.rules.values import Field
from gateway.rules.visibility import ACCESS, ALL
from store.bell import Bell, Remembered
from store.queries import types as store
from store.session import Database, Session


@dataclass(frozen=True, slots=True)
class TypeRules:
    """What holds for the records of one type. activity_types: names of what one can plan on them."""

    name: str
    label: str
    fields: tuple[Field, ...] = ()
    subtypes: tuple[Subtype, ...] = ()
    activity_types: tuple[str, ...] = ()
    policy: Mapping[str, Any] = field(default_factory=dict)

    @property
    def access(self) -> str:
        """What a record of the type that names no members is open to (rules/visibility)."""
        return str(self.policy.get("access") or ALL)

    @property
    def creation(self) -> Subtype | None:
        """Under which subtype it is told that a record was opened, None = it is not."""
        return next((subtype for subtype in self.subtypes if subtype.creation), None)

    def subtype(self, name: str) -> Subtype | None:
        """The subtype of this name, None if the type has none."""
        return next((subtype for subtype in self.subtypes if subtype.name == name), None)


def rules_of(name: str, label: str, config: Mapping[str, Any]) -> TypeRules:
    """Read the stored form of a record type. Raises BadValue when it is none."""
    try:
        fields = msgspec.convert(config.get("fields") or [], list[Field])
        subtypes = msgspec.convert(config.get("subtypes") or [], list[Subtype])
    except msgspec.ValidationError as trouble:
        raise BadValue(f"the record type {name}: {trouble}") from trouble
    access = (config.get("policy") or {}).get("access") or ALL
    if access not in ACCESS:
        raise BadValue.of("policy/access", f"{access!r} is none of {', '.join(ACCESS)}")
    planned = tuple(one for one in config.get("activity_types") or () if isinstance(one, str))
    return TypeRules(
        name, label or name, tuple(fields), with_generic(tuple(subtypes)), planned, config.get("policy") or {}
    )


def check_declaration(config: Mapping[str, Any], groups: Collection[str] = ("fields", "subtypes")) -> None:
    """Refuse fields and subtypes that are not sound. groups: what is written now; the rest stays as it is read.

    A field may so be left mapped to a subtype that is gone: its changes are logged and tell nobody. Raises
    BadValue naming each fault.
    """
    wrong = faults(config.get("fields") or (), config.get("subtypes") or ())
    wrong = {place: words for place, words in wrong.items() if place.split("/")[0] in groups}
    if wrong:
        errors = [FieldError(f"#/{place}", words) for place, words in wrong.items()]
        raise BadValue(f"{next(iter(wrong))}: {errors[0].detail}", errors)


class Types:
    """The record types as this process knows them; the bell says when to read them again."""

    def __init__(self, database: Database, bell: Bell) -> None:
        self._database = database
        self._known: Remembered[dict[str, TypeRules]] = Remembered(bell, "types")

    def all(self, session: Session | None = None) -> dict[str, TypeRules]:
        """Every record type by name. session: of the running transaction, where there is one."""
        return self._known.get(lambda: self._read(session), session)

    def _read(self, session: Session | None) -> dict[str, TypeRules]:
        if session is not None:
            return _read(session)
        with self._database.read() as reading:
            return _read(reading)

    def get(self, name: str, session: Session | None = None) -> TypeRules:
        """The rules of one type. Raises NotFound."""
        rules = self.all(session).get(name)
        if rules is None:
            raise NotFound(f"there is no record type {name!r}")
        return rules


def _read(session: Session) -> dict[str, TypeRules]:
    return {row.name: rules_of(row.name, row.label, row.config) for row in store.record_types(session)}


def seed(session: Session, file: Path, *, domain: str, now: datetime) -> list[str]:
    """Enter the record types and aliases of a TOML file that the store does not have; answers their names.

    Never overwrites what was changed over the API. domain: where aliases given as a local part live.
    Raises ConfigError.
    """
    try:
        declared = tomllib.loads(file.read_text(encoding="utf-8")).get("types", {})
    except (OSError, tomllib.TOMLDecodeError) as trouble:
        raise ConfigError(str(file), 0, "types", str(trouble)) from trouble
    existing = {row.name for row in store.record_types(session)}
    added = []
    for name, values in declared.items():
        if name in existing:
            continue
        config = {key: value for key, value in values.items() if key not in ("label", "alias")}
        try:
            check_declaration(config)
            rules_of(name, values.get("label", name), config)
            check_policy(config.get("policy") or {}, of_type=True)
        except BadValue as trouble:
            raise ConfigError(str(file), 0, f"types.{name}", str(trouble)) from trouble
        store.put_record_type(session, name, values.get("label", name), config, now)
        added.append(name)
        if values.get("alias"):
            address = normalise(values["alias"] if "@" in values["alias"] else f"{values['alias']}@{domain}")
            if store.alias(session, address) is None:
                store.put_alias(session, address, name, {}, {}, now)
    return added


def put(session: Session, name: str, label: str | None, changes: Mapping[str, Any], now: datetime) -> bool:
    """Write a record type; absent = unchanged, null = clear, in ``policy`` key by key. Answers True when it is new.

    Raises BadValue.
    """
    check_policy(changes.get("policy") or {}, of_type=True)
    row = store.record_type(session, name)
    old = row.config if row else {}
    config = merged(old, changes)
    if "policy" in changes:
        config["policy"] = merged(old.get("policy"), changes["policy"])
    check_declaration(config, [group for group in ("fields", "subtypes") if group in changes])
    wanted = label if label is not None else (row.label if row else name)
    rules_of(name, wanted, config)
    return store.put_record_type(session, name, wanted, config, now)


def check_policy(policy: Mapping[str, Any], *, of_type: bool) -> None:
    """Raise BadValue for an entry of a policy that means nothing. of_type: of a record type, not of an alias.

    Only what is written is checked: what stands in the store already must stay readable.
    """
    wrong = problem(policy, of_type=of_type)
    if wrong is not None:
        raise BadValue.of("policy/" + wrong[0].replace("~", "~0").replace("/", "~1"), wrong[1])
