"""What the UCI data do not have (costs, stock, lead times, suppliers, lanes, a DC), made by a rule without chance.

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
from connectors.uci.locations import CENTRE, LOCATIONS, Location, bucket

VERSION = 1  # part of the content hash: another rule makes other data
WINDOW = 56  # days of sales that the rates stand on
CURRENCY = "GBP"
SUPPLIERS = 8
RULES = (
    "locations: UK-1 to UK-4 by SHA-256 of the customer id, UK-WEB without one, IE for EIRE, EU for Europe, else ROW",
    "unit price: median of the daily prices; unit cost: 45 to 64 % of it; volume .5 to 9.9 l; both by hash of the SKU",
    "listed where it was ever sold, from the first sale there, and at a distribution centre UK-DC that feeds the rest",
    "stock: days of cover of the last 56 days' rate; by hash of SKU and site 12 % hold 1 to 3 days, 16 % hold 70 to 130, the "
    " others 12 to 29; UK-DC 8 to 45 days of all sites' rate; single units where nothing was sold lately",
    "reorder point: rate × (transit + 7 days) + safety stock of 1.64 standard deviations over that time; "
    "order-up-to: 7 days more; service level .95",
    "suppliers: eight, by hash of the SKU; lead time 7 to 34 days with a standard deviation of a fifth of it; "
    "order multiple 12, 24 or 48; every third SKU has an open order to UK-DC, every fifth such order is past due",
    "lanes: from UK-DC everywhere and between all sites; transit 1 to 4 days; 35 GBP a run in the UK, 60 to Ireland, "
    "140 to EU, 95 to ROW, and 8 GBP a m³; no chilled goods",
)
_RUN_COST = {"IE": 60, "EU": 140, "ROW": 95}


@dataclass(frozen=True)
class Rate:
    """Units a day over the last `WINDOW` days, and their standard deviation, zeros included."""

    mean: float
    sd: float


Rows = list[dict[str, object]]


def derive(sales: DailySales) -> dict[TableName, pl.DataFrame]:
    """Every table but demand, as text frames of the contract without row numbers."""
    rates = _rates(sales)
    prices = _prices(sales)
    listings = _listings(sales)
    tables: dict[TableName, Rows] = {
        "sites": list(_sites()),
        "suppliers": list(_suppliers()),
        "items": list(_items(sales, prices)),
        "item_suppliers": list(_item_suppliers(prices)),
        "item_sites": list(_item_sites(listings, rates)),
        "lanes": list(_lanes()),
        "stock": list(_stock(listings, rates)),
        "purchase_orders": list(_purchase_orders(prices, rates, sales.last_day + timedelta(days=1))),
    }
    return {name: _frame(rows) for name, rows in tables.items()}


def unit_cost(sku: str, price: float) -> float:
    """45 to 64 % of the price, by hash."""
    return round(price * (0.45 + bucket(f"cost:{sku}", 20) / 100), 4)


def days_of_cover(sku: str, site: str) -> int:
    """12 % short, 16 % long, the rest healthy, by hash; the centre between 8 and 45."""
    step = bucket(f"cover:{sku}:{site}", 1000)
    if site == CENTRE.site:
        return 8 + step % 38
    if step < 120:
        return 1 + step % 3
    if step < 280:
        return 70 + step % 61
    return 12 + step % 18


def _rates(sales: DailySales) -> dict[tuple[str, str], Rate]:
    since = sales.last_day - timedelta(days=WINDOW - 1)
    recent = sales.frame.filter(pl.col("day") >= since)
    by_site = _rate_of(recent, ["sku", "location"])
    in_all = _rate_of(recent.with_columns(pl.lit(CENTRE.site).alias("location")), ["sku", "location"])
    return {(sku, site): Rate(mean, sd) for sku, site, mean, sd in (*by_site.iter_rows(), *in_all.iter_rows())}


def _rate_of(recent: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    daily = recent.group_by(*key, "day").agg(pl.col("units").sum())
    mean = pl.col("units").sum() / WINDOW
    square = pl.col("units").pow(2).sum() / WINDOW
    summed = daily.group_by(key).agg(mean.alias("mean"), square.alias("square"))
    sd = (pl.col("square") - pl.col("mean").pow(2)).clip(0).sqrt()
    return summed.select(*key, pl.col("mean").clip(0), sd.alias("sd")).sort(key)


def _prices(sales: DailySales) -> dict[str, float]:
    return dict(sales.frame.group_by("sku").agg(pl.col("price").median().round(4)).sort("sku").rows())


def _listings(sales: DailySales) -> list[tuple[str, str, date]]:
    first = sales.frame.group_by("sku", "location").agg(pl.col("day").min()).sort("sku", "location")
    centre = sorted({sku for sku, _, _ in first.iter_rows()})
    return [*first.iter_rows(), *((sku, CENTRE.site, sales.first_day) for sku in centre)]


def _sites() -> Iterator[dict[str, object]]:
    for place in (CENTRE, *LOCATIONS):
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
    return 7 + bucket(f"lead:{_supplier(sku)}", 28)


def _item_suppliers(prices: dict[str, float]) -> Iterator[dict[str, object]]:
    for sku, price in prices.items():
        lead = _lead_time(sku)
        yield {
            "sku": sku, "supplier": _supplier(sku), "unit_cost": unit_cost(sku, price), "lead_time_days": lead,
            "lead_time_sd_days": round(lead / 5, 1), "minimum_order_quantity": _multiple(sku),
            "order_multiple": _multiple(sku),
        }  # fmt: skip


def _item_sites(
    listings: list[tuple[str, str, date]], rates: dict[tuple[str, str], Rate]
) -> Iterator[dict[str, object]]:
    transit = {place.site: place.transit_days for place in LOCATIONS}
    for sku, site, since in listings:
        rate = rates.get((sku, site), Rate(0.0, 0.0))
        horizon = 7 + transit.get(site, _lead_time(sku))
        safety = math.ceil(1.64 * rate.sd * math.sqrt(horizon))
        point = math.ceil(rate.mean * horizon) + safety
        yield {
            "sku": sku, "site": site, "listed_on": since, "safety_stock": safety, "reorder_point": point,
            "order_up_to": point + math.ceil(rate.mean * 7) + 1, "service_level": 0.95,
            "supply_from": None if site == CENTRE.site else CENTRE.site,
        }  # fmt: skip


def _stock(listings: list[tuple[str, str, date]], rates: dict[tuple[str, str], Rate]) -> Iterator[dict[str, object]]:
    for sku, site, _ in listings:
        rate = rates.get((sku, site), Rate(0.0, 0.0))
        units = math.ceil(rate.mean * days_of_cover(sku, site)) or 1 + bucket(f"idle:{sku}:{site}", 6)
        yield {"sku": sku, "site": site, "state": "available", "quantity": units}


def _purchase_orders(
    prices: dict[str, float], rates: dict[tuple[str, str], Rate], today: date
) -> Iterator[dict[str, object]]:
    for sku, price in prices.items():
        step = bucket(f"order:{sku}", 300)
        if step % 3:
            continue
        due = today + timedelta(days=-(step % 5) - 2 if step // 3 % 5 == 0 else 2 + step % 19)
        multiple = _multiple(sku)
        wanted = rates.get((sku, CENTRE.site), Rate(0.0, 0.0)).mean * 21
        yield {
            "order_no": f"DERIVED-{sku}", "line_no": 1, "supplier": _supplier(sku), "sku": sku, "site": CENTRE.site,
            "quantity": multiple * max(1, math.ceil(wanted / multiple)), "unit_cost": unit_cost(sku, price),
            "ordered_on": min(due - timedelta(days=_lead_time(sku)), today), "due_on": due,
        }  # fmt: skip


def _lanes() -> Iterator[dict[str, object]]:
    for source, destination in permutations((CENTRE, *LOCATIONS), 2):
        if destination is CENTRE:
            continue
        yield {
            "source": source.site, "destination": destination.site, "lead_time_days": _transit(source, destination),
            "fixed_cost": max(_RUN_COST.get(source.site, 35), _RUN_COST.get(destination.site, 35)),
            "cost_per_m3": 8, "capacity_m3": 40, "currency": CURRENCY,
        }  # fmt: skip


def _transit(source: Location, destination: Location) -> int:
    return max(1, source.transit_days, destination.transit_days) + (
        source.country != destination.country and source is not CENTRE
    )


def _frame(rows: Iterable[dict[str, object]]) -> pl.DataFrame:
    texts = [{name: None if cell is None else str(cell) for name, cell in row.items()} for row in rows]
    return pl.DataFrame(texts, schema=dict.fromkeys(texts[0], pl.String) if texts else None)


def _decimal(value: float) -> str:
    return f"{value:.4f}"
