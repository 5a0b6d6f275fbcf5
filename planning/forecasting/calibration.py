"""How good quantile forecasts were: pinball loss, coverage, bias."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planning.arrays import FloatArray


@dataclass(frozen=True)
class OriginMetrics:
    """The main figures of one origin; `origin` is the day on which its first period begins."""

    origin: str
    wql: float | None
    coverage80: float
    below95: float
    bias: float | None


@dataclass(frozen=True)
class MethodMetrics:
    """One method over the series of one segment in the back-test; units are the series' own.

    Attributes:
        method: "lightgbm" or a baseline's name.
        segment: which series.
        series: how many of them.
        days: series-periods scored.
        pinball: mean pinball loss per series-period and level.
        wql: weighted quantile loss, 2 · Σ pinball / (levels · Σ demand).
        coverage80: share of periods between the 10 % and the 90 % quantile, one on a point mass (mostly zero demand)
            counted by the share of that mass inside (Czado, Gneiting and Held 2009), so that .8 is right for counts.
        within80: the same without that care: the closed interval, which zeros alone can fill.
        coverage80_totals: the same of the totals of a block (28 days, 4 weeks) of scenarios, periods correlated as
            calibrated on earlier blocks; None where that was not done.
        below95: share of periods at or below the 95 % quantile.
        bias: Σ mean forecast / Σ demand − 1; None without demand.
        wape: Σ |median − demand| / Σ demand; None without demand.
        rmse: of the mean.
        per_origin: the main figures of each origin that was scored.
    """

    method: str
    segment: str
    series: int
    days: int
    pinball: float
    wql: float | None
    coverage80: float
    within80: float
    coverage80_totals: float | None
    below95: float
    bias: float | None
    wape: float | None
    rmse: float
    per_origin: tuple[OriginMetrics, ...] = ()


def pinball(actual: FloatArray, quantiles: FloatArray, levels: FloatArray) -> FloatArray:
    """(rows, levels) loss of `quantiles` (rows, levels) for `actual` (rows,) (Koenker and Bassett 1978)."""
    over = actual[:, None] - quantiles
    return np.maximum(levels * over, (levels - 1.0) * over)


def measure(
    method: str, segment: str, actual: FloatArray, mean: FloatArray, quantiles: FloatArray, levels: FloatArray,
    series: int,
) -> MethodMetrics:  # fmt: skip
    """The metrics of one method; rows are series-periods; levels must hold .1, .5, .9 and .95."""
    loss = pinball(actual, quantiles, levels)
    low, middle, high, top = (int(np.flatnonzero(np.isclose(levels, level))[0]) for level in (0.1, 0.5, 0.9, 0.95))
    demand = float(actual.sum())
    return MethodMetrics(
        method=method,
        segment=segment,
        series=series,
        days=actual.size,
        pinball=float(loss.mean()),
        wql=2.0 * float(loss.sum()) / (levels.size * demand) if demand > 0.0 else None,
        coverage80=float(_inside(actual, quantiles, levels, 0.1, 0.9).mean()),
        within80=float(((actual >= quantiles[:, low]) & (actual <= quantiles[:, high])).mean()),
        coverage80_totals=None,
        below95=float((actual <= quantiles[:, top]).mean()),
        bias=float(mean.sum()) / demand - 1.0 if demand > 0.0 else None,
        wape=float(np.abs(quantiles[:, middle] - actual).sum()) / demand if demand > 0.0 else None,
        rmse=float(np.sqrt(np.mean((mean - actual) ** 2))),
    )


def probability_at(actual: FloatArray, quantiles: FloatArray, levels: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(rows,) probability the forecast gives to less than `actual`, and to no more than it.

    Between levels the distribution is straight; above the last level its probability is split in halves. Equal
    quantiles are a point mass; mass at zero begins at probability 0.
    """
    grid = np.concatenate([[0.0], levels, [1.0]])
    floor, beyond = np.zeros((actual.size, 1)), np.full((actual.size, 1), np.inf)
    values = np.concatenate([floor, quantiles, beyond], axis=1)
    less = (values < actual[:, None]).sum(axis=1)
    upto = (values <= actual[:, None]).sum(axis=1)
    row, cell = np.arange(actual.size), np.maximum(less - 1, 0)
    low, high = values[row, cell], values[row, cell + 1]
    width = np.where(np.isfinite(high) & (high > low), high - low, 1.0)
    share = np.where(np.isfinite(high), np.clip((actual - low) / width, 0.0, 1.0), 0.5)
    between = grid[cell] + share * (grid[cell + 1] - grid[cell])
    mass = upto > less
    below = np.where(mass, np.where(actual > 0.0, grid[np.minimum(less, grid.size - 1)], 0.0), between)
    return below, np.where(mass, grid[upto - 1], between)


def _inside(actual: FloatArray, quantiles: FloatArray, levels: FloatArray, low: float, high: float) -> FloatArray:
    """(rows,) share of the probability mass at `actual` that lies between two probabilities."""
    below, upto = probability_at(actual, quantiles, levels)
    mass = upto - below
    overlap = np.clip(np.minimum(upto, high) - np.maximum(below, low), 0.0, None)
    inside = (below >= low) & (below <= high)
    return np.where(mass > 1e-12, overlap / np.where(mass > 1e-12, mass, 1.0), inside)
