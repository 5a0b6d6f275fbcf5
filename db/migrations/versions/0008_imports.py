"""0008: deliveries are kept by content and moment."""

from __future__ import annotations

from db.migrations import run_sql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run_sql("0008_imports.sql")
