"""Demand forecasts for a whole network: one global model, judged against named baselines before it serves.

Direct forecasting: a row is a forecast origin and a period ahead, features know nothing after the origin, so no
forecast is fed back into another (recursion narrows quantiles). mlforecast computes the features, LightGBM the trees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from planning.arrays import count
from planning.demand import ForecastPath
from planning.errors import HorizonTooShort, InvalidField
from planning.forecasting.artefact import Artefact, read, write
from planning.forecasting.backtest import BackTest, back_test
from planning.forecasting.baselines import LEVELS, OWN_HISTORY, baseline_forecast
from planning.forecasting.calibration import MethodMetrics
from planning.forecasting.card import Card, card_of
from planning.forecasting.contributions import Contribution, split
from planning.forecasting.features import EXPECTED, origins_of
from planning.forecasting.frequency import FrequencyName
from planning.forecasting.methods import LIGHTGBM
from planning.forecasting.panel import panel_of
from planning.forecasting.promotion import Standing
from planning.forecasting.renewal import Prepared, renew, rescore
from planning.forecasting.rows import Learning, train_on
from planning.forecasting.serving import serve
from planning.forecasting.signals import Signal
from planning.spread import Spread, local

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ForecastMetrics", "ForecastPath", "MethodMetrics", "TrainedForecaster", "baseline_forecast", "train"]

Progress = Callable[[str, int, int], None]
# A model that is only tested needs fewer rows than the one that serves.
TESTED_SHARE = 0.5


@dataclass(frozen=True)
class ForecastMetrics:
    """The back-test: per method and segment ("all" pools them); empty, with the reason, where none was possible."""

    methods: tuple[MethodMetrics, ...]
    origins: int
    reason: str


class TrainedForecaster:
    """What serves each series, its forecast, and the model behind it."""

    def __init__(self, artefact: Artefact) -> None:
        self._artefact = artefact
        self._place = {name: place for place, name in enumerate(artefact.ids)}

    @property
    def metrics(self) -> ForecastMetrics:
        """What the back-test measured."""
        tested = self._artefact.tested
        if tested is None:
            return ForecastMetrics((), 0, self._artefact.reason)
        return ForecastMetrics(tested.scores, tested.origins, "")

    @property
    def card(self) -> Card:
        """What it was trained on and with."""
        return self._artefact.card

    @property
    def horizon(self) -> int:
        """Periods it was trained for."""
        return self.card.horizon

    def predict(self, horizon: int) -> dict[str, ForecastPath]:
        """A path per series for the periods after the end of the history; `horizon` at most the one trained for."""
        served, periods = self._artefact.served, self._within(horizon)
        return {
            name: ForecastPath(
                served.mean[place, :periods], LEVELS, served.quantiles[place, :periods],
                choice.rank_correlation, choice.method, choice.reason, choice.coverage80,
            )
            for place, (name, choice) in enumerate(zip(self._artefact.ids, served.choices, strict=True))
        }  # fmt: skip

    def contributions(self, series: Sequence[str], horizon: int) -> tuple[Contribution, ...]:
        """What drives the model's mean over `horizon`, for those of `series` that the model knows.

        Raises:
            InvalidField: a series that was not trained on.
        """
        kept, periods, served = self._artefact, self._within(horizon), self._artefact.served
        unknown = [name for name in series if name not in self._place]
        if unknown:
            raise InvalidField("series", f"has no {unknown[0]!r}", remedy="Name a series of the training history.")
        row = {int(place): number for number, place in enumerate(served.modelled)}
        wanted = [name for name in series if self._place[name] in row]
        if kept.model is None or not wanted:
            return ()
        first = np.array([row[self._place[name]] for name in wanted])
        rows = (first[:, None] * kept.card.horizon + np.arange(periods)).reshape(-1)
        features = served.features[rows]
        raw = kept.model.contributions(features).reshape(len(wanted), periods, -1)
        scale = served.scale[first, :periods]
        if EXPECTED in (names := [one.name for one in kept.card.features]):
            # What signals make of the scale is told as their doing, not as the base.
            lift = features[:, names.index(EXPECTED)].reshape(scale.shape).astype(np.float64)
            raw[..., names.index(EXPECTED)] += lift
            scale = scale / np.exp(lift)
        mean = served.mean[:, :periods].sum(axis=1)
        return tuple(
            split(name, one, base, kept.card.features, float(mean[self._place[name]]))
            for name, one, base in zip(wanted, raw, scale, strict=True)
        )

    def renewed(self, newer: Prepared) -> TrainedForecaster:
        """The same model and choices, forecasting from the end of a newer history.

        Raises:
            InvalidField: the history gives other features than the model learned from.
        """
        return TrainedForecaster(renew(self._artefact, newer))

    def judged_on(self, newer: Prepared) -> Standing | None:
        """How what it would have served did on the last block that a newer history holds back; None where none was.

        By the model of its back-test, which has learned nothing of that block.

        Raises:
            InvalidField: the history gives other features than the model learned from.
        """
        return rescore(self._artefact, newer)

    def save(self, directory: Path) -> str:
        """Write the artefact (LightGBM text, NumPy arrays without pickle, a JSON manifest); its SHA-256."""
        return write(self._artefact, directory)

    @classmethod
    def load(cls, directory: Path, sha256: str) -> TrainedForecaster:
        """Read an artefact back; raises `ChangedArtefact` unless every byte is the one that was saved."""
        return cls(read(directory, sha256))

    def _within(self, horizon: int) -> int:
        periods = count("horizon", horizon)
        if periods > self.horizon:
            unit = f"{self.card.frequency}s"
            raise HorizonTooShort(
                "horizon", f"of {periods} {unit} is longer than the {self.horizon} it was trained for"
            )
        return periods


def silent(stage: str, done: int, total: int) -> None:
    """No progress shown."""


def train(
    history: pd.DataFrame,
    *,
    horizon: int,
    seed: int,
    exogenous: pd.DataFrame | None = None,
    frequency: FrequencyName = "day",
    signals: Sequence[Signal] = (),
    spread: Spread = local,
    progress: Progress = silent,
) -> TrainedForecaster:
    """Back-test, choose per segment, train on everything and forecast `horizon` periods ahead.

    Args:
        history: unique_id, ds, y: units a period. All series end on the last period of the frame; periods without a row
            after a series' first one are without demand. If known: sku and site, the groups of a series, and
            availability, the share of the period it was on the shelf (a period out of stock is not one without demand).
        horizon: periods to forecast.
        seed: of the rows drawn and the trees; the same input and seed give the same forecasts.
        exogenous: unique_id, ds and discount or promotion, known in advance; short for two signals.
        frequency: what a period is.
        signals: declared drivers and when they become known.
        spread: runs whole models; the result does not depend on where.
        progress: called with a stage, what is done and the total.

    Raises:
        InvalidField: a frame lacks a column, is empty, or holds a negative, unknown or doubled number.
    """
    periods = count("horizon", horizon)
    progress("features", 0, 1)
    panel = panel_of(history, exogenous, periods, frequency=frequency, signals=signals)
    origins = origins_of(panel, panel.frequency.training_periods)
    testing = Learning(seed, spread, lambda done, total: progress("back-test", done, total), TESTED_SHARE)
    tested = back_test(panel, origins, periods, testing)
    model = None
    if tested is not None and _uses_model(tested):
        learning = Learning(seed, spread, lambda done, total: progress("training", done, total))
        model = train_on(panel, origins, panel.periods, periods, learning)
    progress("forecast", 0, 1)
    mean_method, losses = (tested.mean.method, tested.mean.losses) if tested else (OWN_HISTORY, {})
    return TrainedForecaster(
        Artefact(
            card=card_of(panel, origins, periods, seed, mean_method, losses),
            ids=panel.ids,
            tested=tested,
            reason="" if tested else "too little history to hold any back for a test",
            served=serve(panel, origins, tested, model, periods),
            model=model,
        )
    )


def _uses_model(tested: BackTest) -> bool:
    methods = [one.choice.method for one in tested.choices.values()]
    return any(method.startswith(LIGHTGBM) for method in (*methods, tested.mean.method))
