"""What customers want, day by day: trend, week, season, promotions and chance. The process itself is the truth.

Means are known for the future too, so that stock can be positioned against what will really happen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from connectors.demo_network.catalogue import DemoItem
from connectors.demo_network.places import DemoSite

Floats = NDArray[np.float64]
HISTORY = 730  # days before today
FUTURE = 60  # days from today on
DISPERSION = 8.0  # variance of a day = mean + mean² / DISPERSION
# Monday to Sunday; a store is shut on Sunday.
WEEK = {
    "store": (0.9, 0.85, 0.95, 1.05, 1.45, 1.8, 0.0),
    "dc": (1.5, 1.3, 1.2, 1.3, 1.4, 0.3, 0.0),
    "warehouse": (1.4, 1.2, 1.1, 1.2, 1.4, 0.6, 0.1),
    "3pl": (1.2, 1.2, 1.2, 1.2, 1.2, 0.6, 0.4),
}


@dataclass(frozen=True)
class Pair:
    """An item listed at a site; `listed` days ago (the whole history, for most)."""

    item: DemoItem
    site: DemoSite
    listed: int = HISTORY


@dataclass(frozen=True)
class DemoPromotion:
    """Days are counted from today, negative in the past; `uplift` multiplies the demand."""

    promotion: str
    sku: str
    site: str | None
    starts: int
    days: int
    discount: float
    uplift: float
    known: int

    def applies(self, pair: Pair) -> bool:
        """Whether the pair takes part."""
        return self.sku == pair.item.sku and self.site in (None, pair.site.site)


def make_promotions(rng: np.random.Generator, items: Sequence[DemoItem]) -> list[DemoPromotion]:
    """For four items in ten, about three a year of a week each, known four weeks ahead; some are still to come."""
    promotions: list[DemoPromotion] = []
    for item in items:
        if item.intermittent or rng.random() > 0.4:
            continue
        start = -HISTORY + int(rng.integers(20, 120))
        while start < 25:
            discount = float(rng.choice([0.1, 0.15, 0.2, 0.25, 0.3]))
            number = f"P-{len(promotions) + 1:04d}"
            uplift = 1 + discount * float(rng.uniform(3.0, 5.0))
            promotions.append(DemoPromotion(number, item.sku, None, start, 7, discount, round(uplift, 2), start - 28))
            start += int(rng.integers(80, 160))
    return promotions


def mean_demand(pairs: Sequence[Pair], promotions: Sequence[DemoPromotion], today: date) -> Floats:
    """(pairs, HISTORY + FUTURE) expected units a day; column HISTORY is today."""
    days = np.arange(-HISTORY, FUTURE)
    first = today - timedelta(days=HISTORY)
    weekday = (first.weekday() + np.arange(days.size)) % 7
    day_of_year = np.arange(days.size, dtype=np.float64) + first.timetuple().tm_yday
    month: Floats = (day_of_year % 365.25) / 365.25 * 12 + 0.5
    by_sku: dict[str, list[DemoPromotion]] = {}
    for promotion in promotions:
        by_sku.setdefault(promotion.sku, []).append(promotion)
    rows = [_row(pair, days, weekday, month, by_sku.get(pair.item.sku, ())) for pair in pairs]
    return np.array(rows)


def draw(rng: np.random.Generator, pairs: Sequence[Pair], mean: Floats) -> NDArray[np.int64]:
    """(pairs, HISTORY) units: negative binomial, or now and then a few pieces where the item is intermittent."""
    past = mean[:, :HISTORY]
    smooth = rng.poisson(past * rng.gamma(DISPERSION, 1 / DISPERSION, past.shape))
    # A visit every 1 / chance days that takes 1 + Poisson(1.5) pieces.
    visits = rng.random(past.shape) < past / 2.5
    lumpy = np.where(visits, 1 + rng.poisson(1.5, past.shape), 0)
    intermittent = np.array([pair.item.intermittent for pair in pairs])[:, None]
    return np.where(intermittent, lumpy, smooth).astype(np.int64)


def _row(
    pair: Pair, days: NDArray[np.int64], weekday: NDArray[np.int64], month: Floats, promotions: Sequence[DemoPromotion]
) -> Floats:
    item = pair.item
    trend = 1 + item.trend * days / 365
    season = 1 + item.range.swing * np.cos((month - item.range.season) / 12 * 2 * np.pi)
    mean = item.rate * pair.site.scale * trend * season * np.array(WEEK[pair.site.kind])[weekday]
    for promotion in promotions:
        if promotion.applies(pair):
            mean[promotion.starts + HISTORY : promotion.starts + promotion.days + HISTORY] *= promotion.uplift
    mean[: HISTORY - pair.listed] = 0.0
    return np.maximum(mean, 0.0)
