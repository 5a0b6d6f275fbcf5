"""0004: events, cases, evidence, proposals, decisions, approvals, people and the outbox."""

from __future__ import annotations

from db.migrations import run_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_sql("0004_actions.sql")
