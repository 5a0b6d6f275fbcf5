"""A trained version on newer data: it forecasts from a later day, or is judged on days that it has not learned from.

Nothing is fitted here: model, choices and corrections stay what they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from planning.arrays import FloatArray, IntArray
from planning.errors import InvalidField
from planning.forecasting import conformal
from planning.forecasting.artefact import Artefact
from planning.forecasting.backtest import BackTest, Scored, held_back, score_at
from planning.forecasting.baselines import LEVELS
from planning.forecasting.calibration import measure
from planning.forecasting.features import Origins, origins_of
from planning.forecasting.frequency import FrequencyName
from planning.forecasting.mean_choice import means_of
from planning.forecasting.panel import Panel, panel_of
from planning.forecasting.promotion import Standing
from planning.forecasting.rows import SEGMENTS, segments_of
from planning.forecasting.serving import serve
from planning.forecasting.signals import Signal

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Prepared:
    """A history with its features, for any number of versions that were trained for `horizon` periods."""

    panel: Panel
    origins: Origins
    horizon: int


def prepare(
    history: pd.DataFrame,
    *,
    horizon: int,
    exogenous: pd.DataFrame | None = None,
    frequency: FrequencyName = "day",
    signals: Sequence[Signal] = (),
) -> Prepared:
    """The history as `planning.forecasting.training.train` takes it, with the same arguments and errors."""
    panel = panel_of(history, exogenous, horizon, frequency=frequency, signals=signals)
    return Prepared(panel, origins_of(panel, panel.frequency.training_periods), horizon)


def renew(artefact: Artefact, newer: Prepared) -> Artefact:
    """The artefact with the forecasts that its model makes from the end of `newer`."""
    _fits(artefact, newer)
    panel = newer.panel
    card = replace(
        artefact.card,
        first_day=str(panel.frequency.first_day(panel.first + panel.periods)),
        series=len(panel.ids),
        periods=panel.periods,
        observations=int(panel.known.sum()),
        notes=panel.notes,
    )
    served = serve(panel, newer.origins, artefact.tested, artefact.model, artefact.card.horizon)
    return replace(artefact, card=card, ids=panel.ids, served=served)


def rescore(artefact: Artefact, newer: Prepared) -> Standing | None:
    """What the version would have served on the last block of `newer`, by the model of its back-test, measured there.

    None where it was never back-tested or the history holds nothing back. Its corrections and choices were fitted on
    its own last weeks, which the block may share; the model was not.
    """
    _fits(artefact, newer)
    held = held_back(newer.panel)
    if artefact.tested is None or not held:
        return None
    found = score_at(newer.panel, newer.origins, artefact.tested.model, held[-1], newer.horizon)
    if not found.series.size:
        return None
    segment = segments_of(newer.panel, held[0])[found.series]
    known = ~np.isnan(found.actual)
    quantiles = _served(found, artefact.tested, segment)[known]
    mean = means_of(found.forecasts)[artefact.tested.mean.method][known]
    scored = measure("served", "all", found.actual[known], mean, quantiles, LEVELS, found.series.size)
    return Standing(scored.days, scored.wql, scored.bias, scored.coverage80)


def _served(found: Scored, tested: BackTest, segment: IntArray) -> FloatArray:
    """(series, periods, levels) each series' chosen method with its correction."""
    result = np.zeros_like(next(iter(found.forecasts.values())).quantiles)
    for place, name in enumerate(SEGMENTS):
        rows = np.flatnonzero(segment == place)
        chosen = tested.choices[name]
        result[rows] = conformal.corrected(found.forecasts[chosen.choice.method].quantiles[rows], chosen.factors)
    return result


def _fits(artefact: Artefact, newer: Prepared) -> None:
    theirs, ours = artefact.card.features, newer.origins.features
    if newer.horizon != artefact.card.horizon or newer.panel.frequency.name != artefact.card.frequency:
        raise InvalidField("newer", "has another horizon or another period than the version was trained for")
    if ours != theirs:
        other = sorted({one.name for one in ours} ^ {one.name for one in theirs}) or ["their order"]
        raise InvalidField("newer", f"gives other features than the version learned from: {', '.join(other)}")
