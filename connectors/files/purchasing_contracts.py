"""Contracts of what buying needs beyond cost and lead time: order days, capacity, price breaks, qualification, budgets.

A delivery of one of these tables replaces all of it: what is no longer in the file has ended.
"""

from __future__ import annotations

from typing import Literal

from connectors.files import cells
from connectors.files.rows import (
    CUSTOMER_OR_ALL,
    SITE_OR_ALL,
    SKU,
    SKU_OR_ALL,
    SOLD_BY,
    SUCCESSOR,
    SUPPLIER,
    SUPPLIER_OR_ALL,
    Falling,
    Ordered,
    Row,
    about,
)


class SupplierCalendars(Row):
    """On which days a supplier takes orders, until when; without a row on every day. All replaced at once."""

    key = ("supplier", "site")
    references = (SUPPLIER, SITE_OR_ALL)
    snapshot = True
    supplier: cells.Key = about("Supplier", "S-014")
    site: cells.Key = about("Receiving site; * is every site without a row of its own", "BER-W", default="*")
    order_days: cells.Weekdays = about("Days on which it takes orders, with a space between", "mon wed fri")
    cut_off: cells.TimeOfDay | None = about(
        "An order later on the day is one of the next order day", "14:00", default=None
    )
    timezone: cells.Zone | None = about(
        "IANA zone of the cut-off; empty: the receiving site's", "Europe/Berlin", default=None
    )
    frozen_days: cells.Count = about(
        "From today, deliveries of so many days are fixed: nothing is added or changed", "2", unit="days", default=0
    )


class SupplierCapacities(Row):
    """The most that a supplier takes orders for in a period. All replaced at once."""

    key = ("supplier", "sku", "starts_on", "measure")
    references = (SUPPLIER, SKU_OR_ALL)
    ordered = (Ordered("starts_on", "ends_on"),)
    snapshot = True
    supplier: cells.Key = about("Supplier", "S-014")
    sku: cells.Key = about("Article number; * is all its items together", "QM-0007", default="*")
    starts_on: cells.Day = about("First day on which the orders are placed", "2026-04-01")
    ends_on: cells.Day = about("Last day", "2026-04-30")
    measure: Literal["units", "value", "volume"] = about("Base units, currency at cost, or m³", "units")
    amount: cells.Amount = about("The most, of all orders of the period", "24000", unit="as `measure` says")


class PriceBreaks(Row):
    """Lower costs for larger orders, each of all units of the order line. All replaced at once.

    A break that is not below the supplier's `unit_cost` (item_suppliers) has no effect.
    """

    key = ("sku", "supplier", "from_quantity")
    references = (SKU, SUPPLIER, SOLD_BY)
    falling = Falling(("sku", "supplier"), "from_quantity", "unit_cost")
    snapshot = True
    sku: cells.Key = about("Article number", "QM-0007")
    supplier: cells.Key = about("Supplier", "S-014")
    from_quantity: cells.Positive = about("An order line of this many or more", "1440", unit="base units")
    unit_cost: cells.Amount = about("Cost of each of them", "0.66", unit="currency a base unit")


class Qualifications(Row):
    """Exclusions, and who alone may deliver an item, or to a customer. All replaced at once.

    An excluded supplier is not bought from. Where suppliers are named as qualified for an item (or for a customer),
    only they may deliver it. It adds nobody: who has no row in item_suppliers does not sell the item.
    """

    key = ("supplier", "sku", "customer", "standing")
    references = (SUPPLIER, SKU_OR_ALL, CUSTOMER_OR_ALL)
    snapshot = True
    supplier: cells.Key = about("Supplier", "S-014")
    sku: cells.Key = about("Article number; * is every item", "QM-0007", default="*")
    customer: cells.Key = about("For whom it is bought; * is everybody", "C-0031", default="*")
    standing: Literal["qualified", "excluded"] = about("What it is", "qualified")
    ends_on: cells.Day | None = about("Last day; empty: until further notice", "2026-12-31", default=None)
    reason: cells.Name | None = about("Why, for people", "Audit of 12 March failed", default=None)


class Budgets(Row):
    """Open-to-buy: the most that may be ordered in a period, by supplier, product group, site. All replaced at once.

    What was ordered in the period already (`purchase_orders`, by the day of the order) counts against it.
    """

    key = ("budget", "starts_on")
    references = (SUPPLIER_OR_ALL, SITE_OR_ALL)
    ordered = (Ordered("starts_on", "ends_on"),)
    snapshot = True
    budget: cells.Key = about("Your name of the budget", "Dairy April")
    starts_on: cells.Day = about("First day on which the orders are placed", "2026-04-01")
    ends_on: cells.Day = about("Last day", "2026-04-30")
    supplier: cells.Key = about("Orders with this supplier; * is any", "S-014", default="*")
    category: cells.Name = about("Orders of this product group (items); * is any", "Dairy", default="*")
    site: cells.Key = about("Orders for this site; * is any", "BER-W", default="*")
    amount: cells.Amount = about("The most, at cost", "25000", unit="currency")
    currency: cells.Currency = about("Currency, ISO 4217; the same in the whole network", "EUR")


class Supersessions(Row):
    """Items that are replaced by another: from a day on the successor is bought. All replaced at once."""

    key = ("sku",)
    references = (SKU, SUCCESSOR)
    differing = ("sku", "successor")
    snapshot = True
    sku: cells.Key = about("Article number of the item that ends", "QM-0007")
    successor: cells.Key = about("Article number of the one that follows", "QM-0307")
    starts_on: cells.Day = about("From this day on", "2026-05-01")
