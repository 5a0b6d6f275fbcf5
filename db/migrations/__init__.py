"""Migrations in plain SQL: `versions/000N_name.py` runs `sql/000N_name.sql`. Forward only; a revision is its number."""

from __future__ import annotations

from importlib import resources

from alembic import op


def run_sql(name: str) -> None:
    """Execute one file of `sql/` as it is: several statements, `%` and `:` untouched by any driver's placeholders."""
    text = (resources.files("db.migrations.sql") / name).read_text(encoding="utf-8")
    driver = op.get_bind().connection.driver_connection
    if driver is None:
        raise RuntimeError("Migrations need a live connection; there is no offline mode.")
    driver.execute(text)
