"""Alembic's entry: runs the migrations on the connection, and in the transaction, that
`store/migrate.py` hands over."""

from __future__ import annotations

from alembic import context

from stateroom.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # The transaction is ours and holds all of it: a crash in the middle leaves the old schema.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
