"""0001: tenants, their isolation, the schemas and the job queue."""

from __future__ import annotations

from db.migrations import run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_sql("0001_procrastinate.sql")
    run_sql("0001_foundation.sql")
