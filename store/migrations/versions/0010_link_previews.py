"""What the links of a message lead to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXTS = ("url", "domain", "state", "kind", "title", "description", "site_name", "image_url", "detail")


def upgrade() -> None:
    """Enter the table; the links of messages that are there get no preview."""
    op.create_table(
        "link_preview",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("message_id", _BIG, nullable=False),
        sa.Column("position", _BIG, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _TEXTS),
        sa.Column("attempts", _BIG, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("lease", _BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name="fk_link_preview_message_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_link_preview"),
        sqlite_autoincrement=True,
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index("ix_link_preview_message", "link_preview", ["message_id", "position"])
    op.create_index(
        "ix_link_preview_due", "link_preview", ["due_at"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.create_index("ix_link_preview_asked", "link_preview", ["domain", "asked_at"])
