"""A message keeps whom its author named in To and Cc."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add ``addressees`` to the messages; those that are there named nobody."""
    op.add_column("message", sa.Column("addressees", sa.JSON(), nullable=True))
