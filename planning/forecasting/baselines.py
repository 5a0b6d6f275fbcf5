"""Forecasts that need no training: a series' own history.

They serve where a model has too little to learn from, and are what a model has to beat.
"""

from __future__ import annotations

import numpy as np

from planning.arrays import FloatArray, IntArray, count, vector
from planning.demand import ForecastPath

LEVELS: FloatArray = np.array([0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99])
OWN_HISTORY = "own-history-quantiles"
WEEK = 7
# Days with demand that the assumption of equal weekdays is worth.
PROFILE_PRIOR_DAYS = 28.0
LONGEST_MEMORY = 364


def baseline_forecast(
    history_values: FloatArray,
    *,
    horizon: int,
    reason: str = "",
    rank_correlation: float | None = None,
    coverage80: float | None = None,
) -> ForecastPath:
    """The empirical quantiles of the last 52 weeks, by a shrunken weekday profile; the horizon follows the history.

    Args:
        history_values: (days,) units, oldest first, zeros included.
        horizon: days to forecast.
        reason: why a baseline and not the model; kept in the result.
        rank_correlation: of daily ranks; None measures the lag-1 one of this history.
        coverage80: measured in a back-test, pooled; None when it was not.

    Raises:
        InvalidField: empty, negative or not finite.
    """
    values = vector("history_values", history_values, at_least=0.0)[-LONGEST_MEMORY:]
    days = count("horizon", horizon)
    mean, quantiles = own_history(values, days)
    correlation = lag_one(values) if rank_correlation is None else rank_correlation
    return ForecastPath(mean, LEVELS, quantiles, correlation, OWN_HISTORY, reason, coverage80)


def own_history(values: FloatArray, horizon: int, season: int = WEEK) -> tuple[FloatArray, FloatArray]:
    """(horizon,) mean and (horizon, levels) quantiles: past periods freed of their place in the season, times the new.

    `values` may hold NaN where demand is unknown; all unknown counts as none.
    """
    if season == 1:
        seen = values[~np.isnan(values)]
        level, quantiles = (
            (float(seen.mean()), np.quantile(seen, LEVELS)) if seen.size else (0.0, np.zeros(LEVELS.size))
        )
        return np.full(horizon, level), np.tile(quantiles, (horizon, 1))
    place = np.arange(values.size) % season
    known = ~np.isnan(values)
    profile = _profile(values[known], place[known], season)
    ahead = profile[(values.size + np.arange(horizon)) % season]
    usual = profile[place]
    kept = known & (usual > 0.0)
    if not kept.any():
        return np.zeros(horizon), np.zeros((horizon, LEVELS.size))
    level = float(values[known].sum() / usual[known].sum())
    return ahead * level, ahead[:, None] * np.quantile(values[kept] / usual[kept], LEVELS)[None, :]


def _profile(values: FloatArray, place: IntArray, season: int) -> FloatArray:
    """(season,) demand of each weekday against the average day, 1 on average.

    Shrunken towards 1 the fewer days had any demand, and blind to how large a day was beyond three times the
    median: one big order on a Monday says nothing of Mondays. A weekday is closed (0) when it never sold though demand
    was frequent enough that chance would leave it out less than once in a hundred times.
    """
    active = values > 0.0
    sold = int(active.sum())
    if sold == 0:
        return np.ones(season)
    capped = np.minimum(values, 3.0 * float(np.median(values[active])))
    seen = np.maximum(np.bincount(place, minlength=season), 1)
    daily = np.bincount(place, weights=capped, minlength=season) / seen
    trust = sold / (sold + PROFILE_PRIOR_DAYS)
    profile = trust * daily / capped.mean() + (1.0 - trust)
    closed = (daily == 0.0) & ((1.0 - 1.0 / season) ** sold < 0.01)
    profile = np.where(closed, 0.0, profile)
    return profile / profile.mean()


def lag_one(values: FloatArray) -> float:
    """Lag-1 Spearman correlation, 0 where ranks cannot vary or too few values are known."""
    if values.size < 3 * WEEK or np.isnan(values).any() or np.ptp(values[1:]) == 0.0 or np.ptp(values[:-1]) == 0.0:
        return 0.0
    from scipy.stats import rankdata

    ranks = rankdata(values)
    return float(np.clip(np.corrcoef(ranks[:-1], ranks[1:])[0, 1], -0.95, 0.95))
