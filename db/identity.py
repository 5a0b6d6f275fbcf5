"""Reads that answer which code, alias, trade number or name a text could mean. It ranks nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, LiteralString

from psycopg import Connection
from psycopg.rows import DictRow, class_row

Kind = Literal["sku", "site", "supplier", "customer", "lot", "order"]


@dataclass(frozen=True)
class Known:
    """Something this tenant has: its kind, its code, and what it is called."""

    kind: Kind
    code: str
    name: str


CODES: LiteralString = """
SELECT 'sku' AS kind, sku AS code, name FROM item WHERE lower(sku) = lower(%(text)s)
UNION SELECT 'site', site, name FROM site WHERE lower(site) = lower(%(text)s) OR gln = %(text)s
UNION SELECT 'supplier', supplier, name FROM supplier WHERE lower(supplier) = lower(%(text)s)
UNION SELECT 'customer', customer, name FROM customer WHERE lower(customer) = lower(%(text)s)
UNION SELECT 'lot', lot, 'lot of ' || string_agg(DISTINCT sku, ', ' ORDER BY sku) FROM stock
       WHERE lot <> '' AND lower(lot) = lower(%(text)s) GROUP BY lot
UNION SELECT 'order', order_no, 'purchase order' FROM purchase_order_line WHERE lower(order_no) = lower(%(text)s)
UNION SELECT 'order', order_no, 'transfer order' FROM transfer_order_line WHERE lower(order_no) = lower(%(text)s)
UNION SELECT 'order', order_no, 'customer order' FROM customer_order_line WHERE lower(order_no) = lower(%(text)s)
ORDER BY 1, 2, 3"""

ALIASES: LiteralString = """
SELECT DISTINCT 'sku' AS kind, i.sku AS code, i.name FROM item_alias a JOIN item i USING (tenant, sku)
 WHERE lower(a.alias) = lower(%(text)s) ORDER BY 2"""

TRADE_NUMBERS: LiteralString = """
SELECT 'sku' AS kind, sku AS code, name FROM item WHERE lpad(gtin, 14, '0') = %(gtin14)s ORDER BY 2"""

NAMES: LiteralString = """
SELECT 'sku' AS kind, sku AS code, name FROM item
UNION ALL SELECT 'sku', i.sku, a.alias FROM item_alias a JOIN item i USING (tenant, sku)
UNION ALL SELECT 'site', site, name FROM site
UNION ALL SELECT 'supplier', supplier, name FROM supplier
UNION ALL SELECT 'customer', customer, name FROM customer
ORDER BY 1, 2, 3"""


def by_code(connection: Connection[DictRow], text: str) -> list[Known]:
    """Everything whose code (or, for a site, location number) is `text`, whatever its case."""
    return _known(connection, CODES, text=text)


def by_alias(connection: Connection[DictRow], text: str) -> list[Known]:
    """Items with this alias, whatever its case."""
    return _known(connection, ALIASES, text=text)


def by_trade_number(connection: Connection[DictRow], gtin14: str) -> list[Known]:
    """Items with this GTIN, given in 14 digits."""
    return _known(connection, TRADE_NUMBERS, gtin14=gtin14)


def all_names(connection: Connection[DictRow]) -> list[Known]:
    """Every name of items (and aliases), sites, suppliers and customers."""
    return _known(connection, NAMES)


def _known(connection: Connection[DictRow], sql: LiteralString, **values: str) -> list[Known]:
    with connection.cursor(row_factory=class_row(Known)) as cursor:
        return cursor.execute(sql, values).fetchall()
