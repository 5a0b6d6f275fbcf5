"""Reads of what a whole site sold, by day: is a strange day the item's, or everybody's? It never writes."""

from __future__ import annotations

from datetime import date
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import DictRow

BUSIEST: LiteralString = """
SELECT sku FROM demand WHERE site = %(site)s AND day >= %(since)s AND day < %(before)s AND quantity > 0
 GROUP BY sku ORDER BY count(*) DESC, sku LIMIT %(limit)s"""


def busiest(connection: Connection[DictRow], site: str, *, since: date, before: date, limit: int) -> list[str]:
    """The SKUs that sold on most days from `since` up to, not including, `before`, most first."""
    values = {"site": site, "since": since, "before": before, "limit": limit}
    return [row["sku"] for row in connection.execute(BUSIEST, values, prepare=False)]
