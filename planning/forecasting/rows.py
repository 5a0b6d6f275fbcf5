"""Which series are learned from, which training rows are drawn, and how they are laid out for a forecast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from planning.arrays import BoolArray, IntArray
from planning.forecasting.baselines import LEVELS
from planning.forecasting.features import Origins, Rows, rows_for
from planning.forecasting.methods import Forecasts
from planning.forecasting.panel import Panel
from planning.forecasting.quantile_model import QuantileModel, fit
from planning.spread import Spread

SPARSE, LUMPY, STEADY = "sparse", "lumpy", "steady"
SEGMENTS = (SPARSE, LUMPY, STEADY)
# A small network is drawn from more densely.
DENSE_ROWS, MOST_ROWS = 40_000, 4_000_000
FEWEST_ROWS = 2_000
# Boosting rounds: past demand alone is soon learned, and more rounds learn its noise.
ROUNDS, ROUNDS_OF_DEMAND_ALONE = 100, 50


@dataclass(frozen=True)
class Learning:
    """How a model is fitted; `share` of the rows, for a model that is only tested."""

    seed: int
    spread: Spread
    progress: Callable[[int, int], None]
    share: float = 1.0


def learnable(panel: Panel, origin: int) -> BoolArray:
    """(series,) whether the history before `origin` is long and lively enough for the model."""
    kind, known = panel.frequency, panel.values[:, :origin]
    active = (known > 0.0).sum(axis=1) >= kind.fewest_active
    return (origin - panel.starts >= kind.fewest_periods) & active


def segments_of(panel: Panel, origin: int) -> IntArray:
    """(series,) position in SEGMENTS by the share of recent periods with demand before `origin`."""
    recent = panel.observed[:, max(origin - panel.frequency.state_window, 0) : origin]
    known = np.maximum((~np.isnan(recent)).sum(axis=1), 1)
    return np.digitize((recent > 0.0).sum(axis=1) / known, [0.1, 0.5]).astype(np.int64)


def train_on(panel: Panel, origins: Origins, end: int, horizon: int, how: Learning) -> QuantileModel | None:
    """A model of what was known before period `end`; None when there are too few rows to learn from."""
    series, origin, step = _drawn(panel, origins, end, horizon, how)
    if series.size < FEWEST_ROWS:
        return None
    rows = rows_for(panel, origins, series, origin, step)
    target = panel.values[series, origin + step - 1] / rows.scale
    # The root lets small series be heard without letting them outvote the money.
    weight = np.sqrt(rows.scale / rows.scale.mean())
    names = [feature.name for feature in origins.features]
    alone = panel.frequency.season == 1 and not panel.signals
    return fit(
        rows.features, target, weight, LEVELS, names=names, seed=how.seed, spread=how.spread, progress=how.progress,
        rounds=ROUNDS_OF_DEMAND_ALONE if alone else ROUNDS,
    )  # fmt: skip


def asked_rows(panel: Panel, origins: Origins, series: IntArray, origin: int, horizon: int) -> Rows:
    """(series · horizon) rows for the periods after `origin`, series after series."""
    repeated, step = np.repeat(series, horizon), np.tile(np.arange(1, horizon + 1), series.size)
    return rows_for(panel, origins, repeated, np.full(repeated.size, origin), step)


def model_forecasts(
    panel: Panel, origins: Origins, model: QuantileModel, series: IntArray, origin: int, horizon: int
) -> Forecasts:
    """The model's forecast of `series` from `origin`."""
    rows = asked_rows(panel, origins, series, origin, horizon)
    return Forecasts(*model.forecast(rows.features, rows.scale.reshape(-1, horizon), panel.smallest(origin)[series]))


def _drawn(
    panel: Panel, origins: Origins, end: int, horizon: int, how: Learning
) -> tuple[IntArray, IntArray, IntArray]:
    """Series, origin and step of the training rows: uniform over series, then origins, then steps that are known."""
    random = np.random.Generator(np.random.PCG64(how.seed))
    able = np.flatnonzero(learnable(panel, end))
    if able.size == 0:
        return able, able, able
    kind = panel.frequency
    wanted = min(max(DENSE_ROWS, kind.rows_per_series * able.size), MOST_ROWS, able.size * kind.training_periods)
    series = random.choice(able, int(wanted * how.share))
    earliest = np.maximum(panel.starts[series] + kind.fewest_known, end - kind.training_periods)
    earliest = np.maximum(earliest, origins.first)
    origin = earliest + (random.random(series.size) * (end - earliest)).astype(np.int64)
    step = 1 + (random.random(series.size) * np.minimum(horizon, end - origin)).astype(np.int64)
    usable = np.isfinite(origins.scale[series, origin - origins.first]) & panel.known[series, origin + step - 1]
    return series[usable], origin[usable], step[usable]
