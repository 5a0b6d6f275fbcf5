"""0003: the audit store: events, the tree, checkpoints."""

from __future__ import annotations

from db.migrations import run_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_sql("0003_audit.sql")
