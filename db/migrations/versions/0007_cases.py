"""0007: cases that are worked again, and closed when the finding is gone."""

from __future__ import annotations

from db.migrations import run_sql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run_sql("0007_cases.sql")
