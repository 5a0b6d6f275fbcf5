"""What the demo's suppliers allow beyond cost and lead time: order days, price breaks, containers, budgets, successors.

Nothing planted depends on it: second sources and the item that ends are items that nothing was planted on.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date

from connectors.demo_network.catalogue import RANGES, DemoItem
from connectors.demo_network.places import SUPPLIERS, supplier_of
from connectors.demo_network.world import World

Line = dict[str, str | int | float | None]
ORDER_COST = 25
# What a supplier loads by and the least that it drives out for, in m³.
CONTAINERS = {"S-05": 4, "S-07": 3}
LEAST_VOLUME = {"S-12": 4}
# (order days, cut-off, its zone, days that stay as they are); the others take orders whenever they come. The order day
# after next is never further away than the review that all stock is kept for.
CALENDARS = {
    "S-05": ("tue fri", "12:00", "Europe/Lisbon", 3),
    "S-07": ("mon thu", "15:00", None, 2),
    "S-11": ("mon wed fri", "10:00", "Europe/Warsaw", 2),
}
# Who sells a range at a surcharge besides the supplier that it is usually bought from.
SECOND_SOURCES = {"Laundry": ("S-12", 1.07), "Cleaning": ("S-12", 1.06), "Canned food": ("S-06", 1.08)}
# Ranges with lower costs from so many cases of an item on.
BREAKS = {"Pasta and rice": ((20, 0.97), (80, 0.94)), "Paper": ((40, 0.96),), "Laundry": ((10, 0.98), (40, 0.95))}
BUDGETED = "S-11"
CAPPED = "S-10"
NOT_FOR = ("S-07", "C-0006", "The customer's audit of 2 March is not closed")


def supplier_terms(supplier: str) -> Line:
    """The columns of `suppliers` that concern buying."""
    return {
        "minimum_order_volume": LEAST_VOLUME.get(supplier, 0), "container_volume": CONTAINERS.get(supplier),
        "order_cost": ORDER_COST,
    }  # fmt: skip


def second_sources(world: World) -> Iterator[tuple[DemoItem, str, float, int, float]]:
    """Items that another supplier sells as well: item, supplier, unit cost, lead time in days and its spread."""
    for item in world.items:
        if item.range.name in SECOND_SOURCES and _is_free(world, item):
            supplier, surcharge = SECOND_SOURCES[item.range.name]
            terms = next(each for each in SUPPLIERS if each.supplier == supplier)
            yield item, supplier, round(item.cost * surcharge, 2), terms.lead, terms.spread


def calendars() -> Iterator[Line]:
    """Order days of the suppliers that have them."""
    for supplier, (days, cut_off, zone, frozen) in CALENDARS.items():
        yield {
            "supplier": supplier, "site": "*", "order_days": days, "cut_off": cut_off, "timezone": zone,
            "frozen_days": frozen,
        }  # fmt: skip


def capacities(world: World) -> Iterator[Line]:
    """One supplier takes orders up to a value this month: half as much again as it got in the month before."""
    first, last = _month(world.today)
    usual = _ordered(world, CAPPED, -30, 0)
    yield {
        "supplier": CAPPED, "sku": "*", "starts_on": str(first), "ends_on": str(last), "measure": "value",
        "amount": round(1.5 * usual, -2) + 1000,
    }  # fmt: skip


def price_breaks(world: World) -> Iterator[Line]:
    """Whole cases; the cost falls for all units of the line."""
    for item in world.items:
        if item.sku not in world.unsupplied:
            for cases, share in BREAKS.get(item.range.name, ()):
                yield {
                    "sku": item.sku, "supplier": supplier_of(item.range.name).supplier,
                    "from_quantity": cases * item.range.case, "unit_cost": round(item.cost * share, 3),
                }  # fmt: skip


def qualifications() -> Iterator[Line]:
    """One supplier may not serve one customer."""
    supplier, customer, reason = NOT_FOR
    yield {
        "supplier": supplier, "sku": "*", "customer": customer, "standing": "excluded", "ends_on": None,
        "reason": reason,
    }  # fmt: skip


def budgets(world: World, currency: str) -> Iterator[Line]:
    """Home care has this month's money for what was ordered and a few days more."""
    first, last = _month(world.today)
    placed = _ordered(world, BUDGETED, (first - world.today).days, 0)
    week = _ordered(world, BUDGETED, -84, 0) / 12
    yield {
        "budget": "Home care", "starts_on": str(first), "ends_on": str(last), "supplier": BUDGETED, "category": "*",
        "site": "*", "amount": round(placed + week / 4, -2), "currency": currency,
    }  # fmt: skip


def supersessions(world: World) -> Iterator[Line]:
    """The first laundry item nothing was planted on is followed in a month by the same product of the other brand."""
    kind = next(each for each in RANGES if each.name == "Laundry")
    own = [item for item in world.items if item.range is kind]
    half = len(kind.products)
    old, new = next(
        pair for pair in zip(own[:half], own[half:], strict=True) if all(_is_free(world, one) for one in pair)
    )
    yield {"sku": old.sku, "successor": new.sku, "starts_on": str(world.day(30))}


def _is_free(world: World, item: DemoItem) -> bool:
    return item.sku not in world.planted and item.sku not in world.unsupplied


def _month(today: date) -> tuple[date, date]:
    return today.replace(day=1), today.replace(day=calendar.monthrange(today.year, today.month)[1])


def _ordered(world: World, supplier: str, since: int, until: int) -> float:
    """Value at cost of the orders placed with a supplier from day `since` to before day `until`."""
    placed = (order for order in world.purchases if since <= order.ordered < until)
    items = ((order.quantity, world.pairs[order.pair].item) for order in placed)
    return sum(quantity * item.cost for quantity, item in items if supplier_of(item.range.name).supplier == supplier)
