"""Alembic's entry: runs what is missing, each migration in its own transaction, on the connection of `db.migrate`.

Knows no URL and reads no file of settings.
"""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema="quartermaster",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
