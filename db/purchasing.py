"""Reads of what buying must respect: order days, price breaks, capacity, qualification, budgets, successors, records.

It never writes. Every function takes a connection inside a tenant's transaction; row-level security limits what it
sees. None for names means all of them. Money is `Decimal` in the tenant's one currency, quantities in base units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Literal, LiteralString, TypeVar

from psycopg import Connection
from psycopg.rows import DictRow, class_row

from db.demand import Names, as_list

ANY = "*"
Row = TypeVar("Row")


@dataclass(frozen=True)
class SupplierTerms:
    """What one order with a supplier must reach, what it loads by (None: by any amount) and costs us; volumes in m³."""

    supplier: str
    name: str
    currency: str
    minimum_order_value: Decimal
    minimum_order_volume: Decimal
    container_volume: Decimal | None
    order_cost: Decimal


@dataclass(frozen=True)
class OrderCalendar:
    """When a supplier takes orders for a site ('*': every site without a row of its own).

    `order_days` are weekdays, 0 is Monday; after `cut_off` (None: midnight) in `timezone` (None: the site's) an order
    is one of the next order day. Deliveries of the next `frozen_days` days stay as they are.
    """

    supplier: str
    site: str
    order_days: list[int]
    cut_off: time | None
    timezone: str | None
    frozen_days: int


@dataclass(frozen=True)
class PriceBreak:
    """The cost of each unit of an order line of at least `from_quantity`."""

    sku: str
    supplier: str
    from_quantity: Decimal
    unit_cost: Decimal


@dataclass(frozen=True)
class Capacity:
    """The most that a supplier takes orders for in a period; `used`: what was ordered in it, by the same measure."""

    supplier: str
    sku: str
    starts_on: date
    ends_on: date
    measure: Literal["units", "value", "volume"]
    amount: Decimal
    used: Decimal

    @property
    def left(self) -> Decimal:
        """What may still be ordered; never negative."""
        return max(self.amount - self.used, Decimal(0))


@dataclass(frozen=True)
class Qualification:
    """A supplier that is excluded, or qualified, for an item ('*': every) and a customer ('*': whoever)."""

    supplier: str
    sku: str
    customer: str
    standing: Literal["qualified", "excluded"]
    reason: str | None


@dataclass(frozen=True)
class Budget:
    """Open-to-buy of a period; '*' is any. `used`: value at cost of what was ordered in the period already."""

    budget: str
    starts_on: date
    ends_on: date
    supplier: str
    category: str
    site: str
    amount: Decimal
    currency: str
    used: Decimal

    @property
    def left(self) -> Decimal:
        """What may still be spent; never negative."""
        return max(self.amount - self.used, Decimal(0))


@dataclass(frozen=True)
class Supersession:
    """From `starts_on` on, `successor` is bought instead of `sku`."""

    sku: str
    successor: str
    starts_on: date


@dataclass(frozen=True)
class SupplierRecord:
    """How long a supplier's received order lines took, beside what was agreed: parallel lists, oldest order first."""

    supplier: str
    agreed_days: list[int]
    actual_days: list[int]


TERMS: LiteralString = """
SELECT supplier, name, currency, minimum_order_value, minimum_order_volume, container_volume, order_cost FROM supplier
 WHERE %(suppliers)s::text[] IS NULL OR supplier = ANY(%(suppliers)s) ORDER BY supplier"""

CALENDARS: LiteralString = """
SELECT supplier, site, cut_off, timezone, frozen_days,
       ARRAY(SELECT array_position(ARRAY['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], day) - 1
               FROM unnest(string_to_array(order_days, ' ')) AS day ORDER BY 1) AS order_days
  FROM supplier_calendar
 WHERE %(suppliers)s::text[] IS NULL OR supplier = ANY(%(suppliers)s) ORDER BY supplier, site"""

BREAKS: LiteralString = """
SELECT sku, supplier, from_quantity, unit_cost FROM price_break
 WHERE %(skus)s::text[] IS NULL OR sku = ANY(%(skus)s) ORDER BY sku, supplier, from_quantity"""

UNIT_COST: LiteralString = """
SELECT least(i.unit_cost, (SELECT min(b.unit_cost) FROM price_break b
                            WHERE b.sku = i.sku AND b.supplier = i.supplier AND b.from_quantity <= %(quantity)s)
            ) AS unit_cost
  FROM item_supplier i WHERE i.sku = %(sku)s AND i.supplier = %(supplier)s"""

CAPACITIES: LiteralString = """
SELECT c.supplier, c.sku, c.starts_on, c.ends_on, c.measure, c.amount,
       coalesce((SELECT sum(CASE c.measure WHEN 'units' THEN o.quantity WHEN 'value' THEN o.quantity * o.unit_cost
                            ELSE o.quantity * i.unit_volume END)
                   FROM purchase_order_line o JOIN item i USING (tenant, sku)
                  WHERE o.supplier = c.supplier AND c.sku IN ('*', o.sku)
                    AND o.ordered_on BETWEEN c.starts_on AND c.ends_on), 0) AS used
  FROM supplier_capacity c
 WHERE (%(suppliers)s::text[] IS NULL OR c.supplier = ANY(%(suppliers)s))
   AND c.ends_on >= %(since)s AND c.starts_on <= %(until)s
 ORDER BY c.supplier, c.sku, c.starts_on, c.measure"""

QUALIFICATIONS: LiteralString = """
SELECT supplier, sku, customer, standing, reason FROM qualification
 WHERE (%(skus)s::text[] IS NULL OR sku = '*' OR sku = ANY(%(skus)s)) AND (ends_on IS NULL OR ends_on >= %(today)s)
 ORDER BY supplier, sku, customer, standing"""

BUDGETS: LiteralString = """
SELECT b.budget, b.starts_on, b.ends_on, b.supplier, b.category, b.site, b.amount, b.currency,
       coalesce((SELECT sum(o.quantity * o.unit_cost)
                   FROM purchase_order_line o JOIN item i USING (tenant, sku)
                  WHERE o.ordered_on BETWEEN b.starts_on AND b.ends_on AND b.supplier IN ('*', o.supplier)
                    AND b.site IN ('*', o.site) AND (b.category = '*' OR b.category = i.category)), 0) AS used
  FROM budget b WHERE b.ends_on >= %(since)s AND b.starts_on <= %(until)s ORDER BY b.budget, b.starts_on"""

SUPERSESSIONS: LiteralString = """
SELECT sku, successor, starts_on FROM supersession
 WHERE %(skus)s::text[] IS NULL OR sku = ANY(%(skus)s) OR successor = ANY(%(skus)s) ORDER BY sku"""

RECORDS: LiteralString = """
SELECT supplier, array_agg(due_on - ordered_on ORDER BY ordered_on, order_no, line_no) AS agreed_days,
       array_agg(received_on - ordered_on ORDER BY ordered_on, order_no, line_no) AS actual_days
  FROM purchase_order_line
 WHERE received_on >= %(since)s AND (%(suppliers)s::text[] IS NULL OR supplier = ANY(%(suppliers)s))
 GROUP BY supplier ORDER BY supplier"""

CATEGORIES: LiteralString = """
SELECT sku, category FROM item WHERE category IS NOT NULL AND (%(skus)s::text[] IS NULL OR sku = ANY(%(skus)s))"""


def supplier_terms(connection: Connection[DictRow], suppliers: Names = None) -> list[SupplierTerms]:
    """What an order with each supplier must reach."""
    return _rows(connection, SupplierTerms, TERMS, suppliers=as_list(suppliers))


def calendars(connection: Connection[DictRow], suppliers: Names = None) -> list[OrderCalendar]:
    """Order days; a supplier without a row takes orders on every day."""
    return _rows(connection, OrderCalendar, CALENDARS, suppliers=as_list(suppliers))


def price_breaks(connection: Connection[DictRow], skus: Names = None) -> list[PriceBreak]:
    """Lower costs of larger orders, the smallest quantity first."""
    return _rows(connection, PriceBreak, BREAKS, skus=as_list(skus))


def unit_cost(connection: Connection[DictRow], sku: str, supplier: str, quantity: Decimal) -> Decimal | None:
    """What each of `quantity` units costs in one order line; None when the supplier does not sell the item."""
    row = connection.execute(UNIT_COST, {"sku": sku, "supplier": supplier, "quantity": quantity}).fetchone()
    return None if row is None else row["unit_cost"]


def capacities(connection: Connection[DictRow], *, since: date, until: date, suppliers: Names = None) -> list[Capacity]:
    """Capacity of periods that touch `since` … `until`."""
    return _rows(connection, Capacity, CAPACITIES, since=since, until=until, suppliers=as_list(suppliers))


def qualifications(connection: Connection[DictRow], today: date, skus: Names = None) -> list[Qualification]:
    """Exclusions and qualifications that hold today, for these items or for every item."""
    return _rows(connection, Qualification, QUALIFICATIONS, today=today, skus=as_list(skus))


def budgets(connection: Connection[DictRow], *, since: date, until: date) -> list[Budget]:
    """Budgets of periods that touch `since` … `until`."""
    return _rows(connection, Budget, BUDGETS, since=since, until=until)


def supersessions(connection: Connection[DictRow], skus: Names = None) -> list[Supersession]:
    """Which items end or follow others."""
    return _rows(connection, Supersession, SUPERSESSIONS, skus=as_list(skus))


def records(connection: Connection[DictRow], *, since: date, suppliers: Names = None) -> list[SupplierRecord]:
    """What was received from each supplier since a day; a supplier that delivered nothing has no row."""
    return _rows(connection, SupplierRecord, RECORDS, since=since, suppliers=as_list(suppliers))


def categories(connection: Connection[DictRow], skus: Names = None) -> Mapping[str, str]:
    """The product group of each item that has one."""
    return {row["sku"]: row["category"] for row in connection.execute(CATEGORIES, {"skus": as_list(skus)}).fetchall()}


def _rows(connection: Connection[DictRow], kind: type[Row], sql: LiteralString, **values: object) -> list[Row]:
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        # See db.network: a generic plan cannot drop "names IS NULL OR".
        return cursor.execute(sql, values, prepare=False).fetchall()
