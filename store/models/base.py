"""What all tables share: the metadata, UTC times, 64-bit ids, sets of names.

Queries use the tables (``Message.__table__``) with SQLAlchemy Core; no unit of work is used anywhere
(HACKING.md, Decisions). The classes are the documented nouns, the migrations' source and the names.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData, Table, Text
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite autoincrements INTEGER only; it is 64 bit

NEVER_AGAIN = {"sqlite_autoincrement": True}
"""Table argument: SQLite gives the id of a deleted row to nobody; others keep it for years."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime, in and out; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive time reached the store: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class NameSet(TypeDecorator[frozenset[str]]):
    """A small set of names in one text column, `` discussions note ``, so that LIKE '% note %' finds it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: frozenset[str] | None, dialect: Dialect) -> str | None:
        return None if value is None else f" {' '.join(sorted(value))} " if value else " "

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[str] | None:
        return None if value is None else frozenset(value.split())


class Base(DeclarativeBase):
    """The metadata with fixed constraint names, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        int: BigId,
        str: Text,
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        frozenset[str]: NameSet,
    }

    @classmethod
    def table(cls) -> Table:
        """The Core table of this noun."""
        return cast(Table, cls.__table__)
