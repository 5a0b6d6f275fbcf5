"""A demand forecast as a distribution per day, and scenarios drawn from it.

A `ForecastPath` carries a mean *and* quantiles because medians do not add up to totals. This module turns both into
sample paths that keep the quantiles exactly and the mean wherever the two agree; it fits nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from planning.arrays import FloatArray, count, matrix, number, vector
from planning.errors import InvalidField

# The steepest curve allowed between two quantiles when a mean lies low; beyond it the interval is a step anyway.
STEEPEST = 50.0


@dataclass(frozen=True)
class ForecastPath:
    """Daily demand of one item at one site.

    Attributes:
        mean: (days,) expected units per day.
        levels: (levels,) ascending, strictly inside (0, 1).
        quantiles: (days, levels) units, never crossing, never negative.
        rank_correlation: lag-1 Spearman correlation of the daily ranks, the one that makes sums of days as wide as the
            back-test found them.
        method: "lightgbm" or the name of a baseline.
        reason: why that method; empty for "lightgbm".
        coverage80: share of days inside the central 80 % interval in the back-test of this method, pooled over its
            series; None when it was not measured.
    """

    mean: FloatArray
    levels: FloatArray
    quantiles: FloatArray
    rank_correlation: float
    method: str
    reason: str
    coverage80: float | None

    def __post_init__(self) -> None:
        days = vector("mean", self.mean, at_least=0.0).size
        levels = vector("levels", self.levels)
        quantiles = matrix("quantiles", self.quantiles, shape=(days, levels.size), at_least=0.0)
        if levels[0] <= 0.0 or levels[-1] >= 1.0 or (np.diff(levels) <= 0.0).any():
            raise InvalidField("levels", "must ascend strictly inside (0, 1)")
        if levels.size < 2 or (np.diff(quantiles, axis=1) < 0.0).any():
            raise InvalidField("quantiles", "must be two or more levels that do not cross")
        number("rank_correlation", self.rank_correlation, at_least=-0.99, at_most=0.99)

    @property
    def days(self) -> int:
        """Length of the horizon."""
        return int(self.mean.shape[0])


def series_seed(seed: int, series: str) -> int:
    """A seed for one series: the same everywhere for the same name, unrelated between names.

    Two sites drawn from one bare seed would have perfectly correlated demand.
    """
    digest = hashlib.blake2b(f"{seed}\x00{series}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def innovations(scenarios: int, days: int, seed: int) -> FloatArray:
    """(scenarios, days) standard normal numbers that depend on nothing but the seed.

    A longer horizon with the same seed and number of scenarios continues the shorter one.
    """
    drawn = np.random.Generator(np.random.PCG64(seed)).standard_normal((days, scenarios))
    return np.ascontiguousarray(drawn.T)


def sample_demand(path: ForecastPath, *, scenarios: int, seed: int) -> FloatArray:
    """(scenarios, days) units: a Gaussian copula with AR(1) latents over the daily marginals.

    Common random numbers: the innovations come from the seed alone, so two paths with one seed meet the same luck. The
    Pearson correlation of the latents is 2·sin(π·ρ/6) for rank correlation ρ (Kruskal 1958, bivariate normal).
    """
    shocks = innovations(count("scenarios", scenarios), path.days, count("seed", seed, at_least=0))
    uniforms = ndtr(_autoregressive(shocks, 2.0 * np.sin(np.pi * path.rank_correlation / 6.0)))
    return quantile_function(path, uniforms)


def quantile_function(path: ForecastPath, uniforms: FloatArray) -> FloatArray:
    """Demand at each (scenarios, days) probability.

    Between two levels the function is a power curve whose exponent (one per day, 1 = straight) brings the mean of the
    distribution to `path.mean`; above the last level it has an exponential tail, at least as heavy as the exponential
    through the last two quantiles, heavier where `path.mean` asks for it. The quantiles themselves are always kept;
    the mean is kept unless it lies outside what they allow.
    """
    levels, values = _with_floor(path)
    exponent, tail = _shape(path, levels, values)
    cell = np.clip(np.searchsorted(levels, uniforms, side="right") - 1, 0, levels.size - 2)
    inside = np.minimum((uniforms - levels[cell]) / np.diff(levels)[cell], 1.0)
    day = np.arange(path.days)[None, :]
    low, high = values[day, cell], values[day, cell + 1]
    body = low + (high - low) * inside ** exponent[None, :]
    last = levels[-1]
    beyond = np.log((1.0 - last) / np.maximum(1.0 - np.maximum(uniforms, last), 1e-12))
    return body + tail[None, :] * beyond


def _autoregressive(shocks: FloatArray, correlation: float) -> FloatArray:
    latents = shocks.copy()
    fresh = np.sqrt(1.0 - correlation**2)
    for day in range(1, latents.shape[1]):
        latents[:, day] = correlation * latents[:, day - 1] + fresh * shocks[:, day]
    return latents


def _with_floor(path: ForecastPath) -> tuple[FloatArray, FloatArray]:
    """Levels and quantiles with the value at probability 0, extrapolated straight and not below nothing."""
    slope = (path.quantiles[:, 1] - path.quantiles[:, 0]) / (path.levels[1] - path.levels[0])
    floor = np.maximum(path.quantiles[:, 0] - slope * path.levels[0], 0.0)
    return np.append(0.0, path.levels), np.column_stack([floor, path.quantiles])


def _shape(path: ForecastPath, levels: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Exponent of the body and scale of the tail per day, from the mean.

    ∫ of low + (high − low)·tᵏ over a cell of width w is w·low + w·(high − low)/(k + 1); the tail beyond level p adds
    (1 − p)·(last + scale).
    """
    widths, above = np.diff(levels), 1.0 - levels[-1]
    steps = values[:, -1] * above + values[:, :-1] @ widths
    rise = np.diff(values, axis=1) @ widths
    natural = (values[:, -1] - values[:, -2]) / np.log((1.0 - levels[-2]) / above)
    tail = np.maximum((path.mean - steps - rise / 2.0) / above, natural)
    room = path.mean - steps - above * tail
    safe = np.where(room > 0.0, room, 1.0)
    exponent = np.where(room > 0.0, np.clip(rise / safe - 1.0, 1.0, STEEPEST), STEEPEST)
    return exponent, tail
