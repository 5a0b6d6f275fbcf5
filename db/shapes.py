"""The tables that an import writes, as the import knows them. It names columns and holds no statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import LiteralString


@dataclass(frozen=True)
class Shape:
    """A table as the import writes it: `converted` columns are multiplied into base units.

    `replaced`: which rows a new delivery takes away first (None: none), unless they belong to `subject` values of a row
    in quarantine: what is not known anew stays as it was known.
    """

    table: LiteralString
    columns: tuple[LiteralString, ...]
    key: tuple[LiteralString, ...]
    converted: tuple[LiteralString, ...] = ()
    provenance: bool = False
    replaced: LiteralString | None = None
    subject: tuple[LiteralString, ...] = ()


SHAPES: Mapping[str, Shape] = {
    "sites": Shape("site", ("site", "name", "kind", "country", "timezone", "gln", "cold_capacity"), ("site",)),
    "suppliers": Shape(
        "supplier",
        ("supplier", "name", "country", "minimum_order_value", "currency", "minimum_order_volume", "container_volume",
         "order_cost"),
        ("supplier",),
    ),
    "customers": Shape("customer", ("customer", "name", "tier"), ("customer",)),
    "items": Shape(
        "item",
        ("sku", "name", "gtin", "category", "unit", "unit_cost", "unit_price", "currency", "storage_class",
         "shelf_life_days", "unit_volume"),
        ("sku",),
    ),
    "item_packs": Shape("item_pack", ("sku", "unit", "factor"), ("sku", "unit")),
    "item_aliases": Shape("item_alias", ("alias", "sku"), ("alias", "sku")),
    "item_suppliers": Shape(
        "item_supplier",
        ("sku", "supplier", "unit_cost", "lead_time_days", "lead_time_sd_days", "minimum_order_quantity",
         "order_multiple", "preferred"),
        ("sku", "supplier"), provenance=True,
    ),
    "item_sites": Shape(
        "item_site",
        ("sku", "site", "listed_on", "reorder_point", "order_up_to", "safety_stock", "service_level", "supply_from",
         "planner"),
        ("sku", "site"), provenance=True,
    ),
    "lanes": Shape(
        "lane",
        ("source", "destination", "lead_time_days", "fixed_cost", "cost_per_m3", "capacity_m3", "chilled", "currency"),
        ("source", "destination"), provenance=True,
    ),
    "stock": Shape(
        "stock", ("sku", "site", "lot", "state", "quantity", "expires_on", "counted_at"),
        ("sku", "site", "lot", "state"), ("quantity",), provenance=True, replaced="true", subject=("sku", "site"),
    ),
    "demand": Shape(
        "demand", ("sku", "site", "day", "quantity", "unit_price", "stocked_out"), ("sku", "site", "day"), ("quantity",)
    ),
    "promotions": Shape(
        "promotion", ("promotion", "sku", "site", "starts_on", "ends_on", "discount", "known_on"),
        ("promotion", "sku", "site"),
    ),
    "purchase_orders": Shape(
        "purchase_order_line",
        ("order_no", "line_no", "supplier", "sku", "site", "quantity", "received", "unit_cost", "ordered_on", "due_on",
         "promised_on", "received_on"),
        ("order_no", "line_no"), ("quantity", "received"), replaced="received_on IS NULL", subject=("order_no",),
    ),
    "transfer_orders": Shape(
        "transfer_order_line",
        ("order_no", "line_no", "sku", "source", "destination", "lot", "quantity", "shipped_on", "due_on",
         "received_on"),
        ("order_no", "line_no"), ("quantity",), replaced="received_on IS NULL", subject=("order_no",),
    ),
    "customer_orders": Shape(
        "customer_order_line",
        ("order_no", "line_no", "customer", "sku", "site", "quantity", "ordered_on", "due_on", "shipped_on"),
        ("order_no", "line_no"), ("quantity",), replaced="shipped_on IS NULL", subject=("order_no",),
    ),
    "supplier_calendars": Shape(
        "supplier_calendar", ("supplier", "site", "order_days", "cut_off", "timezone", "frozen_days"),
        ("supplier", "site"), provenance=True, replaced="true", subject=("supplier",),
    ),
    "supplier_capacities": Shape(
        "supplier_capacity", ("supplier", "sku", "starts_on", "ends_on", "measure", "amount"),
        ("supplier", "sku", "starts_on", "measure"), provenance=True, replaced="true", subject=("supplier",),
    ),
    "price_breaks": Shape(
        "price_break", ("sku", "supplier", "from_quantity", "unit_cost"), ("sku", "supplier", "from_quantity"),
        provenance=True, replaced="true", subject=("sku", "supplier"),
    ),
    "qualifications": Shape(
        "qualification", ("supplier", "sku", "customer", "standing", "ends_on", "reason"),
        ("supplier", "sku", "customer", "standing"), provenance=True, replaced="true", subject=("supplier",),
    ),
    "budgets": Shape(
        "budget", ("budget", "starts_on", "ends_on", "supplier", "category", "site", "amount", "currency"),
        ("budget", "starts_on"), provenance=True, replaced="true", subject=("budget",),
    ),
    "supersessions": Shape(
        "supersession", ("sku", "successor", "starts_on"), ("sku",), provenance=True, replaced="true",
        subject=("sku",),
    ),
}  # fmt: skip
