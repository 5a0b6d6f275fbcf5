"""Every named method's forecast of all series from one origin: the baselines, the model, and their averages.

Each gives a mean and quantiles, so that any can serve. A point baseline's quantiles are the series' own history's,
moved to its level; those of the means that agree with the sites, as their site moved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planning.arrays import FloatArray, IntArray
from planning.forecasting.agreement import agreed, steady_level
from planning.forecasting.baselines import LEVELS, OWN_HISTORY, own_history
from planning.forecasting.panel import Panel

LIGHTGBM = "lightgbm"
MOVING_AVERAGE, SEASONAL_NAIVE, CROSTON = "moving-average", "seasonal-naive", "croston-sba"
AGREED = "steady-mean-agreed-with-sites"
WITH_HISTORY = "lightgbm+own-history"
# Smoothing of sizes and intervals (Syntetos and Boylan 2005 use .05 to .2).
CROSTON_SMOOTHING = 0.1


@dataclass(frozen=True)
class Forecasts:
    """(series, periods) mean and (series, periods, levels) quantiles in units."""

    mean: FloatArray
    quantiles: FloatArray

    def averaged(self, other: Forecasts) -> Forecasts:
        """The mean of both means, and of both quantile functions (Vincent 1912: the shape survives)."""
        return Forecasts((self.mean + other.mean) / 2.0, (self.quantiles + other.quantiles) / 2.0)

    def until(self, horizon: int) -> Forecasts:
        """The first periods."""
        return Forecasts(self.mean[:, :horizon], self.quantiles[:, :horizon])

    def take(self, rows: IntArray) -> Forecasts:
        """Some of the series."""
        return Forecasts(self.mean[rows], self.quantiles[rows])


def baselines_at(panel: Panel, series: IntArray, origin: int, horizon: int) -> dict[str, Forecasts]:
    """Every baseline's forecast of `series` from what was known before `origin`."""
    whole = -(-horizon // panel.frequency.season) * panel.frequency.season
    seasons = _own_history(panel, series, origin, whole)
    own = seasons.until(horizon)
    means = {
        MOVING_AVERAGE: _moving_average(panel, series, origin, horizon),
        SEASONAL_NAIVE: _seasonal_naive(panel, series, origin, horizon),
        CROSTON: _croston(panel, series, origin, horizon),
    }
    level = own.mean.mean(axis=1)
    safe = np.where(level > 0.0, level, 1.0)
    shape = own.quantiles.mean(axis=1) / safe[:, None]
    moved = {name: Forecasts(mean, mean[..., None] * shape[:, None, :]) for name, mean in means.items()}
    return {OWN_HISTORY: own} | moved | {AGREED: _agreed(panel, series, origin, seasons, means[CROSTON]).until(horizon)}


def with_model(found: dict[str, Forecasts], model: Forecasts) -> dict[str, Forecasts]:
    """The baselines with the model and its average with own history beside them."""
    return found | {LIGHTGBM: model, WITH_HISTORY: model.averaged(found[OWN_HISTORY])}


def is_model(method: str) -> bool:
    """Whether a method is LightGBM or an average with it."""
    return method.startswith(LIGHTGBM)


def known_history(panel: Panel, series: int, origin: int) -> FloatArray:
    """(periods,) what a baseline may use of one series before `origin`, NaN where demand is unknown."""
    start = max(int(panel.starts[series]), origin - panel.frequency.year)
    values = panel.values[series, start:origin]
    return np.where(panel.known[series, start:origin], values, np.nan)


def _own_history(panel: Panel, series: IntArray, origin: int, horizon: int) -> Forecasts:
    if panel.frequency.season == 1:
        return _empirical(panel.observed[series, max(origin - panel.frequency.year, 0) : origin], horizon)
    season = panel.frequency.season
    found = [own_history(known_history(panel, one, origin), horizon, season) for one in map(int, series)]
    return Forecasts(np.array([mean for mean, _ in found]), np.array([quantiles for _, quantiles in found]))


def _empirical(values: FloatArray, horizon: int) -> Forecasts:
    """Quantiles of what is known of each row, straight between order statistics; nothing known counts as no demand."""
    ordered = np.sort(values, axis=1)  # NaN last
    counted = np.maximum((~np.isnan(values)).sum(axis=1), 1)
    place = LEVELS[None, :] * (counted[:, None] - 1)
    low = np.floor(place).astype(np.int64)
    rows = np.arange(values.shape[0])[:, None]
    lower, upper = ordered[rows, low], ordered[rows, np.minimum(low + 1, counted[:, None] - 1)]
    quantiles = np.nan_to_num(lower + (upper - lower) * (place - low))
    mean = np.nan_to_num(values).sum(axis=1) / counted
    return Forecasts(np.repeat(mean[:, None], horizon, axis=1), np.repeat(quantiles[:, None, :], horizon, axis=1))


def _agreed(panel: Panel, series: IntArray, origin: int, own: Forecasts, slow: FloatArray) -> Forecasts:
    """Steady means in the season's shape, and `own` (whole seasons), both moved as the sites and the whole have."""
    usual = own.mean.mean(axis=1)
    safe = np.where(usual > 0.0, usual, 1.0)
    steady = agreed(panel, series, origin, steady_level(panel, series, origin, slow[:, 0]))
    change = np.where(usual > 0.0, agreed(panel, series, origin, usual) / safe, 1.0)
    profile = np.where(usual[:, None] > 0.0, own.mean / safe[:, None], 1.0)
    return Forecasts(steady[:, None] * profile, own.quantiles * change[:, None, None])


def _moving_average(panel: Panel, series: IntArray, origin: int, horizon: int) -> FloatArray:
    recent = panel.observed[series, max(origin - panel.frequency.moving_average, 0) : origin]
    known = ~np.isnan(recent)
    mean = np.nan_to_num(recent).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.repeat(mean[:, None], horizon, axis=1)


def _seasonal_naive(panel: Panel, series: IntArray, origin: int, horizon: int) -> FloatArray:
    """The same place in the season before: a week ago for days, a year ago for weeks and months; else the last one."""
    season = panel.frequency.season if panel.frequency.season > 1 else panel.frequency.year
    back = origin - season + np.arange(horizon) % season
    last = np.nan_to_num(panel.values[series, origin - 1])[:, None]
    old = panel.values[series[:, None], np.maximum(back, 0)[None, :]]
    return np.where((back >= 0)[None, :] & ~np.isnan(old), old, last)


def _croston(panel: Panel, series: IntArray, origin: int, horizon: int) -> FloatArray:
    """Croston's method with the correction of Syntetos and Boylan (2005), on the last year."""
    values = panel.observed[series, max(origin - panel.frequency.year, 0) : origin]
    size, interval = np.zeros(series.size), np.ones(series.size)
    waited, begun = np.ones(series.size), np.zeros(series.size, dtype=bool)
    for column in values.T:
        hit = np.nan_to_num(column) > 0.0
        rate = np.where(begun, CROSTON_SMOOTHING, 1.0)
        size = np.where(hit, size + rate * (np.nan_to_num(column) - size), size)
        interval = np.where(hit, interval + rate * (waited - interval), interval)
        waited = np.where(hit, 1.0, waited + ~np.isnan(column))
        begun |= hit
    mean = (1.0 - CROSTON_SMOOTHING / 2.0) * size / np.maximum(interval, 1.0)
    return np.repeat(mean[:, None], horizon, axis=1)
