"""A delivery knows whether its reader, an outsider, was named in the note on purpose."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark; what waits was confirmed under the rule of then, by its reason alone."""
    op.add_column("delivery", sa.Column("confirmed", sa.Boolean(), nullable=False, server_default=sa.false()))
    delivery = sa.table("delivery", sa.column("confirmed", sa.Boolean()), sa.column("reason"))
    op.execute(sa.update(delivery).where(delivery.c.reason == "mention").values(confirmed=True))
