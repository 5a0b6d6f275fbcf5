"""0006: closes what the agent's credentials could still make the gate believe."""

from __future__ import annotations

from db.migrations import run_sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_sql("0006_boundary.sql")
