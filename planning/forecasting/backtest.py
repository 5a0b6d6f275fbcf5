"""Every method on the last blocks of the history, as if they were still to come; per segment the best one serves.

One model is fitted on what was known at the first of the origins held back; at the later ones it sees newer history,
not newer targets. Corrections and correlations are fitted on the earlier origins and checked on the last one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from planning.arrays import BoolArray, FloatArray, IntArray
from planning.demand import ForecastPath
from planning.forecasting import conformal
from planning.forecasting.baselines import LEVELS, OWN_HISTORY
from planning.forecasting.calibration import MethodMetrics, OriginMetrics, measure
from planning.forecasting.features import Origins
from planning.forecasting.mean_choice import MeanChoice, choose_mean
from planning.forecasting.methods import LIGHTGBM, Forecasts, baselines_at, is_model, with_model
from planning.forecasting.panel import Panel
from planning.forecasting.quantile_model import QuantileModel
from planning.forecasting.rows import SEGMENTS, Learning, learnable, model_forecasts, segments_of, train_on
from planning.forecasting.totals import Block, calibrated_correlation, coverage80

SERVED = "served"


@dataclass(frozen=True)
class Choice:
    """What serves a series: the method, why, how its periods move together, how it did (None: nothing was scored)."""

    method: str
    reason: str
    rank_correlation: float
    coverage80: float | None


@dataclass(frozen=True)
class SegmentChoice:
    """What serves a segment: the choice, and the conformal factor of each level."""

    choice: Choice
    factors: FloatArray


@dataclass(frozen=True)
class BackTest:
    """Scores of all methods per segment and over all of them, and what was chosen.

    `scores` has one more method, "served": what the choice and its corrections, fitted on the origins before, gave on
    the last one. `model` had learned nothing after the first of the origins: it is kept to be judged on later ones.
    """

    scores: tuple[MethodMetrics, ...]
    choices: dict[str, SegmentChoice]
    mean: MeanChoice
    origins: int
    model: QuantileModel


@dataclass(frozen=True)
class Scored:
    """One origin: (series,) which, (series, periods) what happened (NaN = unknown), and every method's forecast."""

    origin: int
    day: str
    series: IntArray
    actual: FloatArray
    forecasts: dict[str, Forecasts]

    def take(self, rows: BoolArray) -> Scored:
        """Some of the series."""
        kept = np.flatnonzero(rows)
        return replace(
            self, series=self.series[kept], actual=self.actual[kept],
            forecasts={name: one.take(kept) for name, one in self.forecasts.items()},
        )  # fmt: skip

    def flat(self, method: str) -> tuple[FloatArray, FloatArray, FloatArray]:
        """(rows,) demand, mean and (rows, levels) quantiles of the periods whose demand is known."""
        known, found = ~np.isnan(self.actual), self.forecasts[method]
        return self.actual[known], found.mean[known], found.quantiles[known]


def held_back(panel: Panel) -> list[int]:
    """The origins, a block apart, as many as the history has room for."""
    kind = panel.frequency
    blocks = range(kind.held_back, 0, -1)
    return [
        origin for origin in (panel.periods - kind.block * back for back in blocks) if origin >= 2 * kind.fewest_periods
    ]


def back_test(panel: Panel, origins: Origins, horizon: int, how: Learning) -> BackTest | None:
    """Score and choose; None when the history is too short to hold any of it back."""
    held = held_back(panel)
    model = train_on(panel, origins, held[0], horizon, how) if held else None
    if model is None:
        return None
    scored = [score_at(panel, origins, model, origin, horizon) for origin in held]
    # The first origin's segments hold for all, so that a segment is one set of series.
    segment = segments_of(panel, held[0])
    judged = [_judged(name, [one.take(segment[one.series] == place) for one in scored], how.seed)
              for place, name in enumerate(SEGMENTS)]  # fmt: skip
    everything = [_measured(scored, method, "all") for method in scored[0].forecasts]
    scores = tuple(metrics for found, _ in judged for metrics in found) + tuple(everything)
    choices = {name: choice for name, (_, choice) in zip(SEGMENTS, judged, strict=True)}
    return BackTest(scores, choices, choose_mean(panel, scored), len(held), model)


def score_at(panel: Panel, origins: Origins, model: QuantileModel, origin: int, horizon: int) -> Scored:
    """What every method would have forecast from `origin`, of the series that could be learned from then."""
    able = np.flatnonzero(learnable(panel, origin))
    periods = min(horizon, panel.periods - origin)
    found = baselines_at(panel, able, origin, periods)
    own = model_forecasts(panel, origins, model, able, origin, periods)
    day = str(panel.frequency.first_day(panel.first + origin))
    return Scored(origin, day, able, panel.observed[able, origin : origin + periods], with_model(found, own))


def _judged(name: str, scored: list[Scored], seed: int) -> tuple[list[MethodMetrics], SegmentChoice]:
    """All methods' scores in one segment, and the best one with its corrections."""
    if not any(one.series.size for one in scored):
        untested = Choice(OWN_HISTORY, f"no {name} series to test LightGBM on", 0.0, None)
        return [], SegmentChoice(untested, np.ones(LEVELS.size))
    found = {method: _measured(scored, method, name) for method in scored[0].forecasts}
    best = min(found, key=lambda method: found[method].pinball)
    reason = _reason(found, best)
    served, correlation = _served(scored, best, name, seed)
    choice = Choice(best, reason, correlation, (served or found[best]).coverage80)
    factor = _factors(scored, best)
    return [*found.values(), *([served] if served else [])], SegmentChoice(choice, factor)


def _reason(found: dict[str, MethodMetrics], best: str) -> str:
    """In words: whom it beat and by how much, in pinball loss over the origins held back."""
    losses = {method: metrics.pinball for method, metrics in found.items()}
    segment, mine = found[best].segment, losses[best]
    if is_model(best):
        rival = min((method for method in losses if not is_model(method)), key=losses.__getitem__)
        return f"beat {rival} on {segment} series held back (pinball loss {mine:.4g} against {losses[rival]:.4g})"
    return (
        f"LightGBM did not beat it on {segment} series in the back-test "
        f"(pinball loss {losses[LIGHTGBM]:.4g} against {mine:.4g})"
    )


def _served(scored: list[Scored], method: str, segment: str, seed: int) -> tuple[MethodMetrics | None, float]:
    """The method as it would have served the last origin, corrected by those before; and the correlation."""
    present = [one for one in scored if one.series.size]
    correlation = calibrated_correlation(_block(present[0], method), seed)
    if len(present) < 2:
        return None, correlation
    last, factor = present[-1], _factors(present[:-1], method)
    forecast = last.forecasts[method]
    forecast = Forecasts(forecast.mean, conformal.corrected(forecast.quantiles, factor))
    last = replace(last, forecasts={SERVED: forecast})
    metrics = _measured([last], SERVED, segment)
    within = coverage80(_block(last, SERVED).thinned(), correlation, seed)
    return replace(metrics, coverage80_totals=within), correlation


def _factors(scored: list[Scored], method: str) -> FloatArray:
    actual, _, quantiles = _joined(scored, method)
    return conformal.factors(actual, quantiles, LEVELS)


def _measured(scored: list[Scored], method: str, segment: str) -> MethodMetrics:
    series = int(np.unique(np.concatenate([one.series for one in scored])).size)
    actual, mean, quantiles = _joined(scored, method)
    pooled = measure(method, segment, actual, mean, quantiles, LEVELS, series)
    return replace(pooled, per_origin=tuple(_at_origin(one, method) for one in scored if one.actual.size))


def _at_origin(scored: Scored, method: str) -> OriginMetrics:
    found = measure(method, "", *scored.flat(method), LEVELS, scored.series.size)
    return OriginMetrics(scored.day, found.wql, found.coverage80, found.below95, found.bias)


def _joined(scored: list[Scored], method: str) -> tuple[FloatArray, FloatArray, FloatArray]:
    parts = [one.flat(method) for one in scored]
    actual, mean, quantiles = (np.concatenate([part[place] for part in parts]) for place in range(3))
    return actual, mean, quantiles


def _block(scored: Scored, method: str) -> Block:
    """The first block of each series' forecast whose demand is known throughout."""
    found = scored.forecasts[method]
    block = min(scored.actual.shape[1], 28)
    kept = np.flatnonzero(~np.isnan(scored.actual[:, :block]).any(axis=1))
    paths = (
        ForecastPath(found.mean[one, :block], LEVELS, found.quantiles[one, :block], 0.0, method, "", None)
        for one in kept
    )
    return Block(tuple(paths), scored.actual[kept, :block].sum(axis=1))
