"""Reads of what units sold for, by day. It never writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import DictRow, class_row


@dataclass(frozen=True)
class PriceOfDay:
    """The price of a unit on a day on which it is known."""

    day: date
    price: float


PRICES: LiteralString = """
SELECT day, unit_price::float8 AS price FROM demand
 WHERE sku = %(sku)s AND site = %(site)s AND day >= %(since)s AND day < %(before)s AND unit_price IS NOT NULL
 ORDER BY day"""


def prices(connection: Connection[DictRow], sku: str, site: str, *, since: date, before: date) -> list[PriceOfDay]:
    """Known prices from `since` up to, not including, `before`."""
    values = {"sku": sku, "site": site, "since": since, "before": before}
    with connection.cursor(row_factory=class_row(PriceOfDay)) as cursor:
        # See db.network: a generic plan would read the whole history.
        return cursor.execute(PRICES, values, prepare=False).fetchall()
