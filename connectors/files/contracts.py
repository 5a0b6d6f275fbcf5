"""The published data contracts: one model a table that a user can deliver; the file is named like the table.

These models are the only place where the rules of a row are written. `vectors` compiles its fast checks from them and
`docs` its pages. Rules across rows and tables (keys, references, units) are declared here and checked by `references`.
"""

from __future__ import annotations

from typing import Literal, get_args

from connectors.files import cells
from connectors.files.purchasing_contracts import (
    Budgets,
    PriceBreaks,
    Qualifications,
    Supersessions,
    SupplierCalendars,
    SupplierCapacities,
)
from connectors.files.rows import (
    CUSTOMER,
    DESTINATION,
    FED_FROM,
    LISTED,
    SITE,
    SITE_OR_ALL,
    SKU,
    SOURCE,
    SUPPLIER,
    Ordered,
    about,
)
from connectors.files.rows import Reference as Reference
from connectors.files.rows import Row as Row
from connectors.files.rows import TableName as TableName

# Loaded in this order, so that what a row refers to is known before it.
TABLES: tuple[TableName, ...] = get_args(TableName)
# Without these there is no network; a later delivery may bring any part of it.
NEEDED_FIRST: tuple[TableName, ...] = ("sites", "items", "item_sites", "stock", "demand")


class Sites(Row):
    """Places that hold stock."""

    key = ("site",)
    site: cells.Key = about("Your code of the site", "BER-W")
    name: cells.Name = about("Its name", "Warehouse Berlin")
    kind: Literal["dc", "warehouse", "store", "3pl"] = about("What kind of site it is", "warehouse")
    country: cells.Country = about("Country, ISO 3166-1", "DE")
    timezone: cells.Zone = about("IANA time zone", "Europe/Berlin")
    gln: cells.Gln | None = about("GS1 Global Location Number", "4012345000009", default=None)
    cold_capacity: cells.Amount | None = about("Volume of the cold room; empty: none", "120", unit="m³", default=None)


class Suppliers(Row):
    """Who delivers to you."""

    key = ("supplier",)
    supplier: cells.Key = about("Your code of the supplier", "S-014")
    name: cells.Name = about("Its name", "Molkerei Nord")
    country: cells.Country = about("Country, ISO 3166-1", "DE")
    minimum_order_value: cells.Amount = about("An order below this is not accepted", "500", unit="currency", default=0)
    currency: cells.Currency = about("Currency, ISO 4217; the same in the whole network", "EUR")
    minimum_order_volume: cells.Amount = about("Nor one of less volume", "12", unit="m³", default=0)
    container_volume: cells.Positive | None = about(
        "It delivers by the container of this volume; empty: it does not", "33", unit="m³", default=None
    )
    order_cost: cells.Amount = about("What placing and receiving an order costs you", "35", unit="currency", default=0)


class Customers(Row):
    """Whose orders are at stake."""

    key = ("customer",)
    customer: cells.Key = about("Your code of the customer", "C-0031")
    name: cells.Name = about("Its name", "Hotel Adler")
    tier: Literal["gold", "silver", "bronze"] = about("How much a late order hurts", "gold")


class Items(Row):
    """What you stock."""

    key = ("sku",)
    sku: cells.Key = about("Your article number", "QM-0007")
    name: cells.Name = about("Its name", "Whole milk 3.5 % 1 l")
    gtin: cells.Gtin | None = about("GS1 number of the base unit", "04012345678901", default=None)
    category: cells.Name | None = about("Your product group", "Dairy", default=None)
    unit: cells.Unit = about("The base unit in which it is counted, UN/ECE code", "EA")
    unit_cost: cells.Amount = about("What one costs you", "0.72", unit="currency a base unit")
    unit_price: cells.Amount = about("What one sells for", "0.99", unit="currency a base unit")
    currency: cells.Currency = about("Currency, ISO 4217; the same in the whole network", "EUR")
    storage_class: Literal["ambient", "chilled", "frozen"] = about("How it must be kept and moved", "chilled")
    shelf_life_days: cells.PositiveCount | None = about("From receipt to expiry", "21", unit="days", default=None)
    unit_volume: cells.Positive = about("Volume of one", "0.0011", unit="m³ a base unit")


class ItemPacks(Row):
    """Larger units of an item, so that files and people may count in cases or pallets."""

    key = ("sku", "unit")
    references = (SKU,)
    sku: cells.Key = about("Article number", "QM-0007")
    unit: cells.Unit = about("The larger unit, UN/ECE code", "CS")
    factor: cells.Positive = about("How many base units are in one", "12", unit="base units")


class ItemAliases(Row):
    """Other names under which people know an item."""

    key = ("alias", "sku")
    references = (SKU,)
    alias: cells.Name = about("The other name or number", "milk 1l full fat")
    sku: cells.Key = about("Article number", "QM-0007")


class ItemSuppliers(Row):
    """Who delivers what, at which cost, how fast. A supplier without a row here is not approved for the item."""

    key = ("sku", "supplier")
    references = (SKU, SUPPLIER)
    sku: cells.Key = about("Article number", "QM-0007")
    supplier: cells.Key = about("Supplier", "S-014")
    unit_cost: cells.Amount = about("Agreed cost of one", "0.70", unit="currency a base unit")
    lead_time_days: cells.Amount = about("Mean time from order to receipt", "4", unit="days")
    lead_time_sd_days: cells.Amount = about("Its standard deviation", "1.2", unit="days")
    minimum_order_quantity: cells.Amount = about("Smallest order", "144", unit="base units", default=0)
    order_multiple: cells.Positive = about("Orders are multiples of this", "12", unit="base units", default=1)
    preferred: cells.Flag = about("Order here first", "true", default=True)


class ItemSites(Row):
    """Where an item is listed, and by which parameters it is kept there."""

    key = ("sku", "site")
    references = (SKU, SITE, FED_FROM)
    differing = ("site", "supply_from")
    sku: cells.Key = about("Article number", "QM-0007")
    site: cells.Key = about("Site", "BER-W")
    listed_on: cells.Day = about("From this day on, a day without a demand row is a day of zero demand", "2024-11-18")
    reorder_point: cells.Amount | None = about(
        "Order when the position falls to this", "240", unit="base units", default=None
    )
    order_up_to: cells.Amount | None = about(
        "Order up to this position (base stock)", "480", unit="base units", default=None
    )
    safety_stock: cells.Amount | None = about("Stock against uncertainty", "96", unit="base units", default=None)
    service_level: cells.OpenShare | None = about("Wanted chance of no stockout in a cycle", "0.97", default=None)
    supply_from: cells.Key | None = about("Site that feeds this one; empty: the supplier does", "HAM-DC", default=None)
    planner: cells.Name | None = about("Who plans it", "j.weber", default=None)


class Lanes(Row):
    """Roads between your sites. Without a lane nothing is moved."""

    key = ("source", "destination")
    references = (SOURCE, DESTINATION)
    differing = ("source", "destination")
    source: cells.Key = about("From site", "HAM-DC")
    destination: cells.Key = about("To site", "BER-W")
    lead_time_days: cells.Count = about("Door to door", "1", unit="days")
    fixed_cost: cells.Amount = about("A truck", "310", unit="currency")
    cost_per_m3: cells.Amount = about("On top, by volume", "6.5", unit="currency a m³")
    capacity_m3: cells.Amount = about("What a truck takes", "60", unit="m³")
    chilled: cells.Flag = about("The truck keeps the cold chain", "false", default=False)
    currency: cells.Currency = about("Currency, ISO 4217; the same in the whole network", "EUR")


class Stock(Row):
    """What lies where, by lot and state. A delivery replaces all stock that was known."""

    key = ("sku", "site", "lot", "state")
    references = (SKU, SITE, LISTED)
    converted = ("quantity",)
    snapshot = True
    sku: cells.Key = about("Article number", "QM-0007")
    site: cells.Key = about("Site", "BER-W")
    lot: cells.Key = about("Lot; empty: not kept by lot", "L260301", default="")
    state: Literal["available", "reserved", "quarantined", "damaged"] = about("What may be done with it", "available")
    quantity: cells.Amount = about("How much", "36", unit="base units, or `unit`")
    unit: cells.Unit | None = about("Unit of the quantity; empty: the base unit", "CS", default=None)
    expires_on: cells.Day | None = about("Last day of use", "2026-04-20", default=None)
    counted_at: cells.PastInstant | None = about(
        "When this was true; empty: the delivery's own time", "2026-03-31T05:00:00Z", default=None
    )


class Demand(Row):
    """What was wanted, by day, net of returns. Days that are not there are days of zero demand."""

    key = ("sku", "site", "day")
    references = (SKU, SITE, LISTED)
    converted = ("quantity",)
    sku: cells.Key = about("Article number", "QM-0007")
    site: cells.Key = about("Site", "BER-W")
    day: cells.PastDay = about("Day, in the site's zone", "2026-03-30")
    quantity: cells.Signed = about("Net of returns, so it may be negative", "41", unit="base units, or `unit`")
    unit: cells.Unit | None = about("Unit of the quantity; empty: the base unit", "EA", default=None)
    unit_price: cells.Amount | None = about("Mean price on that day", "0.99", unit="currency a base unit", default=None)
    stocked_out: cells.Flag = about("It ran out: what was sold is not what was wanted", "false", default=False)


class Promotions(Row):
    """Price actions, past and planned."""

    key = ("promotion", "sku", "site")
    references = (SKU, SITE_OR_ALL)
    ordered = (Ordered("starts_on", "ends_on"),)
    promotion: cells.Key = about("Your code of the promotion", "P-2026-14")
    sku: cells.Key = about("Article number", "QM-0007")
    site: cells.Key = about("Site; * is everywhere", "*")
    starts_on: cells.Day = about("First day", "2026-04-06")
    ends_on: cells.Day = about("Last day", "2026-04-12")
    discount: cells.Share = about("Share taken off the price", "0.25")
    known_on: cells.PastDay = about("Nobody could plan with it before this day", "2026-03-09")


class PurchaseOrders(Row):
    """Order lines with suppliers, open and past; past ones make the supplier's record."""

    key = ("order_no", "line_no")
    references = (SUPPLIER, SKU, SITE)
    ordered = (
        Ordered("ordered_on", "due_on"),
        Ordered("ordered_on", "promised_on"),
        Ordered("ordered_on", "received_on"),
    )
    converted = ("quantity", "received")
    snapshot = True
    order_no: cells.Key = about("Order number", "PO-10442")
    line_no: cells.Count = about("Line", "1")
    supplier: cells.Key = about("Supplier", "S-014")
    sku: cells.Key = about("Article number", "QM-0007")
    site: cells.Key = about("Site that receives", "HAM-DC")
    quantity: cells.Positive = about("Ordered", "40", unit="base units, or `unit`")
    received: cells.Amount = about("Received so far", "0", unit="base units, or `unit`", default=0)
    unit: cells.Unit | None = about("Unit of the quantities; empty: the base unit", "CS", default=None)
    unit_cost: cells.Amount = about("Cost of one", "0.70", unit="currency a base unit, always")
    ordered_on: cells.PastDay = about("Day of the order", "2026-03-20")
    due_on: cells.Day = about("Day of receipt as first agreed", "2026-03-26")
    promised_on: cells.Day | None = about("The supplier's latest word", "2026-04-02", default=None)
    received_on: cells.PastDay | None = about("Day of full receipt; empty: open", "2026-03-27", default=None)


class TransferOrders(Row):
    """Order lines between your sites."""

    key = ("order_no", "line_no")
    references = (SKU, SOURCE, DESTINATION)
    ordered = (Ordered("shipped_on", "due_on"), Ordered("shipped_on", "received_on"))
    differing = ("source", "destination")
    converted = ("quantity",)
    snapshot = True
    order_no: cells.Key = about("Order number", "TO-3301")
    line_no: cells.Count = about("Line", "1")
    sku: cells.Key = about("Article number", "QM-0007")
    source: cells.Key = about("From site", "HAM-DC")
    destination: cells.Key = about("To site", "BER-W")
    lot: cells.Key = about("Lot; empty: any", "L260301", default="")
    quantity: cells.Positive = about("Moved", "10", unit="base units, or `unit`")
    unit: cells.Unit | None = about("Unit of the quantity; empty: the base unit", "CS", default=None)
    shipped_on: cells.PastDay | None = about("Day it left; empty: not yet", "2026-03-30", default=None)
    due_on: cells.Day = about("Day it is expected", "2026-04-01")
    received_on: cells.PastDay | None = about("Day it arrived; empty: open", "2026-03-31", default=None)


class CustomerOrders(Row):
    """Order lines of customers, promised and not yet shipped, or shipped."""

    key = ("order_no", "line_no")
    references = (CUSTOMER, SKU, SITE)
    ordered = (Ordered("ordered_on", "due_on"), Ordered("ordered_on", "shipped_on"))
    converted = ("quantity",)
    snapshot = True
    order_no: cells.Key = about("Order number", "SO-88120")
    line_no: cells.Count = about("Line", "1")
    customer: cells.Key = about("Customer", "C-0031")
    sku: cells.Key = about("Article number", "QM-0007")
    site: cells.Key = about("Site that ships", "BER-W")
    quantity: cells.Positive = about("Ordered", "5", unit="base units, or `unit`")
    unit: cells.Unit | None = about("Unit of the quantity; empty: the base unit", "CS", default=None)
    ordered_on: cells.PastDay = about("Day of the order", "2026-03-29")
    due_on: cells.Day = about("Day promised", "2026-04-02")
    shipped_on: cells.PastDay | None = about("Day shipped; empty: open", "2026-03-31", default=None)


CONTRACTS: dict[TableName, type[Row]] = {
    "sites": Sites, "suppliers": Suppliers, "customers": Customers, "items": Items, "item_packs": ItemPacks,
    "item_aliases": ItemAliases, "item_suppliers": ItemSuppliers, "item_sites": ItemSites, "lanes": Lanes,
    "stock": Stock, "demand": Demand, "promotions": Promotions, "purchase_orders": PurchaseOrders,
    "transfer_orders": TransferOrders, "customer_orders": CustomerOrders, "supplier_calendars": SupplierCalendars,
    "supplier_capacities": SupplierCapacities, "price_breaks": PriceBreaks, "qualifications": Qualifications,
    "budgets": Budgets, "supersessions": Supersessions,
}  # fmt: skip
