"""Forecasts that agree over SKU-site, SKU, site and total.

Means add up: a level's mean is the sum of the means below it (bottom-up), so they agree exactly. Quantiles do not add
up; those of a level come from the sums of scenarios. It fits nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planning.arrays import FloatArray, IntArray, matrix
from planning.demand import ForecastPath, sample_demand, series_seed
from planning.errors import InvalidField


@dataclass(frozen=True)
class Level:
    """One level: its name, the names of its members, and (series,) the member that each series belongs to."""

    name: str
    members: tuple[str, ...]
    of_series: IntArray

    def summed(self, values: FloatArray) -> FloatArray:
        """(members, …) sums of (series, …)."""
        found = np.zeros((len(self.members), *values.shape[1:]))
        np.add.at(found, self.of_series, values)
        return found


def levels_of(series: tuple[str, ...], sku: tuple[str, ...], site: tuple[str, ...]) -> tuple[Level, ...]:
    """SKU-site, SKU, site, total; all three (series,)."""
    if not len(series) == len(sku) == len(site):
        raise InvalidField("sku", "and site must name one group for each series")
    return (
        Level("sku-site", series, np.arange(len(series))),
        _grouped("sku", sku),
        _grouped("site", site),
        Level("total", ("total",), np.zeros(len(series), dtype=np.int64)),
    )


def weighted_rmse(
    levels: tuple[Level, ...], history: FloatArray, actual: FloatArray, mean: FloatArray, value: FloatArray
) -> FloatArray:
    """(levels,) weighted scaled error of each level (WRMSSE: Makridakis, Spiliotis and Assimakopoulos 2022).

    Args:
        levels: of the hierarchy.
        history: (series, periods) before the origin; NaN counts as nothing.
        actual: (series, horizon).
        mean: (series, horizon).
        value: (series,) money or units that weigh a series.
    """
    past = np.nan_to_num(matrix("history", np.nan_to_num(history)))
    return np.array([_scaled(level, past, actual, mean, value) for level in levels])


def agreed_quantiles(
    paths: dict[str, ForecastPath], level: Level, levels: FloatArray, *, scenarios: int, seed: int
) -> FloatArray:
    """(members, periods, levels) of the sums of the series' scenarios, in the order of `level.members`."""
    drawn = [sample_demand(path, scenarios=scenarios, seed=series_seed(seed, name)) for name, path in paths.items()]
    summed = level.summed(np.stack(drawn))
    return np.moveaxis(np.quantile(summed, levels, axis=1), 0, -1)


def _grouped(name: str, groups: tuple[str, ...]) -> Level:
    members, place = np.unique(np.array(groups), return_inverse=True)
    return Level(name, tuple(map(str, members)), place.astype(np.int64))


def _scaled(level: Level, history: FloatArray, actual: FloatArray, mean: FloatArray, value: FloatArray) -> float:
    past, error = level.summed(history), level.summed(actual) - level.summed(mean)
    begun = np.arange(past.shape[1] - 1)[None, :] >= np.argmax(past > 0.0, axis=1)[:, None]
    steps = np.where(begun, np.diff(past, axis=1) ** 2, 0.0).sum(axis=1)
    scale = steps / np.maximum(begun.sum(axis=1), 1)
    weight = level.summed(value)
    relative = np.where(scale > 0.0, np.sqrt((error**2).mean(axis=1) / np.where(scale > 0.0, scale, 1.0)), 0.0)
    return float((weight * relative).sum() / weight.sum()) if weight.sum() > 0.0 else 0.0
