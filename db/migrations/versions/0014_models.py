"""0014: the model registry: what serves, since when, by whose word, and how it does."""

from __future__ import annotations

from db.migrations import run_sql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    run_sql("0014_models.sql")
