"""0012: what the console shows of a thread."""

from __future__ import annotations

from db.migrations import run_sql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    run_sql("0012_console.sql")
