"""0009: SOPs in versions, sections and embeddings."""

from __future__ import annotations

from db.migrations import run_sql

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run_sql("0009_documents.sql")
