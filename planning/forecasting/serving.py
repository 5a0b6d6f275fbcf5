"""From the back-test's choices to one forecast a series: what serves whom, with its mean, corrections and reason."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from planning.arrays import BoolArray, FloatArray, IntArray, SingleArray
from planning.forecasting import conformal
from planning.forecasting.backtest import BackTest, Choice, SegmentChoice
from planning.forecasting.baselines import LEVELS, OWN_HISTORY, lag_one
from planning.forecasting.features import Origins
from planning.forecasting.mean_choice import means_of
from planning.forecasting.methods import LIGHTGBM, Forecasts, baselines_at, known_history, with_model
from planning.forecasting.panel import Panel
from planning.forecasting.quantile_model import QuantileModel
from planning.forecasting.rows import SEGMENTS, asked_rows, learnable, segments_of


@dataclass(frozen=True)
class Served:
    """The forecasts, and what the model saw for the series that it knows.

    Attributes:
        mean, quantiles: (series, horizon), (series, horizon, levels) units.
        choices: (series,) what serves each and why.
        modelled: positions of the series that have rows of the model.
        scale: (modelled, horizon) units a period that their features and targets are relative to.
        features: (modelled · horizon, features).
    """

    mean: FloatArray
    quantiles: FloatArray
    choices: tuple[Choice, ...]
    modelled: IntArray
    scale: FloatArray
    features: SingleArray


def serve(panel: Panel, origins: Origins, tested: BackTest | None, model: QuantileModel | None, horizon: int) -> Served:
    """Forecast every series from the end of its history with what was chosen for it."""
    everybody = np.arange(len(panel.ids))
    able = learnable(panel, panel.periods)
    found = baselines_at(panel, everybody, panel.periods, horizon)
    chosen = _choices(panel, tested, model, able)
    modelled = np.flatnonzero(able) if model is not None else everybody[:0]
    rows = asked_rows(panel, origins, modelled, panel.periods, horizon)
    scale = rows.scale.reshape(-1, horizon)
    if model is not None:
        own = Forecasts(*model.forecast(rows.features, scale, panel.smallest(panel.periods)[modelled]))
        found = with_model(found, _widened(own, modelled, found[OWN_HISTORY]))
    quantiles = _quantiles(found, chosen)
    mean, choices = _means(panel, found, chosen, tested, able)
    return Served(mean, quantiles, choices, modelled, scale, rows.features)


def _widened(part: Forecasts, places: IntArray, rest: Forecasts) -> Forecasts:
    """`part` at `places`, `rest` elsewhere."""
    mean, quantiles = rest.mean.copy(), rest.quantiles.copy()
    mean[places], quantiles[places] = part.mean, part.quantiles
    return Forecasts(mean, quantiles)


def _quantiles(found: dict[str, Forecasts], chosen: list[SegmentChoice]) -> FloatArray:
    result = np.zeros((len(chosen), *found[OWN_HISTORY].quantiles.shape[1:]))
    for method in {one.choice.method for one in chosen}:
        rows = np.flatnonzero([one.choice.method == method for one in chosen])
        factor = np.stack([chosen[row].factors for row in rows])
        result[rows] = conformal.corrected(found[method].quantiles[rows], factor[:, None, :])
    return result


def _means(
    panel: Panel, found: dict[str, Forecasts], chosen: list[SegmentChoice], tested: BackTest | None, able: BoolArray
) -> tuple[FloatArray, tuple[Choice, ...]]:
    """(series, horizon) the chosen mean of those that were tested, own history of the others; and the final choices."""
    mean = found[OWN_HISTORY].mean.copy()
    choices = [one.choice for one in chosen]
    means = means_of(found) if LIGHTGBM in found else {name: one.mean for name, one in found.items()}
    if tested is not None:
        method = tested.mean.method
        mean[able] = means[method][able]
        for place in np.flatnonzero(able):
            if method != choices[place].method:
                choices[place] = replace(choices[place], reason=f"{choices[place].reason}; mean by {method}")
    for place in np.flatnonzero([one.coverage80 is None for one in choices]):
        history = known_history(panel, int(place), panel.periods)
        choices[place] = replace(choices[place], rank_correlation=lag_one(history))
    return mean, tuple(choices)


def _choices(
    panel: Panel, tested: BackTest | None, model: QuantileModel | None, able: BoolArray
) -> list[SegmentChoice]:
    """Per series: its segment's choice, or its own history with the reason."""
    segment, kind = segments_of(panel, panel.periods), panel.frequency
    active, known = (panel.observed > 0.0).sum(axis=1), panel.periods - panel.starts
    none = np.ones(LEVELS.size)

    def alone(place: int) -> SegmentChoice:
        short = int(known[place]) < kind.fewest_periods
        reason = (
            f"only {known[place]} {kind.name}s of history; LightGBM needs {kind.fewest_periods}"
            if short
            else f"only {active[place]} {kind.name}s with demand; LightGBM needs {kind.fewest_active}"
        )
        return SegmentChoice(Choice(OWN_HISTORY, reason, 0.0, None), none)

    pooled = [_pooled(tested, name, model) for name in SEGMENTS]
    return [pooled[segment[place]] if able[place] else alone(place) for place in range(len(panel.ids))]


def _pooled(tested: BackTest | None, segment: str, model: QuantileModel | None) -> SegmentChoice:
    none = np.ones(LEVELS.size)
    if tested is None:
        return SegmentChoice(Choice(OWN_HISTORY, "too little history to test LightGBM on", 0.0, None), none)
    found = tested.choices[segment]
    if found.choice.method.startswith(LIGHTGBM) and model is None:
        return SegmentChoice(Choice(OWN_HISTORY, "too few rows to train LightGBM on", 0.0, None), none)
    return found
