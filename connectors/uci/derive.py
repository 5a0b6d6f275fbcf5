"""What the UCI data do not have (costs, stock, lead times, suppliers, lanes), made by a rule without chance.

Every figure is a function of the real sales and of SHA-256 of its key. `RULES` say it in words; they are kept with the
batch, rows carry the provenance 'derived' where their table has one, and names of what is invented say "(derived)".
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import permutations

import polars as pl

from connectors.files.contracts import TableName
from connectors.uci.daily import DailySales
from connectors.uci.locations import LOCATIONS, Location, bucket

VERSION = 1  # part of the content hash: another rule makes other data
WINDOW = 56  # days of sales that the rates stand on
CURRENCY = "GBP"
SUPPLIERS = 8
RULES = (
    "locations: UK-1 to UK-4 by SHA-256 of the customer id, UK-WEB without one, IE for EIRE, EU for Europe, else ROW",
    "unit price: median of the daily prices; unit cost: 45 to 64 % of it; volume .5 to 9.9 l; both by hash of the SKU",
    "listed where it was ever sold, from the first sale there; every site is supplied by the supplier itself",
    "suppliers: eight, by hash of the SKU; lead time 2 to 7 days with a standard deviation of a fifth of it; order "
    "multiple 12, 24 or 48",
    "reorder point: mean of the last 56 days × (lead time + 7 days) + 1.64 standard deviations over that time; "
    "order-up-to: 7 days more; service level .95",
    "stock: by hash of SKU and site 12 % hold 1 to 3 days of the mean, 6 % the reorder point and 70 to 119 days, the "
    "others the reorder point and 3 to 16 days; 1 to 6 units where nothing was sold lately",
    "orders: one in twelve of SKU and site has an open purchase order, of which one in five is past its due day",
    "lanes: between all sites, 1 to 4 days; 35 GBP a run in the UK, 60 with Ireland, 140 with EU, 95 with ROW, and "
    "8 GBP a m³; no chilled goods",
)
_RUN_COST = {"IE": 60, "EU": 140, "ROW": 95}


@dataclass(frozen=True)
class Kept:
    """A SKU at a site: mean units a day, safety stock and reorder point in units."""

    sku: str
    site: str
    since: date
    mean: float
    safety_stock: int
    reorder_point: int


Rows = list[dict[str, object]]


def derive(sales: DailySales) -> dict[TableName, pl.DataFrame]:
    """Every table but demand, as text frames of the contract without row numbers."""
    prices = _prices(sales)
    kept = _kept(sales)
    tables: dict[TableName, Rows] = {
        "sites": list(_sites()),
        "suppliers": list(_suppliers()),
        "items": list(_items(sales, prices)),
        "item_suppliers": list(_item_suppliers(prices)),
        "item_sites": list(_item_sites(kept)),
        "lanes": list(_lanes()),
        "stock": list(_stock(kept)),
        "purchase_orders": list(_purchase_orders(kept, prices, sales.last_day + timedelta(days=1))),
    }
    return {name: _frame(rows) for name, rows in tables.items()}


def unit_cost(sku: str, price: float) -> float:
    """45 to 64 % of the price, by hash."""
    return round(price * (0.45 + bucket(f"cost:{sku}", 20) / 100), 4)


def stock_units(sku: str, site: str, mean: float, reorder_point: int) -> int:
    """12 % short, 6 % long, the rest healthy, by hash; `mean` in units a day."""
    step = bucket(f"cover:{sku}:{site}", 1000)
    if mean <= 0:
        return 1 + step % 6
    if step < 120:
        return math.ceil(mean * (1 + step % 3))
    return reorder_point + math.ceil(mean * (70 + step % 50 if step < 180 else 3 + step % 14))


def _kept(sales: DailySales) -> list[Kept]:
    since = sales.last_day - timedelta(days=WINDOW - 1)
    recent = sales.frame.filter(pl.col("day") >= since)
    mean = pl.col("units").sum() / WINDOW
    square = pl.col("units").pow(2).sum() / WINDOW
    sd = (pl.col("square") - pl.col("mean").pow(2)).clip(0).sqrt()
    rates = recent.group_by("sku", "location").agg(mean.alias("mean"), square.alias("square"))
    first = sales.frame.group_by("sku", "location").agg(pl.col("day").min())
    joined = first.join(rates, on=["sku", "location"], how="left").with_columns(pl.col("mean", "square").fill_null(0.0))
    columns = joined.select("sku", "location", "day", pl.col("mean").clip(0), sd).sort("sku", "location")
    return [_parameters(*row) for row in columns.iter_rows()]


def _parameters(sku: str, site: str, since: date, mean: float, sd: float) -> Kept:
    horizon = _lead_time(sku) + 7
    safety = math.ceil(1.64 * sd * math.sqrt(horizon))
    return Kept(sku, site, since, mean, safety, math.ceil(mean * horizon) + safety)


def _prices(sales: DailySales) -> dict[str, float]:
    return dict(sales.frame.group_by("sku").agg(pl.col("price").median().round(4)).sort("sku").rows())


def _sites() -> Iterator[dict[str, object]]:
    for place in LOCATIONS:
        yield {
            "site": place.site, "name": place.name, "kind": place.kind,
            "country": place.country, "timezone": place.timezone,
        }  # fmt: skip


def _suppliers() -> Iterator[dict[str, object]]:
    for number in range(1, SUPPLIERS + 1):
        yield {
            "supplier": f"SUP-{number}", "name": f"Supplier {number} (derived)", "country": "GB",
            "minimum_order_value": 250, "currency": CURRENCY,
        }  # fmt: skip


def _items(sales: DailySales, prices: dict[str, float]) -> Iterator[dict[str, object]]:
    for sku, price in prices.items():
        yield {
            "sku": sku, "name": sales.names.get(sku, sku), "unit": "EA", "unit_cost": unit_cost(sku, price),
            "unit_price": price, "currency": CURRENCY, "storage_class": "ambient",
            "unit_volume": _decimal((5 + bucket(f"volume:{sku}", 95)) / 10_000),
        }  # fmt: skip


def _supplier(sku: str) -> str:
    return f"SUP-{bucket(f'supplier:{sku}', SUPPLIERS) + 1}"


def _multiple(sku: str) -> int:
    return (12, 24, 48)[bucket(f"multiple:{sku}", 3)]


def _lead_time(sku: str) -> int:
    return 2 + bucket(f"lead:{_supplier(sku)}", 6)


def _item_suppliers(prices: dict[str, float]) -> Iterator[dict[str, object]]:
    for sku, price in prices.items():
        lead = _lead_time(sku)
        yield {
            "sku": sku, "supplier": _supplier(sku), "unit_cost": unit_cost(sku, price), "lead_time_days": lead,
            "lead_time_sd_days": round(lead / 5, 1), "minimum_order_quantity": _multiple(sku),
            "order_multiple": _multiple(sku),
        }  # fmt: skip


def _item_sites(kept: list[Kept]) -> Iterator[dict[str, object]]:
    for each in kept:
        yield {
            "sku": each.sku, "site": each.site, "listed_on": each.since, "safety_stock": each.safety_stock,
            "reorder_point": each.reorder_point, "service_level": 0.95,
            "order_up_to": each.reorder_point + math.ceil(each.mean * 7) + 1,
        }  # fmt: skip


def _stock(kept: list[Kept]) -> Iterator[dict[str, object]]:
    for each in kept:
        units = stock_units(each.sku, each.site, each.mean, each.reorder_point)
        yield {"sku": each.sku, "site": each.site, "state": "available", "quantity": units}


def _purchase_orders(kept: list[Kept], prices: dict[str, float], today: date) -> Iterator[dict[str, object]]:
    for sku, site, mean in ((each.sku, each.site, each.mean) for each in kept):
        step = bucket(f"order:{sku}:{site}", 600)
        if step % 12 or mean <= 0:
            continue
        due = today + timedelta(days=-1 - step % 3 if step // 12 % 5 == 0 else 1 + step % 6)
        multiple = _multiple(sku)
        yield {
            "order_no": f"DERIVED-{sku}-{site}", "line_no": 1, "supplier": _supplier(sku), "sku": sku, "site": site,
            "quantity": multiple * max(1, math.ceil(mean * 14 / multiple)), "unit_cost": unit_cost(sku, prices[sku]),
            "ordered_on": min(due - timedelta(days=_lead_time(sku)), today), "due_on": due,
        }  # fmt: skip


def _lanes() -> Iterator[dict[str, object]]:
    for source, destination in permutations(LOCATIONS, 2):
        yield {
            "source": source.site, "destination": destination.site,
            "lead_time_days": _transit(source, destination),
            "fixed_cost": max(_RUN_COST.get(source.site, 35), _RUN_COST.get(destination.site, 35)),
            "cost_per_m3": 8, "capacity_m3": 40, "currency": CURRENCY,
        }  # fmt: skip


def _transit(source: Location, destination: Location) -> int:
    return max(source.transit_days, destination.transit_days) + (source.country != destination.country)


def _frame(rows: Iterable[dict[str, object]]) -> pl.DataFrame:
    texts = [{name: None if cell is None else str(cell) for name, cell in row.items()} for row in rows]
    return pl.DataFrame(texts, schema=dict.fromkeys(texts[0], pl.String) if texts else None)


def _decimal(value: float) -> str:
    return f"{value:.4f}"
