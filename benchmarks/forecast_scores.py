"""Scores of forecasts as ratios of sums over series, and paired bootstrap intervals of their differences.

Every score here is Σ numerator / Σ denominator, so that drawing whole series anew keeps the rows of one series
together and the draw is the same for both methods. It fits nothing and reads nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import JsonValue

from planning.arrays import FloatArray, IntArray

DRAWS = 2_000
LOW, HIGH = 0.025, 0.975


@dataclass(frozen=True)
class Terms:
    """One score of one method: (units,) numerators and denominators; a unit is what is drawn anew, a series."""

    numerator: FloatArray
    denominator: FloatArray

    @property
    def value(self) -> float:
        """Σ numerator / Σ denominator."""
        return float(self.numerator.sum() / self.denominator.sum())


@dataclass(frozen=True)
class Difference:
    """Ours minus theirs, with the ends of the 95 % interval."""

    value: float
    low: float
    high: float


def wql(actual: FloatArray, quantiles: FloatArray, levels: FloatArray, unit: IntArray) -> Terms:
    """Weighted quantile loss, mean over levels: 2·Σ pinball / Σ actual.

    `actual` (rows,), `quantiles` (rows, levels), `unit` (rows,) numbered from 0.
    """
    error = actual[:, None] - quantiles
    loss = np.maximum(levels * error, (levels - 1.0) * error)
    return _pooled(2.0 * loss.mean(axis=1), actual, unit)


def mape(actual: FloatArray, point: FloatArray, unit: IntArray) -> Terms:
    """Mean absolute percentage error in percent; `actual` (rows,) above 0."""
    return _pooled(100.0 * np.abs(point - actual) / actual, np.ones(actual.size), unit)


def bias(actual: FloatArray, point: FloatArray, unit: IntArray) -> Terms:
    """Percent by which the forecasts' total lies above the actual total."""
    return _pooled(100.0 * (point - actual), actual, unit)


def wape(actual: FloatArray, point: FloatArray, unit: IntArray) -> Terms:
    """Σ absolute error / Σ actual, in percent."""
    return _pooled(100.0 * np.abs(point - actual), actual, unit)


def coverage(actual: FloatArray, low: FloatArray | float, high: FloatArray, unit: IntArray) -> Terms:
    """Share of rows with low ≤ actual ≤ high; `low` may be −∞ for one quantile."""
    return _pooled(((actual >= low) & (actual <= high)).astype(np.float64), np.ones(actual.size), unit)


def difference(ours: Terms, theirs: Terms, *, seed: int, draws: int = DRAWS) -> Difference:
    """Paired percentile bootstrap over units (Efron and Tibshirani 1993, section 13.3), the same draws for both."""
    units = ours.numerator.size
    random = np.random.Generator(np.random.PCG64(seed))
    counts = random.multinomial(units, np.full(units, 1.0 / units), size=draws).astype(np.float64)
    drawn = _drawn(ours, counts) - _drawn(theirs, counts)
    low, high = np.quantile(drawn[np.isfinite(drawn)], [LOW, HIGH])
    return Difference(ours.value - theirs.value, float(low), float(high))


def compared(name: str, ours: Terms, theirs: Terms, *, seed: int = 0) -> dict[str, JsonValue]:
    """The figure `name`, and its difference from the best baseline of the run with the 95 % interval."""
    found = difference(ours, theirs, seed=seed)
    return {
        name: ours.value,
        f"{name}_difference": found.value,
        f"{name}_difference95": [found.low, found.high],
    }


def _pooled(numerator: FloatArray, denominator: FloatArray, unit: IntArray) -> Terms:
    size = int(unit.max()) + 1
    return Terms(_sums(unit, numerator, size), _sums(unit, denominator, size))


def _drawn(terms: Terms, counts: FloatArray) -> FloatArray:
    return (counts @ terms.numerator) / (counts @ terms.denominator)


def _sums(unit: IntArray, values: FloatArray, size: int) -> FloatArray:
    return np.asarray(np.bincount(unit, weights=values, minlength=size), dtype=np.float64)
