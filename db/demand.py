"""Reads of what was sold and of what moved it: demand by day, and promotions. It never writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import LiteralString, TypeVar

from psycopg import Connection
from psycopg.rows import DictRow, class_row

Names = Sequence[str] | None
Row = TypeVar("Row")


@dataclass(frozen=True)
class Promotion:
    """A price cut; `site` '*' means everywhere, nobody could plan with it before `known_on`."""

    promotion: str
    sku: str
    site: str
    starts_on: date
    ends_on: date
    discount: Decimal
    known_on: date


@dataclass(frozen=True)
class DemandRows:
    """The recorded days of one series, ascending; days that are not named were days without demand."""

    sku: str
    site: str
    days: list[date]
    quantities: list[float]
    stocked_out: list[bool]


PROMOTIONS: LiteralString = """
SELECT promotion, sku, site, starts_on, ends_on, discount, known_on FROM promotion
 WHERE (%(skus)s::text[] IS NULL OR sku = ANY(%(skus)s)) AND ends_on >= %(since)s AND starts_on <= %(until)s
   AND known_on <= %(today)s ORDER BY starts_on, promotion"""

DEMAND: LiteralString = """
SELECT sku, site, array_agg(day ORDER BY day) AS days, array_agg(quantity::float8 ORDER BY day) AS quantities,
       array_agg(stocked_out ORDER BY day) AS stocked_out
  FROM demand
 WHERE (%(skus)s::text[] IS NULL OR sku = ANY(%(skus)s)) AND (%(sites)s::text[] IS NULL OR site = ANY(%(sites)s))
   AND day >= %(since)s AND day < %(before)s GROUP BY sku, site"""


def newest_day(connection: Connection[DictRow]) -> date | None:
    """The last day with any recorded demand: later days are not yet known, not days without demand."""
    row = connection.execute("SELECT max(day) AS day FROM demand").fetchone()
    return None if row is None else row["day"]


def promotions(
    connection: Connection[DictRow], *, skus: Names, since: date, until: date, today: date
) -> list[Promotion]:
    """Promotions that touch `since` … `until` and were known by `today`."""
    return _rows(
        connection, Promotion, PROMOTIONS, {"skus": as_list(skus), "since": since, "until": until, "today": today}
    )


def demand(
    connection: Connection[DictRow], *, skus: Names, sites: Names, since: date, before: date
) -> list[DemandRows]:
    """Recorded demand from `since` up to, not including, `before`."""
    return _rows(
        connection,
        DemandRows,
        DEMAND,
        {"skus": as_list(skus), "sites": as_list(sites), "since": since, "before": before},
    )


def as_list(names: Names) -> list[str] | None:
    """Names as a statement takes them; None, all of them, stays None."""
    return None if names is None else list(names)


def _rows(
    connection: Connection[DictRow], kind: type[Row], sql: LiteralString, values: Mapping[str, object]
) -> list[Row]:
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        # See db.network: a generic plan would read the whole history.
        return cursor.execute(sql, values, prepare=False).fetchall()
