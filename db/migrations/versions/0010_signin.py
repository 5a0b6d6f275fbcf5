"""0010: API keys, passwords and sessions of people."""

from __future__ import annotations

from db.migrations import run_sql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run_sql("0010_signin.sql")
