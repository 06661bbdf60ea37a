"""A template says when what is made from it is sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add ``send_at``; what the templates that are there make goes at once, as before."""
    op.add_column("template", sa.Column("send_at", sa.Text(), nullable=False, server_default=""))
