"""What is usual for a series: its level, its weekdays, how much it scatters, and how unlikely a sum of periods is.

Sums are judged by a negative binomial distribution on a scale on which it scatters at least like a Poisson one, so
that it holds for counts, for cases and for weights alike, and answers do not depend on the unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc

from planning.anomalies.observed import Observed
from planning.arrays import BoolArray, FloatArray

# Sold periods that the assumption of equal weekdays is worth.
PROFILE_PRIOR = 28.0
# A scatter this small is a Poisson distribution's.
SMALLEST_DISPERSION = 1e-6
# Values above this many medians say nothing about weekdays.
CAP_MEDIANS = 3.0


@dataclass(frozen=True)
class Usual:
    """Expected units a period, and the scatter around them.

    Attributes:
        mean: (periods,) units.
        quantum: units that count as one event.
        dispersion: φ of the variance μ + φμ², in quanta.
    """

    mean: FloatArray
    quantum: float
    dispersion: float

    def at_least(self, observed: FloatArray, mean: FloatArray, square: FloatArray) -> FloatArray:
        """P(sum ≥ observed) for sums with expected units `mean` and Σ of squared expectations `square`."""
        size, chance = self._matched(mean, square)
        return np.where(observed > 0.0, betainc(np.maximum(observed / self.quantum, 1e-9), size, 1.0 - chance), 1.0)

    def at_most(self, observed: FloatArray, mean: FloatArray, square: FloatArray) -> FloatArray:
        """P(sum ≤ observed), likewise."""
        size, chance = self._matched(mean, square)
        return betainc(size, np.maximum(observed, 0.0) / self.quantum + 1.0, chance)

    def _matched(self, mean: FloatArray, square: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Size and probability of the negative binomial with the sum's mean and variance."""
        units = np.maximum(mean / self.quantum, 1e-9)
        extra = max(self.dispersion, SMALLEST_DISPERSION) * np.maximum(square / self.quantum**2, 1e-18)
        size = units**2 / extra
        return size, size / (size + units)


def usual_of(seen: Observed, kept: BoolArray, segment: FloatArray) -> Usual | None:
    """What is usual over the periods `kept`; None where nothing ever sold in them.

    `segment` (periods,) numbers the stretches between lasting shifts: each has a level of its own.
    """
    if not (seen.demand[kept] > 0.0).any():
        return None
    mean = seen.expected if seen.expected is not None else _own_mean(seen, kept, segment)
    values, expected = seen.demand[kept], mean[kept]
    squares = float(((values - expected) ** 2).sum())
    total = float(expected.sum())
    if total <= 0.0:
        return None
    quantum = min(_step(values), squares / total) if squares > 0.0 else _step(values)
    extra = squares / quantum**2 - total / quantum
    return Usual(mean, quantum, max(extra, 0.0) / max(float((expected**2).sum()) / quantum**2, 1e-12))


def _own_mean(seen: Observed, kept: BoolArray, segment: FloatArray) -> FloatArray:
    """(periods,) the level of each stretch times the weekday's share of it."""
    profile = weekday_shares(seen, kept)
    level = np.zeros(seen.values.size)
    for number in np.unique(segment):
        inside = segment == number
        known = inside & kept & (profile > 0.0)
        weight = float(profile[known].sum())
        level[inside] = float(seen.demand[known].sum()) / weight if weight > 0.0 else 0.0
    return level * profile


def weekday_shares(seen: Observed, kept: BoolArray) -> FloatArray:
    """(periods,) demand of the period's weekday against the average day, shrunken towards 1 the fewer days sold."""
    place = np.arange(seen.values.size) % seen.week
    values, where = seen.demand[kept], place[kept]
    sold = values > 0.0
    if seen.week == 1 or not sold.any():
        return np.ones(seen.values.size)
    capped = np.minimum(values, CAP_MEDIANS * float(np.median(values[sold])))
    daily = np.bincount(where, weights=capped, minlength=seen.week) / np.maximum(
        np.bincount(where, minlength=seen.week), 1
    )
    trust = sold.sum() / (sold.sum() + PROFILE_PRIOR)
    shares = trust * daily / capped.mean() + (1.0 - trust)
    closed = (daily == 0.0) & ((1.0 - 1.0 / seen.week) ** sold.sum() < 0.01)
    shares = np.where(closed, 0.0, shares)
    return (shares / shares.mean())[place]


def _step(values: FloatArray) -> float:
    """The smallest amount that ever sold."""
    return float(values[values > 0.0].min())
