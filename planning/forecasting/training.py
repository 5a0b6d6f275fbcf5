"""Demand forecasts for a whole network: one global model, judged against each series' own history before it serves.

Direct forecasting: a row is a forecast origin and a day ahead, features know nothing after the origin, so no forecast
is fed back into another (recursion narrows quantiles). mlforecast computes the features, LightGBM the trees.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from planning.arrays import IntArray, SingleArray, count
from planning.demand import ForecastPath
from planning.errors import HorizonTooShort
from planning.forecasting.artefact import Artefact, read, write
from planning.forecasting.backtest import (
    FEWEST_ACTIVE,
    FEWEST_DAYS,
    LIGHTGBM,
    SEGMENTS,
    TRAINING_DAYS,
    BackTest,
    Choice,
    back_test,
    known_history,
    learnable,
    segments_of,
    train_on,
)
from planning.forecasting.baselines import LEVELS, OWN_HISTORY, baseline_forecast
from planning.forecasting.calibration import MethodMetrics
from planning.forecasting.features import Origins, origins_of, rows_for
from planning.forecasting.panel import Panel, panel_of
from planning.forecasting.quantile_model import QuantileModel

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ForecastMetrics", "ForecastPath", "MethodMetrics", "TrainedForecaster", "baseline_forecast", "train"]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class ForecastMetrics:
    """The back-test: per method and segment ("all" pools them); empty, with the reason, where none was possible."""

    methods: tuple[MethodMetrics, ...]
    origins: int
    reason: str


class TrainedForecaster:
    """A model, the state of every series on the last day of its history, and what serves whom."""

    def __init__(self, artefact: Artefact) -> None:
        self._artefact = artefact

    @property
    def metrics(self) -> ForecastMetrics:
        """What the back-test measured."""
        found = self._artefact
        return ForecastMetrics(found.scores, found.origins, found.reason)

    @property
    def horizon(self) -> int:
        """Days it was trained for."""
        return self._artefact.horizon

    def predict(self, horizon: int) -> dict[str, ForecastPath]:
        """A path per series for the days after the end of the history; `horizon` at most the one trained for."""
        kept, days = self._artefact, count("horizon", horizon)
        if days > kept.horizon:
            raise HorizonTooShort(
                "horizon", f"of {days} days is longer than the {kept.horizon} the model was trained for"
            )
        mean, quantiles = kept.mean.copy(), kept.quantiles.copy()
        if kept.model is not None and kept.served.size:
            found = kept.model.forecast(kept.features, kept.scale, kept.smallest)
            mean[kept.served], quantiles[kept.served] = found
        return {
            name: ForecastPath(
                mean[place, :days], LEVELS, quantiles[place, :days],
                choice.rank_correlation, choice.method, choice.reason, choice.coverage80,
            )
            for place, (name, choice) in enumerate(zip(kept.ids, kept.choices, strict=True))
        }  # fmt: skip

    def save(self, directory: Path) -> str:
        """Write the artefact (LightGBM text, NumPy arrays without pickle, a JSON manifest); its SHA-256."""
        return write(self._artefact, directory)

    @classmethod
    def load(cls, directory: Path, sha256: str) -> TrainedForecaster:
        """Read an artefact back; raises `ChangedArtefact` unless every byte is the one that was saved."""
        return cls(read(directory, sha256))


def train(
    history: pd.DataFrame, *, exogenous: pd.DataFrame | None, horizon: int, seed: int, progress: Progress
) -> TrainedForecaster:
    """Back-test, choose per segment, train on everything and keep the state for `horizon` days ahead.

    Args:
        history: unique_id, ds, y: daily units. All series end on the last day of the frame; days without a row after a
            series' first one are days without demand.
        exogenous: unique_id, ds and discount or promotion, for past days and the horizon; None when there are none.
        horizon: days to forecast.
        seed: of the rows drawn and the trees; the same input and seed give the same forecasts.
        progress: called with a stage, what is done and the total.

    Raises:
        InvalidField: a frame lacks a column, is empty, or holds a negative or unknown number.
    """
    days = count("horizon", horizon)
    progress("features", 0, 1)
    panel = panel_of(history, exogenous, days)
    origins = origins_of(panel, TRAINING_DAYS)
    tested = back_test(panel, origins, days, seed, lambda done, total: progress("back-test", done, total))
    model = None
    if tested is not None and any(choice.method == LIGHTGBM for choice in tested.choices.values()):
        model = train_on(panel, origins, panel.days, days, seed, lambda done, total: progress("training", done, total))
    choices = _choices(panel, tested, model)
    progress("forecast", 0, 1)
    return TrainedForecaster(_artefact(panel, origins, days, tested, model, choices))


def _choices(panel: Panel, tested: BackTest | None, model: QuantileModel | None) -> list[Choice]:
    """Per series: its segment's choice, or its own history with the reason."""
    able, segment = learnable(panel, panel.days), segments_of(panel, panel.days)
    active = (panel.values > 0.0).sum(axis=1)
    known = panel.days - panel.starts
    return [
        _pooled(tested, SEGMENTS[segment[place]], model)
        if able[place]
        else Choice(OWN_HISTORY, _too_little(int(known[place]), int(active[place])), 0.0, None)
        for place in range(len(panel.ids))
    ]


def _pooled(tested: BackTest | None, segment: str, model: QuantileModel | None) -> Choice:
    if tested is None:
        return Choice(OWN_HISTORY, "too little history to test LightGBM on", 0.0, None)
    choice = tested.choices[segment]
    if choice.method == LIGHTGBM and model is None:
        return Choice(OWN_HISTORY, "too few rows to train LightGBM on", 0.0, None)
    return choice


def _too_little(known: int, active: int) -> str:
    if known < FEWEST_DAYS:
        return f"only {known} days of history; LightGBM needs {FEWEST_DAYS}"
    return f"only {active} days with demand; LightGBM needs {FEWEST_ACTIVE}"


def _artefact(
    panel: Panel, origins: Origins, horizon: int, tested: BackTest | None, model: QuantileModel | None,
    choices: list[Choice],
) -> Artefact:  # fmt: skip
    served = np.flatnonzero([choice.method == LIGHTGBM for choice in choices])
    mean = np.zeros((len(panel.ids), horizon), dtype=np.float64)
    quantiles = np.zeros((len(panel.ids), horizon, LEVELS.size), dtype=np.float64)
    kept = list(choices)
    for place in np.setdiff1d(np.arange(len(panel.ids)), served):
        choice = choices[place]
        path = baseline_forecast(
            known_history(panel, place, panel.days), horizon=horizon, reason=choice.reason,
            rank_correlation=None if choice.coverage80 is None else choice.rank_correlation,
        )  # fmt: skip
        mean[place], quantiles[place] = path.mean, path.quantiles
        kept[place] = Choice(choice.method, choice.reason, path.rank_correlation, choice.coverage80)
    return Artefact(
        horizon=horizon,
        ids=panel.ids,
        choices=tuple(kept),
        scores=() if tested is None else tested.scores,
        origins=0 if tested is None else tested.origins,
        reason="" if tested is not None else "too little history to hold any back for a test",
        mean=mean,
        quantiles=quantiles,
        served=served,
        scale=origins.scale[served, panel.days - origins.first].astype(np.float64),
        smallest=panel.smallest(panel.days)[served],
        features=_features(panel, origins, served, horizon),
        model=model,
    )


def _features(panel: Panel, origins: Origins, served: IntArray, horizon: int) -> SingleArray:
    series, step = np.repeat(served, horizon), np.tile(np.arange(1, horizon + 1), served.size)
    return rows_for(panel, origins, series, np.full(series.size, panel.days), step)
