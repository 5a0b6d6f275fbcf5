"""A tenant's demand history as training and watching take it: every day of every series, and its promotions.

Listings, demand and promotions are all it may read. A day without a row is a day of zero demand from the listing on;
a day out of stock is told apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from db import demand, forecasts, lineage, network
from db.session import Database, tenant_clock
from domain.errors import NotFound
from planning.arrays import BoolArray, FloatArray

if TYPE_CHECKING:
    import pandas as pd

HISTORY_DAYS = 740
SEPARATOR = "\x1f"  # joins SKU and site in the library's one key; no code may contain it


@dataclass(frozen=True)
class Line:
    """One series from the day `first` on.

    Attributes:
        units: (days,) a day of net returns is one on which nothing was wanted.
        told: (days,) whether the day has a row; one without is a day without demand.
        out: (days,) whether it was out of stock, so that more may have been wanted.
    """

    sku: str
    site: str
    first: date
    units: FloatArray
    told: BoolArray
    out: BoolArray

    @property
    def key(self) -> str:
        """What the library calls it."""
        return self.sku + SEPARATOR + self.site


@dataclass(frozen=True)
class History:
    """One tenant's demand as far as it is known; `today` is the first day that is not, and the first to forecast.

    `promoted` holds (key, day, discount) of past days and of the days ahead that are known, the deepest where several
    overlap. `sources` tells table and provenance of what was read.
    """

    batch: network.Batch
    today: date
    since: date
    lines: tuple[Line, ...]
    promoted: dict[tuple[str, date], float]
    sources: tuple[str, ...]

    def demand(self) -> pd.DataFrame:
        """unique_id, sku, site, ds, y, availability: the days that were told of, and the first of each series."""
        import pandas as pd

        kept = [np.flatnonzero(_begun(one.told)) for one in self.lines]
        lengths = [days.size for days in kept]
        columns: dict[str, object] = {
            "unique_id": np.repeat([one.key for one in self.lines], lengths),
            "sku": np.repeat([one.sku for one in self.lines], lengths),
            "site": np.repeat([one.site for one in self.lines], lengths),
            "ds": _joined([np.datetime64(one.first) + days for one, days in zip(self.lines, kept, strict=True)]),
            "y": _joined([one.units[days] for one, days in zip(self.lines, kept, strict=True)]),
            "availability": _joined([1.0 - one.out[days] for one, days in zip(self.lines, kept, strict=True)]),
        }
        return pd.DataFrame(columns)

    def promotions(self) -> pd.DataFrame | None:
        """unique_id, ds, discount; None without any."""
        import pandas as pd

        if not self.promoted:
            return None
        rows = [(key, day, discount) for (key, day), discount in sorted(self.promoted.items())]
        frame = pd.DataFrame(rows, columns=pd.Index(["unique_id", "ds", "discount"]))
        frame["ds"] = pd.to_datetime(frame["ds"])
        return frame

    def matrices(self, days: int) -> tuple[FloatArray, FloatArray]:
        """(series, days) units, NaN before a listing, and (series, days) 1 on promoted days, up to yesterday."""
        units, promoted = np.full((len(self.lines), days), np.nan), np.zeros((len(self.lines), days))
        place = {one.key: number for number, one in enumerate(self.lines)}
        for number, one in enumerate(self.lines):
            known = one.units[-days:]
            units[number, days - known.size :] = known
        first = self.today - timedelta(days=days)
        for key, day in self.promoted:
            if key in place and first <= day < self.today:
                promoted[place[key], (day - first).days] = 1.0
        return units, promoted


def read(database: Database, tenant: str, *, horizon: int, days: int = HISTORY_DAYS) -> History:
    """The newest `days` days; raises `NotFound` when nothing was ever imported."""
    with database.transaction(tenant) as connection:
        now, newest = tenant_clock(connection).date(), demand.newest_day(connection)
        # Days that no import has told of yet are not days without demand.
        today = now if newest is None else min(now, newest + timedelta(days=1))
        batch = network.newest_batch(connection)
        if batch is None:
            raise NotFound(f"Tenant {tenant!r} has no data.", remedy="Import some: quartermaster import PATH.")
        since, until = today - timedelta(days=days), today + timedelta(days=horizon)
        listed = network.item_sites(connection)
        rows = demand.demand(connection, skus=None, sites=None, since=since, before=today)
        promotions = demand.promotions(connection, skus=None, since=since, until=until, today=now)
        sources = lineage.learned_from(connection)
    recorded = {(row.sku, row.site): row for row in rows}
    lines = (_line(place, recorded.get((place.sku, place.site)), since, today) for place in listed)
    return History(
        batch=batch,
        today=today,
        since=since,
        lines=tuple(one for one in lines if one is not None),
        promoted=_promoted(listed, promotions, since, until),
        sources=sources,
    )


def series(key: str) -> forecasts.Series:
    """SKU and site of a key."""
    sku, site = key.split(SEPARATOR)
    return sku, site


def _line(place: network.ItemSite, row: demand.DemandRows | None, since: date, today: date) -> Line | None:
    first = max(place.listed_on, since)
    days = (today - first).days
    if days <= 0:
        return None
    units, told, out = np.zeros(days), np.zeros(days, dtype=np.bool_), np.zeros(days, dtype=np.bool_)
    if row is not None:
        offsets = np.array([(day - first).days for day in row.days])
        inside = offsets >= 0
        units[offsets[inside]] = np.maximum(np.array(row.quantities)[inside], 0.0)
        told[offsets[inside]], out[offsets[inside]] = True, np.array(row.stocked_out)[inside]
    return Line(place.sku, place.site, first, units, told, out)


def _begun(told: BoolArray) -> BoolArray:
    begun = told.copy()
    begun[0] = True
    return begun


def _joined(parts: list[np.ndarray[tuple[int], np.dtype[Any]]]) -> np.ndarray[tuple[int], np.dtype[Any]]:
    return np.concatenate(parts) if parts else np.array([])


def _promoted(
    listed: list[network.ItemSite], promotions: list[demand.Promotion], since: date, until: date
) -> dict[tuple[str, date], float]:
    sites: dict[str, list[str]] = {}
    for place in listed:
        sites.setdefault(place.sku, []).append(place.site)
    found: dict[tuple[str, date], float] = {}
    for one in promotions:
        first, last = max(one.starts_on, since), min(one.ends_on, until)
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        for site in sites.get(one.sku, []):
            if one.site in ("*", site):
                for day in days:
                    key = one.sku + SEPARATOR + site, day
                    found[key] = max(found.get(key, 0.0), float(one.discount))
    return found
