"""Files: ids that are never used again, uploads that wait, those of templates; versions name files; failures by author."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NEVER_AGAIN = {"sqlite_autoincrement": True}
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add what is missing; on SQLite three tables are copied: it cannot change ids and references."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    copied: Literal["always", "never"] = "always" if is_sqlite else "never"
    op.add_column("message_version", sa.Column("files", sa.JSON(), nullable=True))
    with op.batch_alter_table("scheduled_message", recreate=copied, table_kwargs=_NEVER_AGAIN):
        pass
    with op.batch_alter_table("attachment", recreate=copied, table_kwargs=_NEVER_AGAIN) as attachment:
        attachment.add_column(sa.Column("pending", sa.Boolean(), nullable=False, server_default=sa.false()))
        attachment.add_column(sa.Column("scheduled_id", _BIG, nullable=True))
        attachment.create_foreign_key(
            "fk_attachment_scheduled_id", "scheduled_message", ["scheduled_id"], ["id"], ondelete="SET NULL"
        )
    _index("ix_attachment_scheduled", "attachment", ["scheduled_id"], "scheduled_id IS NOT NULL")
    _index("ix_attachment_pending", "attachment", ["created_at"], "pending AND message_id IS NULL")
    _index("ix_inbound_mail_blob", "inbound_mail", ["blob"], "blob IS NOT NULL")
    _templates(copied)
    _failures()


def _templates(copied: Literal["always", "never"]) -> None:
    with op.batch_alter_table("template", recreate=copied) as template:
        template.add_column(sa.Column("owner_id", _BIG, nullable=True))
        template.create_foreign_key(
            "fk_template_owner_id", "partner", ["owner_id"], ["id"], ondelete="SET NULL"
        )
    op.create_table(
        "template_file",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", _BIG, nullable=False),
        sa.Column("blob", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["template"], ["template.name"], name="fk_template_file_template", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_template_file"),
    )
    op.create_index("ix_template_file_template", "template_file", ["template"])
    op.create_index("ix_template_file_blob", "template_file", ["blob"])


def _failures() -> None:
    """Mail knows who wrote what it carries, so that his failures are found without looking at anybody else's."""
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    # written out, because SQLite takes a reference with its column or never, and this table is large
    op.execute(
        f"ALTER TABLE delivery ADD COLUMN author_id {kind}"
        " CONSTRAINT fk_delivery_author_id REFERENCES partner (id)"
    )
    op.execute(
        "UPDATE delivery SET author_id = (SELECT author_id FROM message WHERE message.id = delivery.message_id)"
        " WHERE message_id IS NOT NULL"
    )
    _index(
        "ix_delivery_failure",
        "delivery",
        ["author_id", "id"],
        "state IN ('failed', 'bounced', 'complained', 'suppressed')",
    )


def _index(name: str, table: str, columns: list[str], only: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(only), postgresql_where=sa.text(only))
