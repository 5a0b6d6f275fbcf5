"""0015: planners' overrides of a forecast."""

from __future__ import annotations

from db.migrations import run_sql

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    run_sql("0015_overrides.sql")
