"""Sums of days: how strongly days must move together for totals to be as uncertain as they turned out to be."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from planning.arrays import FloatArray
from planning.demand import ForecastPath, sample_demand, series_seed

SCENARIOS = 200
MOST_SERIES = 250
HALVINGS = 5
STRONGEST = 0.9
NOMINAL = 0.8


@dataclass(frozen=True)
class Block:
    """Forecasts of some series over the same days, with the totals that came."""

    paths: tuple[ForecastPath, ...]
    totals: FloatArray

    def thinned(self) -> Block:
        """At most MOST_SERIES of them, evenly spaced."""
        kept = np.unique(np.linspace(0, len(self.paths) - 1, min(len(self.paths), MOST_SERIES)).astype(np.int64))
        return Block(tuple(self.paths[place] for place in kept), self.totals[kept])


def coverage80(block: Block, rank_correlation: float, seed: int) -> float:
    """Share of totals inside the central 80 % of their scenarios; one on a point mass counts by its share inside."""
    inside = [
        _inside(replace(path, rank_correlation=rank_correlation), float(total), series_seed(seed, str(place)))
        for place, (path, total) in enumerate(zip(block.paths, block.totals, strict=True))
    ]
    return float(np.mean(inside))


def calibrated_correlation(block: Block, seed: int) -> float:
    """The lag-1 rank correlation that covers 80 % of the totals, by bisection between 0 and STRONGEST.

    Unlike the measured lag-1 correlation it also carries errors of level, which last the whole horizon. 0 where even
    independent days cover enough; without series to look at, 0 as well.
    """
    if not block.paths:
        return 0.0
    seen, low, high = block.thinned(), 0.0, STRONGEST
    if coverage80(seen, low, seed) >= NOMINAL:
        return 0.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if coverage80(seen, middle, seed) >= NOMINAL else (middle, high)
    return (low + high) / 2.0


def _inside(path: ForecastPath, total: float, seed: int) -> float:
    drawn = sample_demand(path, scenarios=SCENARIOS, seed=seed).sum(axis=1)
    tolerance = 1e-9 * max(total, 1.0)
    below, upto = float((drawn < total - tolerance).mean()), float((drawn <= total + tolerance).mean())
    if upto > below:
        return max(min(upto, 0.9) - max(below, 0.1), 0.0) / (upto - below)
    return float(0.1 <= below <= 0.9)
