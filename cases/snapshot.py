"""The tenant's network read once, for some items or all, and cut into situations. It reads and never writes.

Everything comes from one delivery: where one was imported between two reads, all is read again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

import numpy as np
from psycopg import Connection
from psycopg.rows import DictRow

from cases.forecast_view import ForecastView, dense_history, stored_view
from cases.overriding import overridden
from cases.situation import Situation
from cases.terms import Buying
from cases.thresholds import DEFAULT, Thresholds
from db import demand, forecasts, models, network, overrides
from db.demand import DemandRows, Promotion
from db.network import Item, ItemSite, Names, Site
from db.overrides import Override
from domain.errors import Unavailable
from planning.arrays import FloatArray
from planning.demand import ForecastPath
from planning.forecasting.baselines import baseline_forecast

Pair = tuple[str, str]
Connect = Callable[[], Connection[DictRow]]
Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row")

# A reading takes seconds at most, an import of any size commits once.
TRIES = 3
# How far back a baseline looks, and what counts as recent.
HISTORY_DAYS = 730
RECENT_DAYS = 56
# Fewer recorded days since listing than this, and demand is not known well enough for any number.
FEWEST_HISTORY_DAYS = 14
# An item that sells on this share of the days is steady: two weeks without a sale are then no accident.
STEADY_SHARE = 0.6


@dataclass(frozen=True)
class Snapshot:
    """Situations by (sku, site), and the model whose stored forecasts were used ('' without one), with overrides."""

    today: date
    situations: dict[Pair, Situation]
    sites: dict[str, Site]
    items: dict[str, Item]
    model: str

    def of_sku(self, sku: str) -> list[Situation]:
        """The item's situations at all sites that were read."""
        return [situation for (name, _), situation in self.situations.items() if name == sku]

    def get(self, sku: str, site: str) -> Situation | None:
        """The situation, or None when the item is not listed there."""
        return self.situations.get((sku, site))


def load(
    connect: Connect,
    today: date,
    *,
    skus: Names = None,
    sites: Names = None,
    thresholds: Thresholds = DEFAULT,
    with_demand: bool = True,
) -> Snapshot:
    """Reads everything about `skus` at `sites` (None: all); without forecasts and history unless `with_demand`.

    `connect` is asked before each read, to keep a deadline. Raises `Unavailable` when imports follow each other so fast
    that none of them could be read whole.
    """
    for _ in range(TRIES):
        before = network.newest_batch(connect())
        found = _read(connect, today, skus, sites, thresholds, with_demand=with_demand)
        if network.newest_batch(connect()) == before:
            return found
    raise Unavailable(f"Something was imported during each of {TRIES} readings.", remedy="Try again in a moment.")


def _read(
    connect: Connect, today: date, skus: Names, sites: Names, thresholds: Thresholds, *, with_demand: bool
) -> Snapshot:
    listings = network.item_sites(connect(), skus, sites)
    wanted = sorted({listing.sku for listing in listings})
    items = {item.sku: item for item in network.items(connect(), wanted)}
    places = {site.site: site for site in network.sites(connect())}
    nothing = _Forecasts(today, today, "", {}, {}, {}, {})
    view = _Forecasts.load(connect, today, listings, wanted, sites) if with_demand else nothing
    rows = _Rows.load(connect, today, wanted, sites, thresholds)
    situations = {
        (one.sku, one.site): rows.situation(today, items[one.sku], places[one.site], one, view, thresholds)
        for one in listings
    }
    return Snapshot(today, situations, places, items, _named(view.model, situations.values()))


def _named(model: str, situations: Iterable[Situation]) -> str:
    """The model, and how many of its forecasts a planner overrode."""
    said = sum(one.forecast is not None and bool(one.forecast.overrides) for one in situations)
    return f"{model} + {said} overridden" if said and model else model


@dataclass(frozen=True)
class _Rows:
    """Rows by what they belong to."""

    stock: dict[Pair, list[network.StockLot]]
    purchases: dict[Pair, list[network.PurchaseLine]]
    transfers_in: dict[Pair, list[network.TransferLine]]
    transfers_out: dict[Pair, list[network.TransferLine]]
    orders: dict[Pair, list[network.CustomerLine]]
    suppliers: dict[str, list[network.ItemSupplier]]
    buying: Buying
    lanes: dict[str, list[network.Lane]]
    promotions: dict[str, list[Promotion]]

    @classmethod
    def load(cls, connect: Connect, today: date, skus: Sequence[str], sites: Names, thresholds: Thresholds) -> _Rows:
        transfers = network.open_transfers(connect(), skus, sites)
        until = today + timedelta(days=thresholds.assumptions.longest_horizon)
        promotions = demand.promotions(connect(), skus=skus, since=today, until=until, today=today)
        return cls(
            stock=_by(network.stock(connect(), skus, sites), lambda row: (row.sku, row.site)),
            purchases=_by(network.open_purchases(connect(), skus, sites), lambda row: (row.sku, row.site)),
            transfers_in=_by(transfers, lambda row: (row.sku, row.destination)),
            transfers_out=_by(transfers, lambda row: (row.sku, row.source)),
            orders=_by(network.open_customer_orders(connect(), skus, sites), lambda row: (row.sku, row.site)),
            suppliers=_by(network.item_suppliers(connect(), skus), lambda row: row.sku),
            buying=Buying.load(connect, skus),
            lanes=_by(network.lanes(connect(), sites), lambda row: row.destination),
            promotions=_by(promotions, lambda row: row.sku),
        )

    def situation(
        self, today: date, item: Item, site: Site, listing: ItemSite, view: _Forecasts, thresholds: Thresholds
    ) -> Situation:
        pair = (item.sku, site.site)
        forecast, reason = view.of(listing)
        promotions = [one for one in self.promotions.get(item.sku, []) if one.site in ("*", site.site)]
        return Situation(
            today=today,
            item=item,
            site=site,
            listing=listing,
            lots=tuple(self.stock.get(pair, ())),
            purchases=tuple(self.purchases.get(pair, ())),
            transfers_in=tuple(self.transfers_in.get(pair, ())),
            transfers_out=tuple(self.transfers_out.get(pair, ())),
            orders=tuple(self.orders.get(pair, ())),
            suppliers=tuple(self.buying.terms(row, site, today) for row in self.suppliers.get(item.sku, ())),
            lanes=tuple(self.lanes.get(site.site, ())),
            promotions=tuple(promotions),
            successor=self.buying.successors.get(item.sku),
            forecast=forecast,
            no_forecast=reason,
            recent_daily_demand=view.recent(listing),
            quiet_days=view.quiet(listing),
            thresholds=thresholds,
        )


@dataclass(frozen=True)
class _Forecasts:
    """Stored forecasts, the history behind a baseline where there is none, and what planners say of both."""

    today: date
    known_until: date
    model: str
    stored: dict[Pair, ForecastView]
    history: dict[Pair, DemandRows]
    recently: dict[Pair, DemandRows]
    overrides: dict[Pair, list[Override]]

    @classmethod
    def load(
        cls, connect: Connect, today: date, listings: Sequence[ItemSite], skus: Sequence[str], sites: Names
    ) -> _Forecasts:
        model = models.serving_model(connect())
        stored: dict[Pair, ForecastView] = {}
        if model is not None:
            found = forecasts.load_forecasts(connect(), model.model_id, ForecastPath, skus, sites)
            views = ((pair, stored_view(origin, path, today, model.label)) for pair, (origin, path) in found.items())
            stored = {pair: view for pair, view in views if view is not None}
        newest = demand.newest_day(connect())
        until = today if newest is None else min(today, newest + timedelta(days=1))
        missing = sorted({one.sku for one in listings if (one.sku, one.site) not in stored})
        long_ago, recent = until - timedelta(days=HISTORY_DAYS), until - timedelta(days=RECENT_DAYS)
        history = demand.demand(connect(), skus=missing, sites=sites, since=long_ago, before=until) if missing else []
        recently = demand.demand(connect(), skus=skus, sites=sites, since=recent, before=until)
        held = _by(overrides.holding(connect(), since=today, skus=skus, sites=sites), lambda one: (one.sku, one.site))
        return cls(today, until, model.label if model else "", stored, _by_pair(history), _by_pair(recently), held)

    def of(self, listing: ItemSite) -> tuple[ForecastView | None, str]:
        """The forecast with every override that holds, or None and why there is none."""
        view, reason = self._made(listing)
        said = self.overrides.get((listing.sku, listing.site), ())
        return (overridden(view, self.today, said) if view is not None and said else view), reason

    def _made(self, listing: ItemSite) -> tuple[ForecastView | None, str]:
        pair = (listing.sku, listing.site)
        known = (self.known_until - listing.listed_on).days
        if known < FEWEST_HISTORY_DAYS:
            return None, f"listed {max(known, 0)} days ago; {FEWEST_HISTORY_DAYS} days of demand are needed"
        if pair in self.stored:
            return self.stored[pair], ""
        rows = self.history.get(pair)
        return (None, "no demand was ever recorded") if rows is None else (self._baseline(listing, rows), "")

    def _baseline(self, listing: ItemSite, rows: DemandRows) -> ForecastView:
        since = max(listing.listed_on, self.known_until - timedelta(days=HISTORY_DAYS))
        why = "the stored forecast does not reach from today" if self.model else "no model has been trained"
        history, horizon = dense_history(rows, since, self.known_until), DEFAULT.assumptions.longest_horizon
        path = baseline_forecast(history, horizon=horizon, reason=why)
        return ForecastView(path, f"baseline:{path.method}", True, path.reason)

    def recent(self, listing: ItemSite) -> float | None:
        """Mean units a day over the recent past; None when it was not listed then."""
        history = self._recent_history(listing)
        return None if history.size < FEWEST_HISTORY_DAYS else float(history.mean())

    def quiet(self, listing: ItemSite) -> int:
        """Days since the last sale of an item that had sold on most days before; 0 where that says nothing."""
        history = self._recent_history(listing)
        sold = np.flatnonzero(history > 0.0)
        if sold.size == 0:
            return 0
        before = history[: sold[-1] + 1]
        is_steady = before.size >= 2 * FEWEST_HISTORY_DAYS and (before > 0.0).mean() >= STEADY_SHARE
        return int(history.size - before.size) if is_steady else 0

    def _recent_history(self, listing: ItemSite) -> FloatArray:
        since = max(listing.listed_on, self.known_until - timedelta(days=RECENT_DAYS))
        return dense_history(self.recently.get((listing.sku, listing.site)), since, self.known_until)


def _by(rows: Iterable[Row], key: Callable[[Row], Key]) -> dict[Key, list[Row]]:
    grouped: defaultdict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[key(row)].append(row)
    return dict(grouped)


def _by_pair(rows: Iterable[DemandRows]) -> dict[Pair, DemandRows]:
    return {(row.sku, row.site): row for row in rows}
