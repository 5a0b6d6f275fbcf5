"""0005: closes what the operator's and the executor's credentials could still forge."""

from __future__ import annotations

from db.migrations import run_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_sql("0005_forgery.sql")
