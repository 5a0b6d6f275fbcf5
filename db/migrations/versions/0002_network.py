"""0002: the warehouse network, its stock, orders, demand and forecasts."""

from __future__ import annotations

from db.migrations import run_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_sql("0002_network.sql")
