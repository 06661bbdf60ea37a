"""Run migrations on the connection that ``store.schema`` hands over; never on one of Alembic's own."""

from __future__ import annotations

from alembic import context

from store.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    transactional_ddl=False,  # the caller's transaction carries everything
)
context.run_migrations()
