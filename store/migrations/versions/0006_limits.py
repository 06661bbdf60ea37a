"""Limits: who arrived where is counted by author; the mails of a record are counted by their ids; courtesies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the author to arrivals, with an index; what arrived before is not counted."""
    op.add_column("arrival", sa.Column("author", sa.Text(), nullable=False, server_default=""))
    op.create_index("ix_arrival_author", "arrival", ["target", "author", "created_at"])
    op.create_index("ix_delivery_thread", "delivery", ["thread_id", "id"])
    op.drop_index("ix_delivery_thread_id", "delivery")
    op.create_index("ix_alias_record_type", "alias", ["record_type"])
    op.create_table(
        "courtesy",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "address", name=op.f("pk_courtesy")),
    )
