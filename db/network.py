"""Reads of the warehouse network: one frozen row type a table, one function a question. It never writes.

Every function takes a connection inside a tenant's transaction; row-level security limits what it sees. `skus`, `sites`
None means all. Quantities are `Decimal` in the item's base unit, money is `Decimal` in the row's currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, LiteralString, TypeVar
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow, class_row

from db.demand import DemandRows as DemandRows
from db.demand import Names
from db.demand import Promotion as Promotion
from db.demand import demand as demand
from db.demand import promotions as promotions

StorageClass = Literal["ambient", "chilled", "frozen"]
StockState = Literal["available", "reserved", "quarantined", "damaged"]
Tier = Literal["gold", "silver", "bronze"]
Row = TypeVar("Row")


@dataclass(frozen=True)
class Batch:
    """The newest import: which data we stand on."""

    batch_id: UUID
    content_hash: str
    as_of: datetime
    provenance: str


@dataclass(frozen=True)
class Site:
    """A warehouse, shop or hub; `cold_capacity` in m³, None without a cold room."""

    site: str
    name: str
    kind: str
    timezone: str
    cold_capacity: Decimal | None


@dataclass(frozen=True)
class Item:
    """An article; `unit_volume` in m³ a base unit, `pack` the base units in its smallest case (None: it has none)."""

    sku: str
    name: str
    unit: str
    unit_cost: Decimal
    unit_price: Decimal
    currency: str
    storage_class: StorageClass
    shelf_life_days: int | None
    unit_volume: Decimal
    pack: Decimal | None = None


@dataclass(frozen=True)
class ItemSite:
    """An item at a site; without a demand row a day since `listed_on` is a day of zero demand."""

    sku: str
    site: str
    listed_on: date
    reorder_point: Decimal | None
    order_up_to: Decimal | None
    safety_stock: Decimal | None
    service_level: Decimal | None
    supply_from: str | None


@dataclass(frozen=True)
class ItemSupplier:
    """Terms on which a supplier sells an item; `supplier_currency` is the supplier's."""

    sku: str
    supplier: str
    supplier_name: str
    unit_cost: Decimal
    lead_time_days: Decimal
    lead_time_sd_days: Decimal
    minimum_order_quantity: Decimal
    order_multiple: Decimal
    preferred: bool
    minimum_order_value: Decimal
    supplier_currency: str
    provenance: str


@dataclass(frozen=True)
class StockLot:
    """Stock of one lot in one state; `lot` is empty where the item is not kept by lot."""

    sku: str
    site: str
    lot: str
    state: StockState
    quantity: Decimal
    expires_on: date | None
    counted_at: datetime
    provenance: str
    batch_id: UUID
    source_row: int | None


@dataclass(frozen=True)
class PurchaseLine:
    """An open purchase order line; `promised_on` is the supplier's latest word."""

    order_no: str
    line_no: int
    supplier: str
    sku: str
    site: str
    quantity: Decimal
    received: Decimal
    unit_cost: Decimal
    due_on: date
    promised_on: date | None

    @property
    def outstanding(self) -> Decimal:
        """Units still to come."""
        return max(self.quantity - self.received, Decimal(0))

    @property
    def expected_on(self) -> date:
        """The latest word, else the agreed day."""
        return self.promised_on or self.due_on


@dataclass(frozen=True)
class TransferLine:
    """An open transfer between two sites; in transit once it is shipped."""

    order_no: str
    line_no: int
    sku: str
    source: str
    destination: str
    lot: str
    quantity: Decimal
    shipped_on: date | None
    due_on: date


@dataclass(frozen=True)
class CustomerLine:
    """A customer order line not yet shipped."""

    order_no: str
    line_no: int
    customer: str
    tier: Tier
    sku: str
    site: str
    quantity: Decimal
    due_on: date


@dataclass(frozen=True)
class Lane:
    """A road between two sites; costs in `currency`, volume in m³, a truck's fixed cost and capacity."""

    source: str
    destination: str
    lead_time_days: int
    fixed_cost: Decimal
    cost_per_m3: Decimal
    capacity_m3: Decimal
    chilled: bool
    currency: str


BATCH: LiteralString = """
SELECT batch_id, content_hash, as_of, provenance FROM import_batch ORDER BY imported_at DESC, batch_id LIMIT 1"""

SITES: LiteralString = """
SELECT site, name, kind, timezone, cold_capacity FROM site
 WHERE %(sites)s::text[] IS NULL OR site = ANY(%(sites)s) ORDER BY site"""

ITEMS: LiteralString = """
SELECT sku, name, unit, unit_cost, unit_price, currency, storage_class, shelf_life_days, unit_volume,
       (SELECT min(factor) FROM item_pack p WHERE p.tenant = i.tenant AND p.sku = i.sku AND factor > 1) AS pack
  FROM item i
 WHERE %(skus)s::text[] IS NULL OR sku = ANY(%(skus)s) ORDER BY sku"""

ITEM_SITES: LiteralString = """
SELECT sku, site, listed_on, reorder_point, order_up_to, safety_stock, service_level, supply_from FROM item_site
 WHERE (%(skus)s::text[] IS NULL OR sku = ANY(%(skus)s)) AND (%(sites)s::text[] IS NULL OR site = ANY(%(sites)s))
 ORDER BY sku, site"""

# What holds for whomever it is bought: exclusions, and items for which only the suppliers that are named may deliver.
ITEM_SUPPLIERS: LiteralString = """
WITH in_force AS (
    SELECT supplier, sku, standing FROM qualification
     WHERE customer = '*' AND (ends_on IS NULL OR ends_on >= (
        SELECT coalesce(clock_at, now()) FROM tenant
         WHERE tenant = current_setting('quartermaster.tenant', true))::date)
)
SELECT i.sku, i.supplier, s.name AS supplier_name, i.unit_cost, i.lead_time_days, i.lead_time_sd_days,
       i.minimum_order_quantity, i.order_multiple, i.preferred, s.minimum_order_value,
       s.currency AS supplier_currency, i.provenance
  FROM item_supplier i JOIN supplier s USING (tenant, supplier)
 WHERE (%(skus)s::text[] IS NULL OR i.sku = ANY(%(skus)s))
   AND NOT EXISTS (SELECT FROM in_force q
                    WHERE q.standing = 'excluded' AND q.supplier = i.supplier AND q.sku IN ('*', i.sku))
   AND (NOT EXISTS (SELECT FROM in_force q WHERE q.standing = 'qualified' AND q.sku = i.sku)
        OR EXISTS (SELECT FROM in_force q
                    WHERE q.standing = 'qualified' AND q.sku = i.sku AND q.supplier = i.supplier))
 ORDER BY i.sku, i.preferred DESC, i.supplier"""

STOCK: LiteralString = """
SELECT sku, site, lot, state, quantity, expires_on, counted_at, provenance, batch_id, source_row FROM stock
 WHERE (%(skus)s::text[] IS NULL OR sku = ANY(%(skus)s)) AND (%(sites)s::text[] IS NULL OR site = ANY(%(sites)s))
   AND (%(lot)s::text IS NULL OR lot = %(lot)s)
 ORDER BY sku, site, state, expires_on NULLS LAST, lot"""

PURCHASES: LiteralString = """
SELECT order_no, line_no, supplier, sku, site, quantity, received, unit_cost, due_on, promised_on
  FROM purchase_order_line
 WHERE received_on IS NULL AND (%(skus)s::text[] IS NULL OR sku = ANY(%(skus)s))
   AND (%(sites)s::text[] IS NULL OR site = ANY(%(sites)s))
   AND (%(supplier)s::text IS NULL OR supplier = %(supplier)s)
 ORDER BY due_on, order_no, line_no"""

ONE_PURCHASE: LiteralString = """
SELECT order_no, line_no, supplier, sku, site, quantity, received, unit_cost, due_on, promised_on
  FROM purchase_order_line WHERE order_no = %(order_no)s AND line_no = %(line_no)s"""

TRANSFERS: LiteralString = """
SELECT order_no, line_no, sku, source, destination, lot, quantity, shipped_on, due_on FROM transfer_order_line
 WHERE received_on IS NULL AND (%(skus)s::text[] IS NULL OR sku = ANY(%(skus)s))
   AND (%(sites)s::text[] IS NULL OR source = ANY(%(sites)s) OR destination = ANY(%(sites)s))
 ORDER BY due_on, order_no, line_no"""

CUSTOMER_ORDERS: LiteralString = """
SELECT o.order_no, o.line_no, o.customer, coalesce(c.tier, 'bronze') AS tier, o.sku, o.site, o.quantity, o.due_on
  FROM customer_order_line o LEFT JOIN customer c USING (tenant, customer)
 WHERE o.shipped_on IS NULL AND (%(skus)s::text[] IS NULL OR o.sku = ANY(%(skus)s))
   AND (%(sites)s::text[] IS NULL OR o.site = ANY(%(sites)s))
 ORDER BY o.due_on, o.order_no, o.line_no"""

SUPPLIER_CURRENCY: LiteralString = "SELECT currency FROM supplier WHERE supplier = %(supplier)s"

LANES: LiteralString = """
SELECT source, destination, lead_time_days, fixed_cost, cost_per_m3, capacity_m3, chilled, currency FROM lane
 WHERE (%(sources)s::text[] IS NULL OR source = ANY(%(sources)s))
   AND (%(sites)s::text[] IS NULL OR destination = ANY(%(sites)s)) ORDER BY source, destination"""


def newest_batch(connection: Connection[DictRow]) -> Batch | None:
    """The newest import; None when nothing was ever imported."""
    return next(iter(_rows(connection, Batch, BATCH)), None)


def sites(connection: Connection[DictRow], names: Names = None) -> list[Site]:
    """Sites, by code."""
    return _rows(connection, Site, SITES, sites=names)


def items(connection: Connection[DictRow], skus: Names = None) -> list[Item]:
    """Items, by SKU."""
    return _rows(connection, Item, ITEMS, skus=skus)


def item_sites(connection: Connection[DictRow], skus: Names = None, sites: Names = None) -> list[ItemSite]:
    """Which items are listed where."""
    return _rows(connection, ItemSite, ITEM_SITES, skus=skus, sites=sites)


def item_suppliers(connection: Connection[DictRow], skus: Names = None) -> list[ItemSupplier]:
    """Terms of the suppliers that may deliver (nobody excluded them), the preferred one first."""
    return _rows(connection, ItemSupplier, ITEM_SUPPLIERS, skus=skus)


def stock(
    connection: Connection[DictRow], skus: Names = None, sites: Names = None, lot: str | None = None
) -> list[StockLot]:
    """Stock by lot and state, the lot that expires first first."""
    return _rows(connection, StockLot, STOCK, skus=skus, sites=sites, lot=lot)


def open_purchases(
    connection: Connection[DictRow], skus: Names = None, sites: Names = None, supplier: str | None = None
) -> list[PurchaseLine]:
    """Purchase order lines not yet received in full."""
    return _rows(connection, PurchaseLine, PURCHASES, skus=skus, sites=sites, supplier=supplier)


def purchase_line(connection: Connection[DictRow], order_no: str, line_no: int) -> PurchaseLine | None:
    """One purchase order line, open or not."""
    return next(iter(_rows(connection, PurchaseLine, ONE_PURCHASE, order_no=order_no, line_no=line_no)), None)


def open_transfers(connection: Connection[DictRow], skus: Names = None, sites: Names = None) -> list[TransferLine]:
    """Transfers on the way to or from `sites`."""
    return _rows(connection, TransferLine, TRANSFERS, skus=skus, sites=sites)


def open_customer_orders(
    connection: Connection[DictRow], skus: Names = None, sites: Names = None
) -> list[CustomerLine]:
    """Customer order lines not yet shipped; a customer we do not know counts as bronze."""
    return _rows(connection, CustomerLine, CUSTOMER_ORDERS, skus=skus, sites=sites)


def supplier_currency(connection: Connection[DictRow], supplier: str) -> str | None:
    """The currency in which the supplier sells; None when there is no such supplier."""
    row = connection.execute(SUPPLIER_CURRENCY, {"supplier": supplier}).fetchone()
    return None if row is None else str(row["currency"])


def lanes(connection: Connection[DictRow], destinations: Names = None, sources: Names = None) -> list[Lane]:
    """Lanes into `destinations` from `sources`."""
    return _rows(connection, Lane, LANES, sites=destinations, sources=sources)


def _rows(connection: Connection[DictRow], kind: type[Row], sql: LiteralString, **values: object) -> list[Row]:
    parameters = {key: list(value) if isinstance(value, (tuple, set)) else value for key, value in values.items()}
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        # A prepared statement's generic plan cannot drop "names IS NULL OR": it reads whole tables (500 ms for 2).
        return cursor.execute(sql, parameters, prepare=False).fetchall()
