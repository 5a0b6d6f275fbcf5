"""0013: what suppliers allow: price breaks, order days, capacity, qualification, budgets, supersession."""

from __future__ import annotations

from db.migrations import run_sql

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    run_sql("0013_purchasing.sql")
