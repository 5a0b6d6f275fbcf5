"""Past periods like the one that is forecast: same season, same promotions, same price; what happened in them.

They explain and forecast nothing: what sold then stands beside what own history would have said beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planning.arrays import BoolArray, FloatArray, IntArray, count, vector
from planning.errors import InvalidField
from planning.forecasting.baselines import own_history

WEEK, YEAR = 7, 364
# How far apart two periods may lie in the year, in their share of promoted days, and in price, and count as the same.
SAME_SEASON_DAYS, SAME_PROMOTED, SAME_PRICE = 21, 0.15, 0.05
FEWEST_BEFORE = 56
MOST = 3
# A period with the same promotions is more like it than one in the same season, and that more than one at its price.
PROMOTION_WEIGHT, SEASON_WEIGHT, PRICE_WEIGHT, AGE_WEIGHT = 4.0, 2.0, 2.0, 0.2


@dataclass(frozen=True)
class Known:
    """What was known of a series day by day, the horizon beginning on the day after.

    Attributes:
        demand: (days,) units.
        stocked_out: (days,) nothing was on the shelf.
        promoted: (days + horizon,) a promotion ran or is planned.
        price: (days,) price of a unit, NaN where unknown.
    """

    demand: FloatArray
    stocked_out: BoolArray
    promoted: BoolArray
    price: FloatArray

    def __post_init__(self) -> None:
        days = vector("demand", self.demand, at_least=0.0).size
        for name in ("stocked_out", "price"):
            if getattr(self, name).shape != (days,):
                raise InvalidField(name, f"must have shape ({days},)")
        if self.promoted.size < days:
            raise InvalidField("promoted", f"must reach beyond the {days} days of demand")


@dataclass(frozen=True)
class Comparable:
    """Days `first` … of history: units sold, what own history would have forecast then, and in what it is the same."""

    first: int
    days: int
    sold: float
    own_history: float
    promoted_days: int
    empty_days: int
    price: float | None
    same_season: bool
    same_promotion: bool
    same_price: bool


def comparable(known: Known, horizon: int) -> tuple[Comparable, ...]:
    """At most MOST periods of `horizon` days that begin on the same weekday and do not overlap, most alike first."""
    days, size = count("horizon", horizon), known.demand.size
    starts = np.arange(size - days, FEWEST_BEFORE - 1, -WEEK)
    if starts.size == 0:
        return ()
    apart = _season_apart(size - starts)
    promoted = np.abs(_shares(known.promoted, starts, days) - float(known.promoted[size : size + days].mean()))
    prices, now = _prices(known.price, starts, days), _last(known.price)
    price = np.abs(prices / now - 1.0) if now is not None else np.full(starts.size, np.nan)
    distance = (
        PROMOTION_WEIGHT * promoted
        + SEASON_WEIGHT * apart / (YEAR / 2)
        + PRICE_WEIGHT * np.nan_to_num(price)
        + AGE_WEIGHT * (size - starts) / YEAR
    )
    chosen: list[int] = []
    for place in map(int, np.argsort(distance, kind="stable")):
        if all(abs(int(starts[place] - starts[other])) >= days for other in chosen):
            chosen.append(place)
    return tuple(
        _told(known, int(starts[place]), days, float(prices[place]), _same(apart, promoted, price, place))
        for place in chosen[:MOST]
    )


def _told(known: Known, first: int, days: int, price: float, same: tuple[bool, bool, bool]) -> Comparable:
    inside = slice(first, first + days)
    mean, _ = own_history(known.demand[max(first - YEAR, 0) : first], days)
    return Comparable(
        first, days, float(known.demand[inside].sum()), float(mean.sum()), int(known.promoted[inside].sum()),
        int(known.stocked_out[inside].sum()), None if np.isnan(price) else price, *same,
    )  # fmt: skip


def _same(season: IntArray, promoted: FloatArray, price: FloatArray, place: int) -> tuple[bool, bool, bool]:
    is_same_season = bool(season[place] <= SAME_SEASON_DAYS)
    return is_same_season, bool(promoted[place] <= SAME_PROMOTED), bool(price[place] <= SAME_PRICE)


def _season_apart(ago: IntArray) -> IntArray:
    """Days between the places in the year of now and of so many days ago."""
    within = ago % YEAR
    return np.minimum(within, YEAR - within)


def _shares(flags: BoolArray, starts: IntArray, days: int) -> FloatArray:
    total = np.append(0, np.cumsum(flags))
    return (total[starts + days] - total[starts]) / days


def _prices(price: FloatArray, starts: IntArray, days: int) -> FloatArray:
    """(starts,) mean known price of each period, NaN where none is known."""
    known = ~np.isnan(price)
    total, seen = np.append(0.0, np.cumsum(np.where(known, price, 0.0))), np.append(0, np.cumsum(known))
    counted = seen[starts + days] - seen[starts]
    return np.where(counted > 0, (total[starts + days] - total[starts]) / np.maximum(counted, 1), np.nan)


def _last(price: FloatArray) -> float | None:
    known = price[~np.isnan(price)]
    return float(known[-1]) if known.size and known[-1] > 0.0 else None
