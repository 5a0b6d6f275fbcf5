"""The world as rows of the data contract: what a user's own systems would have exported."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from connectors.demo_network import purchasing
from connectors.demo_network.catalogue import DemoItem
from connectors.demo_network.demand import HISTORY
from connectors.demo_network.places import SITES, SUPPLIERS, supplier_of
from connectors.demo_network.world import SERVICE, Lot, World
from connectors.files.contracts import TableName

Cell = str | int | float | None
Line = dict[str, Cell]
CURRENCY = "EUR"
PLANNERS = ("j.weber", "m.rossi", "a.devries")
CUSTOMERS = (
    "Hotel Adler", "Bistro Margaux", "Kantine am Fluss", "Grand Café Jordaan", "Trattoria Lucia", "Klinikum Nord",
    "Campus Mensa", "Seniorenhaus Linde", "Catering Vogel", "Pension Alpenblick", "Brasserie du Port", "Stadtbäckerei",
)  # fmt: skip


def contract_tables(world: World) -> Mapping[TableName, pl.DataFrame]:
    """Every table of the contract."""
    lines: dict[TableName, Iterator[Line]] = {
        "suppliers": _suppliers(), "customers": _customers(), "items": _items(world), "item_packs": _packs(world),
        "item_aliases": _aliases(world), "item_suppliers": _item_suppliers(world), "item_sites": _item_sites(world),
        "lanes": _lanes(world), "stock": _stock(world), "promotions": _promotions(world),
        "purchase_orders": _purchases(world), "transfer_orders": _transfers(world),
        "customer_orders": _customer_orders(world), "sites": _sites(world),
        "supplier_calendars": purchasing.calendars(), "supplier_capacities": purchasing.capacities(world),
        "price_breaks": purchasing.price_breaks(world), "qualifications": purchasing.qualifications(),
        "budgets": purchasing.budgets(world, CURRENCY), "supersessions": purchasing.supersessions(world),
    }  # fmt: skip
    frames: dict[TableName, pl.DataFrame] = {}
    for name, rows in lines.items():
        frames[name] = pl.DataFrame(list(rows), infer_schema_length=None)
    return {**frames, "demand": _demand(world)}


def _sites(world: World) -> Iterator[Line]:
    for number, site in enumerate(SITES):
        room = _cold_volume(world, site.site)
        yield {
            "site": site.site, "name": site.name, "kind": site.kind, "country": site.country,
            "timezone": site.timezone, "gln": f"40123450{number:05d}",
            "cold_capacity": math.ceil(room * 2.5 / 5) * 5 if site.cold else None,
        }  # fmt: skip


def _cold_volume(world: World, site: str) -> float:
    """Cold goods there and on their way, in m³."""
    cold = [at for at, p in enumerate(world.pairs) if p.site.site == site and p.item.range.storage != "ambient"]
    units = {at: sum(lot.quantity for lot in world.stock[at]) for at in cold}
    for order in (*world.transfers, *(order for order in world.purchases if order.received is None)):
        if order.pair in units:
            units[order.pair] += order.quantity
    return sum(quantity * world.pairs[at].item.volume for at, quantity in units.items())


def _suppliers() -> Iterator[Line]:
    for each in SUPPLIERS:
        yield {
            "supplier": each.supplier, "name": each.name, "country": each.country,
            "minimum_order_value": each.minimum, "currency": CURRENCY, **purchasing.supplier_terms(each.supplier),
        }  # fmt: skip


def _customers() -> Iterator[Line]:
    for number in range(1, 61):
        tier = "gold" if number <= 6 else "silver" if number <= 24 else "bronze"
        name = f"{CUSTOMERS[(number - 1) % len(CUSTOMERS)]} {1 + (number - 1) // len(CUSTOMERS)}"
        yield {"customer": f"C-{number:04d}", "name": name, "tier": tier}


def _items(world: World) -> Iterator[Line]:
    for number, item in enumerate(world.items, 1):
        yield {
            "sku": item.sku, "name": item.name, "gtin": _gtin(number), "category": item.range.name, "unit": "EA",
            "unit_cost": item.cost, "unit_price": item.price, "currency": CURRENCY,
            "storage_class": item.range.storage, "shelf_life_days": item.range.shelf_life, "unit_volume": item.volume,
        }  # fmt: skip


def _gtin(number: int) -> str:
    """A GTIN-13 with its check digit, in a range for use inside a company (prefix 20)."""
    body = f"20{number:010d}"
    total = sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(body))
    return body + str(-total % 10)


def _packs(world: World) -> Iterator[Line]:
    for item in world.items:
        yield {"sku": item.sku, "unit": "CS", "factor": item.range.case}
        yield {"sku": item.sku, "unit": "PF", "factor": item.range.case * 40}


def _aliases(world: World) -> Iterator[Line]:
    for item in world.items:
        yield {"alias": item.alias, "sku": item.sku}


def _item_suppliers(world: World) -> Iterator[Line]:
    for item in world.items:
        if item.sku not in world.unsupplied:
            terms = supplier_of(item.range.name)
            yield _terms(item, terms.supplier, item.cost, terms.lead, terms.spread, preferred=True)
    for item, supplier, cost, lead, spread in purchasing.second_sources(world):
        yield _terms(item, supplier, cost, lead, spread, preferred=False)


def _terms(item: DemoItem, supplier: str, cost: float, lead: int, spread: float, *, preferred: bool) -> Line:
    return {
        "sku": item.sku, "supplier": supplier, "unit_cost": cost, "lead_time_days": lead, "lead_time_sd_days": spread,
        "minimum_order_quantity": item.range.case * 2, "order_multiple": item.range.case,
        "preferred": str(preferred).lower(),
    }  # fmt: skip


def _item_sites(world: World) -> Iterator[Line]:
    for at, pair in enumerate(world.pairs):
        kept = world.parameters[at]
        yield {
            "sku": pair.item.sku, "site": pair.site.site, "listed_on": str(world.day(-pair.listed)),
            "reorder_point": kept.reorder_point, "order_up_to": kept.order_up_to, "safety_stock": kept.safety,
            "service_level": SERVICE, "supply_from": kept.source,
            "planner": PLANNERS[SITES.index(pair.site) % len(PLANNERS)],
        }  # fmt: skip


def _lanes(world: World) -> Iterator[Line]:
    for lane in world.lanes.values():
        yield {
            "source": lane.source, "destination": lane.destination, "lead_time_days": lane.days,
            "fixed_cost": lane.truck, "cost_per_m3": lane.per_m3, "capacity_m3": 60,
            "chilled": str(lane.chilled).lower(), "currency": CURRENCY,
        }  # fmt: skip


def _stock(world: World) -> Iterator[Line]:
    for at, lots in world.stock.items():
        pair = world.pairs[at]
        for lot in _distinct(lots):
            yield {
                "sku": pair.item.sku, "site": pair.site.site, "lot": _lot_name(world, lot), "state": lot.state,
                "quantity": lot.quantity, "unit": None,
                "expires_on": None if lot.expires is None else str(world.day(lot.expires)),
                "counted_at": f"{world.day(lot.counted - 1)}T20:00:00Z",
            }  # fmt: skip


def _distinct(lots: list[Lot]) -> list[Lot]:
    """Lots of one day and state are one lot."""
    merged: dict[tuple[int | None, str], Lot] = {}
    for lot in lots:
        before = merged.get((lot.expires, lot.state))
        total = lot.quantity + (before.quantity if before else 0)
        merged[lot.expires, lot.state] = Lot(total, lot.expires, lot.state, lot.counted)
    return list(merged.values())


def _lot_name(world: World, lot: Lot) -> str | None:
    return None if lot.expires is None else f"L{world.day(lot.expires):%y%m%d}"


def _promotions(world: World) -> Iterator[Line]:
    for each in world.promotions:
        if each.known <= 0:
            yield {
                "promotion": each.promotion, "sku": each.sku, "site": each.site or "*",
                "starts_on": str(world.day(each.starts)), "ends_on": str(world.day(each.starts + each.days - 1)),
                "discount": each.discount, "known_on": str(world.day(each.known)),
            }  # fmt: skip


def _purchases(world: World) -> Iterator[Line]:
    for number, order in enumerate(sorted(world.purchases, key=lambda each: (each.ordered, each.pair)), 1):
        item, site = world.pairs[order.pair].item, world.pairs[order.pair].site
        # Suppliers count in cases; the import turns them into pieces.
        cases = order.quantity // item.range.case
        yield {
            "order_no": f"PO-{10000 + number}", "line_no": 1, "supplier": supplier_of(item.range.name).supplier,
            "sku": item.sku, "site": site.site, "quantity": cases, "received": 0 if order.received is None else cases,
            "unit": "CS", "unit_cost": item.cost, "ordered_on": str(world.day(order.ordered)),
            "due_on": str(world.day(order.due)), "promised_on": _day(world, order.promised),
            "received_on": _day(world, order.received),
        }  # fmt: skip


def _transfers(world: World) -> Iterator[Line]:
    for number, order in enumerate(world.transfers, 1):
        yield {
            "order_no": f"TO-{3000 + number}", "line_no": 1, "sku": world.pairs[order.pair].item.sku,
            "source": order.source, "destination": world.pairs[order.pair].site.site, "lot": None,
            "quantity": order.quantity, "unit": "EA", "shipped_on": str(world.day(order.shipped)),
            "due_on": str(world.day(order.due)), "received_on": None,
        }  # fmt: skip


def _customer_orders(world: World) -> Iterator[Line]:
    """Open orders of up to a day's demand, due within the week; one from gold customers at every planted shortage."""
    chosen = [at for at in range(len(world.pairs)) if _orders_here(world, at)]
    for number, at in enumerate(chosen, 1):
        pair = world.pairs[at]
        gold = pair.item.sku in world.planted
        yield {
            "order_no": f"SO-{80000 + number}", "line_no": 1,
            "customer": f"C-{int(world.rng.integers(1, 7 if gold else 61)):04d}", "sku": pair.item.sku,
            "site": pair.site.site, "quantity": max(1, round(world.rate(at) * float(world.rng.uniform(0.3, 0.9)))),
            "unit": "EA", "ordered_on": str(world.day(-int(world.rng.integers(1, 4)))),
            "due_on": str(world.day(int(world.rng.integers(1, 7)))), "shipped_on": None,
        }  # fmt: skip


def _orders_here(world: World, at: int) -> bool:
    brisk = world.rate(at) >= 3
    return brisk and (world.pairs[at].item.sku in world.planted or bool(world.rng.random() < 0.15))


def _day(world: World, offset: int | None) -> str | None:
    return None if offset is None else str(world.day(offset))


def _demand(world: World) -> pl.DataFrame:
    """Days with demand only, with the price of the day."""
    at, day = np.nonzero(world.demand)
    skus = np.array([pair.item.sku for pair in world.pairs])
    sites = np.array([pair.site.site for pair in world.pairs])
    price = np.repeat([[pair.item.price] for pair in world.pairs], HISTORY, axis=1)
    for promotion in world.promotions:
        start, end = max(promotion.starts + HISTORY, 0), min(promotion.starts + promotion.days + HISTORY, HISTORY)
        if start < end:
            for pair in (number for number, each in enumerate(world.pairs) if promotion.applies(each)):
                price[pair, start:end] *= 1 - promotion.discount
    first = np.datetime64(world.day(-HISTORY))
    return pl.DataFrame(
        {
            "sku": skus[at], "site": sites[at], "day": first + day.astype("timedelta64[D]"),
            "quantity": world.demand[at, day], "unit_price": price[at, day].round(2),
        }
    )  # fmt: skip
