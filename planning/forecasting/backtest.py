"""Model against baseline on the last weeks, as if they were still to come; who wins serves.

Two rolling origins: 56 and 28 days before the end (at most the horizon). One model is fitted on what was known at the
first of them and sees newer history, not newer targets, at the second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from planning.arrays import BoolArray, FloatArray, IntArray
from planning.demand import ForecastPath
from planning.forecasting.baselines import LEVELS, LONGEST_MEMORY, OWN_HISTORY, own_history
from planning.forecasting.calibration import MethodMetrics, measure
from planning.forecasting.features import Origins, rows_for
from planning.forecasting.panel import Panel
from planning.forecasting.quantile_model import QuantileModel, fit
from planning.forecasting.totals import Block, calibrated_correlation, coverage80

LIGHTGBM = "lightgbm"
SPARSE, LUMPY, STEADY = "sparse", "lumpy", "steady"
SEGMENTS = (SPARSE, LUMPY, STEADY)
FEWEST_DAYS, FEWEST_ACTIVE = 56, 8
BLOCK = 28
TRAINING_DAYS = 400
TRAINING_ROWS = 60_000
FEWEST_ROWS = 2_000


@dataclass(frozen=True)
class Choice:
    """What serves one segment: the method, why, and how it did; coverage None when nothing was scored."""

    method: str
    reason: str
    rank_correlation: float
    coverage80: float | None


@dataclass(frozen=True)
class BackTest:
    """Scores of both methods per segment and over all of them, and the choice per segment."""

    scores: tuple[MethodMetrics, ...]
    choices: dict[str, Choice]
    origins: int


@dataclass(frozen=True)
class _Scored:
    """Series-days of one origin: which series, day by day, with what was forecast and what happened."""

    series: IntArray
    actual: FloatArray
    forecasts: dict[str, tuple[FloatArray, FloatArray]]

    def take(self, rows: BoolArray) -> _Scored:
        """Some of the rows."""
        kept = {name: (mean[rows], quantiles[rows]) for name, (mean, quantiles) in self.forecasts.items()}
        return _Scored(self.series[rows], self.actual[rows], kept)


def learnable(panel: Panel, day: int) -> BoolArray:
    """(series,) whether the history before `day` is long and lively enough for the model."""
    known = panel.values[:, :day]
    return (day - panel.starts >= FEWEST_DAYS) & ((known > 0.0).sum(axis=1) >= FEWEST_ACTIVE)


def segments_of(panel: Panel, day: int) -> IntArray:
    """(series,) position in SEGMENTS by the share of days with demand in the half year before `day`."""
    recent = panel.values[:, max(day - 182, 0) : day]
    known = np.maximum((~np.isnan(recent)).sum(axis=1), 1)
    share = (recent > 0.0).sum(axis=1) / known
    return np.digitize(share, [0.1, 0.5])


def train_on(
    panel: Panel, origins: Origins, end: int, horizon: int, seed: int, progress: Callable[[int, int], None]
) -> QuantileModel | None:
    """A model of what was known before day `end`; None when there are too few rows to learn from."""
    series, origin, step = _drawn(panel, origins, end, horizon, seed)
    if series.size < FEWEST_ROWS:
        return None
    scale = origins.scale[series, origin - origins.first]
    target = panel.values[series, origin + step - 1] / scale
    # The root lets small series be heard without letting them outvote the money.
    features = rows_for(panel, origins, series, origin, step)
    return fit(features, target, np.sqrt(scale), LEVELS, seed=seed, progress=progress)


def back_test(
    panel: Panel, origins: Origins, horizon: int, seed: int, progress: Callable[[int, int], None]
) -> BackTest | None:
    """Score and choose; None when the history is too short to hold any of it back."""
    span = min(horizon, 2 * BLOCK)
    first = panel.days - span
    if first < 2 * FEWEST_DAYS:
        return None
    model = train_on(panel, origins, first, horizon, seed, progress)
    if model is None:
        return None
    days = sorted({first, panel.days - min(BLOCK, span)})
    scored = [_score(panel, origins, model, day) for day in days]
    # The first origin's segments hold for both, so that a segment is one set of series.
    segment = segments_of(panel, first)
    scores, choices = _judged(scored, segment, seed)
    return BackTest(tuple(scores), choices, len(days))


def _drawn(panel: Panel, origins: Origins, end: int, horizon: int, seed: int) -> tuple[IntArray, IntArray, IntArray]:
    """Series, origin and step of the training rows: uniform over series, then origins, then steps that are known."""
    random = np.random.Generator(np.random.PCG64(seed))
    able = np.flatnonzero(learnable(panel, end))
    if able.size == 0:
        return able, able, able
    wanted = min(TRAINING_ROWS, able.size * TRAINING_DAYS)
    series = random.choice(able, wanted)
    earliest = np.maximum(panel.starts[series] + BLOCK, max(end - TRAINING_DAYS, origins.first))
    origin = earliest + (random.random(wanted) * (end - earliest)).astype(np.int64)
    step = 1 + (random.random(wanted) * np.minimum(horizon, end - origin)).astype(np.int64)
    known = np.isfinite(origins.scale[series, origin - origins.first])
    return series[known], origin[known], step[known]


def _score(panel: Panel, origins: Origins, model: QuantileModel, day: int) -> _Scored:
    able = np.flatnonzero(learnable(panel, day))
    days = panel.days - day
    series, step = np.repeat(able, days), np.tile(np.arange(1, days + 1), able.size)
    origin = np.full(series.size, day)
    scale = origins.scale[able, day - origins.first].astype(np.float64)
    features = rows_for(panel, origins, series, origin, step)
    mean, quantiles = model.forecast(features, scale, panel.smallest(day)[able])
    own = [own_history(known_history(panel, one, day), days) for one in map(int, able)]
    forecasts = {
        LIGHTGBM: (mean.reshape(-1), quantiles.reshape(-1, LEVELS.size)),
        OWN_HISTORY: (np.concatenate([m for m, _ in own]), np.concatenate([q for _, q in own])),
    }
    return _Scored(series, panel.values[series, origin + step - 1], forecasts)


def known_history(panel: Panel, series: int, day: int) -> FloatArray:
    """What the baseline may use of one series before `day`."""
    return panel.values[series, max(int(panel.starts[series]), day - LONGEST_MEMORY) : day]


def _judged(scored: list[_Scored], segment: IntArray, seed: int) -> tuple[list[MethodMetrics], dict[str, Choice]]:
    scores: list[MethodMetrics] = []
    choices: dict[str, Choice] = {}
    for position, name in enumerate(SEGMENTS):
        chosen = [one.take(segment[one.series] == position) for one in scored]
        if not chosen[0].actual.size:
            choices[name] = Choice(OWN_HISTORY, f"no {name} series to test LightGBM on", 0.0, None)
            continue
        found = {method: _calibrated(chosen, method, name, seed) for method in (LIGHTGBM, OWN_HISTORY)}
        scores += [metrics for metrics, _ in found.values()]
        choices[name] = _chosen(found)
    scores += [_measured(scored, method, "all") for method in (LIGHTGBM, OWN_HISTORY)]
    return scores, choices


def _measured(scored: list[_Scored], method: str, segment: str) -> MethodMetrics:
    return measure(
        method,
        segment,
        np.concatenate([one.actual for one in scored]),
        np.concatenate([one.forecasts[method][0] for one in scored]),
        np.concatenate([one.forecasts[method][1] for one in scored]),
        LEVELS,
        int(np.unique(np.concatenate([one.series for one in scored])).size),
    )


def _calibrated(scored: list[_Scored], method: str, segment: str, seed: int) -> tuple[MethodMetrics, float]:
    """The scores, and the correlation of days fitted on the first origin and checked on the second."""
    metrics = _measured(scored, method, segment)
    correlation = calibrated_correlation(_block(scored[0], method), seed)
    if len(scored) > 1 and scored[1].actual.size:
        metrics = replace(metrics, coverage80_totals=coverage80(_block(scored[1], method).thinned(), correlation, seed))
    return metrics, correlation


def _chosen(found: dict[str, tuple[MethodMetrics, float]]) -> Choice:
    (model, _), (own, _) = found[LIGHTGBM], found[OWN_HISTORY]
    wins = model.pinball < own.pinball
    reason = "" if wins else (
        f"LightGBM did not beat it on {own.segment} series in the back-test "
        f"(pinball loss {model.pinball:.4g} against {own.pinball:.4g})"
    )  # fmt: skip
    winner, correlation = found[LIGHTGBM if wins else OWN_HISTORY]
    return Choice(winner.method, reason, correlation, winner.coverage80)


def _block(scored: _Scored, method: str) -> Block:
    """The first four weeks of each series' forecast."""
    days = int((scored.series == scored.series[0]).sum())
    mean, quantiles = scored.forecasts[method]
    means = mean.reshape(-1, days)[:, :BLOCK]
    rows = quantiles.reshape(means.shape[0], days, -1)[:, :BLOCK]
    paths = (
        ForecastPath(np.asarray(one, np.float64), LEVELS, np.asarray(row, np.float64), 0.0, method, "", None)
        for one, row in zip(means, rows, strict=True)
    )
    return Block(tuple(paths), scored.actual.reshape(-1, days)[:, :BLOCK].sum(axis=1))
