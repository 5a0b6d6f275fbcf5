"""A level that changed and stayed: the last weeks lie apart from nearly all weeks before them.

The largest difference of means over all places where the change may lie, judged against the same of reshuffled weeks:
a permutation test assumes no distribution, and errs as seldom as FALSE_ALARMS where weeks are exchangeable. Square
roots of weekly demand, which scatter alike at any level; one large week is large after reshuffling too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from planning.anomalies.observed import Observed
from planning.anomalies.usual import weekday_shares
from planning.arrays import BoolArray, FloatArray, IntArray

# The shortest time that is told from a one-off, and the furthest back that is news.
FEWEST_WEEKS, MOST_WEEKS = 3, 13
FEWEST_BEFORE = 8
LONGEST_BEFORE = 52
RESHUFFLED = 999
FALSE_ALARMS = 0.005
SEED = 20_261
# A smaller difference than this is never beyond the reshuffled ones; it spares the reshuffling.
FAINTEST = 2.5
# A change below this share of the level before is nobody's business.
SMALLEST_CHANGE = 0.25
# The share of the weeks since that must lie on the new side of the old mean.
TOGETHER = 0.75


@dataclass(frozen=True)
class Shift:
    """From period `first` on: units a week before and after, and the difference of roots in standard errors.

    `threshold` is the value that all but FALSE_ALARMS of the reshuffled weeks stay below, `chance` the share of them
    that reach `value`. `is_season`: the same weeks a year earlier show half of the change or more.
    """

    first: int
    weeks: int
    before: float
    after: float
    value: float
    threshold: float
    chance: float
    is_season: bool


def shift(seen: Observed) -> Shift | None:
    """The lasting shift of the last MOST_WEEKS weeks, seasons too, or None."""
    sums, weights = _weeks(seen)
    usable = weights > 0.0
    sums = sums[usable] / weights[usable]
    if sums.size < FEWEST_BEFORE + FEWEST_WEEKS or np.ptp(sums) == 0.0:
        return None
    roots = _standardised(np.sqrt(sums))
    values = np.abs(_differences(roots[None, :])[0]) * _moved_as_one(sums)
    weeks = int(np.argmax(values)) + FEWEST_WEEKS
    value = float(values.max())
    if value < FAINTEST:
        return None
    drawn = np.sort(np.abs(_differences(roots[_orders(sums.size)])).max(axis=1))
    limit = float(drawn[int(np.ceil((1.0 - FALSE_ALARMS) * drawn.size)) - 1])
    before, after = float(sums[:-weeks].mean()), float(sums[-weeks:].mean())
    chance = (1.0 + float((drawn >= value).sum())) / (RESHUFFLED + 1.0)
    first = seen.values.size - _position(usable, weeks) * seen.week
    start = _to_the_day(seen, first, before, after)
    is_large = abs(after - before) > SMALLEST_CHANGE * max(before, 1e-12)
    has_lasted = seen.values.size - start >= FEWEST_WEEKS * seen.week - seen.week // 2
    if value <= limit or not is_large or not has_lasted:
        return None
    return Shift(start, weeks, before, after, value, limit, chance, _is_season(seen, start, before, after))


def _weeks(seen: Observed) -> tuple[FloatArray, FloatArray]:
    """Demand against what is expected of the judged part of each week (expected, or a share of seven days)."""
    week, count = seen.week, min(seen.values.size // seen.week, LONGEST_BEFORE + MOST_WEEKS)
    kept = seen.judged[-count * week :].reshape(count, week) if count else seen.judged[:0].reshape(0, week)
    values = seen.demand[-count * week :].reshape(kept.shape) if count else kept.astype(np.float64)
    if seen.expected is None:
        weights = kept.mean(axis=1) if count else np.zeros(0)
        # Of a week with less than half of its days the rest is not guessed.
        return (values * kept).sum(axis=1), np.where(weights >= 0.5, weights, 0.0)
    expected = seen.expected[-count * week :].reshape(kept.shape) if count else values
    per_week = float(seen.expected.mean()) * week
    return (values * kept).sum(axis=1), (expected * kept).sum(axis=1) / max(per_week, 1e-12)


def _standardised(values: FloatArray) -> FloatArray:
    return (values - values.mean()) / values.std()


def _moved_as_one(sums: FloatArray) -> FloatArray:
    """(places,) 1 where most of the later weeks lie on one side of the mean before, else 0: a spike is no shift."""
    moved: list[bool] = []
    for weeks in range(FEWEST_WEEKS, min(MOST_WEEKS, sums.size - FEWEST_BEFORE) + 1):
        before, after = float(sums[:-weeks].mean()), sums[-weeks:]
        moved.append(float((after > before).mean() if after.mean() > before else (after < before).mean()) >= TOGETHER)
    return np.array(moved, dtype=np.float64)


def _differences(values: FloatArray) -> FloatArray:
    """(rows, places) mean of the last weeks minus the mean of those before, in standard errors."""
    size = values.shape[1]
    after = np.arange(FEWEST_WEEKS, min(MOST_WEEKS, size - FEWEST_BEFORE) + 1)
    tail = np.cumsum(values[:, ::-1], axis=1)[:, after - 1]
    # They add up to nothing, so those before have the opposite sum.
    return tail * np.sqrt(1.0 / after + 1.0 / (size - after))


@cache
def _orders(size: int) -> IntArray:
    """(reshufflings, weeks) orders, always the same, so that the same history always gets the same answer."""
    random = np.random.Generator(np.random.PCG64(SEED))
    return random.permuted(np.tile(np.arange(size), (RESHUFFLED, 1)), axis=1)


def _position(usable: BoolArray, weeks: int) -> int:
    """Weeks from the end back to the first of the last `weeks` usable ones."""
    return int(usable.size - np.flatnonzero(usable)[-weeks])


def _to_the_day(seen: Observed, first: int, before: float, after: float) -> int:
    """The period within a week of `first` from which the new level explains demand best (Poisson likelihood)."""
    if seen.week == 1:
        return first
    shares = weekday_shares(seen, seen.judged) if seen.expected is None else seen.expected / seen.expected.mean()
    old, new = max(before, 1e-3 * after) / seen.week, max(after, 1e-3 * before) / seen.week
    around = slice(max(first - seen.week + 1, 0), min(first + seen.week, seen.values.size))
    gain = np.where(seen.judged, seen.demand * np.log(new / old) - (new - old) * shares, 0.0)[around]
    return around.start + int(np.argmax(np.cumsum(gain[::-1])[::-1]))


def _is_season(seen: Observed, first: int, before: float, after: float) -> bool:
    """Whether the same periods a year earlier show half of the change or more."""
    start, end = first - 52 * seen.week, seen.values.size - 52 * seen.week
    lead = 8 * seen.week
    if start < lead or before <= 0.0 or after <= 0.0:
        return False
    old, new = float(seen.demand[start - lead : start].mean()), float(seen.demand[start:end].mean())
    if old <= 0.0 or new <= 0.0:
        return False
    change, then = np.log(after / before), np.log(new / old)
    return bool(then * np.sign(change) >= 0.5 * abs(change))
