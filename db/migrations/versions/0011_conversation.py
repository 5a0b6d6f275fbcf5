"""0011: threads of conversations and the graph's saver."""

from __future__ import annotations

from db.migrations import run_sql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    run_sql("0011_conversation.sql")
