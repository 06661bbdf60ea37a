"""Record types and aliases."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from store.bell import ring
from store.models import Alias, RecordType, Thread
from store.queries.part import part
from store.session import Session

_type = RecordType.table()
_alias = Alias.table()
_thread = Thread.table()


def record_types(session: Session) -> list[Any]:
    """Every record type (name, label, config), by name."""
    return list(session.execute(select(_type.c.name, _type.c.label, _type.c.config).order_by(_type.c.name)))


def record_type(session: Session, name: str) -> Any | None:
    """One record type (name, label, config), None if there is none."""
    statement = select(_type.c.name, _type.c.label, _type.c.config).where(_type.c.name == name)
    return session.execute(statement).one_or_none()


def put_record_type(session: Session, name: str, label: str, config: dict[str, Any], now: datetime) -> bool:
    """Write a record type; answers True when it is new. Rings ``types``."""
    values = {"label": label, "config": config, "updated_at": now}
    ring(session, "types")
    if session.execute(update(_type).where(_type.c.name == name).values(values)).rowcount:
        return False
    session.execute(insert(_type).values(name=name, **values))
    return True


def is_type_used(session: Session, name: str) -> bool:
    """Threads or aliases of this type exist."""
    used = session.execute(select(_thread.c.id).where(_thread.c.record_type == name).limit(1)).first()
    return (
        used is not None
        or session.execute(select(_alias.c.id).where(_alias.c.record_type == name)).first() is not None
    )


def delete_record_type(session: Session, name: str) -> bool:
    """Delete a type that nothing uses; False when there was none. Rings ``types``."""
    ring(session, "types")
    return session.execute(delete(_type).where(_type.c.name == name)).rowcount > 0


_alias_columns = (_alias.c.id, _alias.c.address, _alias.c.record_type, _alias.c.defaults, _alias.c.policy)


def list_aliases(session: Session) -> list[Any]:
    """Every alias, by address."""
    return list(session.execute(select(*_alias_columns).order_by(_alias.c.address)))


def page_of_aliases(
    session: Session, *, before: str | None = None, after: str | None = None, limit: int,
    types: Collection[str] | None = None,
) -> list[Any]:  # fmt: skip
    """Aliases, by address. types: of these record types, None = all."""
    listed = select(*_alias_columns)
    if types is not None:
        listed = listed.where(_alias.c.record_type.in_(sorted(types)))
    return part(session, listed, _alias.c.address, before=before, after=after, limit=limit, rising=True)


def aliases_among(session: Session, addresses: Collection[str]) -> frozenset[str]:
    """Those of these normalised addresses that are aliases."""
    if not addresses:
        return frozenset()
    statement = select(_alias.c.address).where(_alias.c.address.in_(sorted(set(addresses))))
    return frozenset(session.execute(statement).scalars())


def alias(session: Session, address: str) -> Any | None:
    """One alias by its normalised address, None if there is none."""
    return session.execute(select(*_alias_columns).where(_alias.c.address == address)).one_or_none()


def alias_by_id(session: Session, alias_id: int) -> Any | None:
    """One alias by its id, None if it is gone."""
    return session.execute(select(*_alias_columns).where(_alias.c.id == alias_id)).one_or_none()


def put_alias(
    session: Session,
    address: str,
    record_type: str,
    defaults: dict[str, Any],
    policy: dict[str, Any],
    now: datetime,
) -> bool:
    """Write an alias; answers True when it is new. Rings ``types``."""
    values = {"record_type": record_type, "defaults": defaults, "policy": policy}
    ring(session, "types")
    if session.execute(update(_alias).where(_alias.c.address == address).values(values)).rowcount:
        return False
    session.execute(insert(_alias).values(address=address, created_at=now, **values))
    return True


def delete_alias(session: Session, address: str) -> bool:
    """Delete an alias; False when there was none. Rings ``types``."""
    ring(session, "types")
    return session.execute(delete(_alias).where(_alias.c.address == address)).rowcount > 0
