"""What a record was called that was merged into another: its reader is told where it is now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two names; of what was merged before nobody knows them any more."""
    for name in ("record_type", "key"):
        op.add_column("thread_redirect", sa.Column(name, sa.Text(), nullable=True))
    op.create_index("ix_thread_redirect_name", "thread_redirect", ["record_type", "key"])
