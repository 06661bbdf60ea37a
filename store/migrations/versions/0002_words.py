"""Records, partners and mails are found by the words that name them, through an index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

from store.search import indexed

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MANY = 1000


def upgrade() -> None:
    """Add ``search_text`` and its index to the tables that lists are made of, and fill it."""
    _add("thread", ("key", "title"), lambda row: f"{row.key}\n{row.title}")
    _add("partner", ("name", "email"), _partner_words())
    names = ("subject", "reverse_path", "author", "message_id")
    _add("inbound_mail", names, lambda row: "\n".join(getattr(row, name) or "" for name in names))


def _add(name: str, columns: tuple[str, ...], words: Callable[[Any], str]) -> None:
    op.add_column(name, sa.Column("search_text", sa.Text(), nullable=False, server_default=""))
    for statement in _index(name):
        op.execute(statement)
    table = sa.table(name, sa.column("id"), sa.column("search_text"), *(sa.column(one) for one in columns))
    bind = op.get_bind()
    last = 0
    while rows := bind.execute(_batch(table, columns, last)).all():
        for row in rows:
            filled = sa.update(table).where(table.c.id == row.id).values(search_text=indexed(words(row)))
            bind.execute(filled)
        last = rows[-1].id


def _batch(table: Any, columns: tuple[str, ...], last: int) -> Any:
    chosen = sa.select(table.c.id, *(table.c[name] for name in columns))
    return chosen.where(table.c.id > last).order_by(table.c.id).limit(_MANY)


def _partner_words() -> Callable[[Any], str]:
    """A partner is named by his name and by all his addresses."""
    address = sa.table("address", sa.column("address"), sa.column("partner_id"))
    bind = op.get_bind()

    def words(row: Any) -> str:
        chosen = (
            sa.select(address.c.address).where(address.c.partner_id == row.id).order_by(address.c.address)
        )
        return "\n".join([row.name, *bind.execute(chosen).scalars()])

    return words


def _index(name: str) -> tuple[str, ...]:
    if op.get_bind().dialect.name == "postgresql":
        return (f"CREATE INDEX ix_{name}_words ON {name} USING gin (to_tsvector('simple', search_text))",)
    return (
        f"CREATE VIRTUAL TABLE {name}_words USING fts5(search_text, content='{name}', content_rowid='id',"
        " tokenize='ascii', columnsize=0, prefix='2 3')",
        f"""
        CREATE TRIGGER {name}_words_add AFTER INSERT ON {name} WHEN new.search_text != '' BEGIN
            INSERT INTO {name}_words (rowid, search_text) VALUES (new.id, new.search_text);
        END
        """,
        f"""
        CREATE TRIGGER {name}_words_drop AFTER DELETE ON {name} WHEN old.search_text != '' BEGIN
            INSERT INTO {name}_words ({name}_words, rowid, search_text) VALUES ('delete', old.id, old.search_text);
        END
        """,
        f"""
        CREATE TRIGGER {name}_words_change AFTER UPDATE OF search_text ON {name} WHEN new.search_text != old.search_text
        BEGIN
            INSERT INTO {name}_words ({name}_words, rowid, search_text)
            SELECT 'delete', old.id, old.search_text WHERE old.search_text != '';
            INSERT INTO {name}_words (rowid, search_text)
            SELECT new.id, new.search_text WHERE new.search_text != '';
        END
        """,
    )
