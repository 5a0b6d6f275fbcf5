"""Which method's mean serves, by its error over all levels of the network together.

The mean is chosen apart from the quantiles, and once for all series: it feeds totals, where an error of level that no
single series shows is the largest of all. A few blocks held back cannot tell how a method follows a change that none
of them holds; so the mean that agrees with the sites, which follows any, serves unless another was clearly better in
each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from planning.arrays import FloatArray, IntArray
from planning.forecasting.hierarchy import Level, weighted_rmse
from planning.forecasting.methods import AGREED, CROSTON, LIGHTGBM, MOVING_AVERAGE, OWN_HISTORY, Forecasts
from planning.forecasting.panel import Panel

BLEND = f"{LIGHTGBM}+{MOVING_AVERAGE}"
ALL = f"{LIGHTGBM}+all-baselines"
# An error less by this share is clearly less.
CLEARLY = 0.02
AVERAGED = (LIGHTGBM, OWN_HISTORY, MOVING_AVERAGE, CROSTON)


class ScoredOrigin(Protocol):
    """One origin of the back-test."""

    @property
    def origin(self) -> int: ...
    @property
    def series(self) -> IntArray: ...
    @property
    def actual(self) -> FloatArray: ...
    @property
    def forecasts(self) -> dict[str, Forecasts]: ...


@dataclass(frozen=True)
class MeanChoice:
    """`method` gives the mean; `losses` are the weighted errors of all tried, the mean over levels and origins."""

    method: str
    losses: dict[str, float]


def means_of(forecasts: dict[str, Forecasts]) -> dict[str, FloatArray]:
    """Every method's mean, and the model's averages with the moving average and with the three that do not jump.

    Methods that err for different reasons err less on average (Bates and Granger 1969).
    """
    found = {name: one.mean for name, one in forecasts.items()}
    everything = np.mean([found[name] for name in AVERAGED], axis=0)
    return found | {BLEND: (found[LIGHTGBM] + found[MOVING_AVERAGE]) / 2.0, ALL: everything}


def choose_mean(panel: Panel, scored: Sequence[ScoredOrigin]) -> MeanChoice:
    """By the weighted scaled error, units for weights, over series, SKU, site and total."""
    losses: dict[str, list[float]] = {}
    for one in scored:
        actual, levels = np.nan_to_num(one.actual), _levels(panel, one.series)
        history = panel.values[one.series, : one.origin]
        value = np.nan_to_num(history[:, -panel.frequency.block :]).sum(axis=1)
        for name, mean in means_of(one.forecasts).items():
            known = np.where(np.isnan(one.actual), 0.0, mean)
            losses.setdefault(name, []).append(float(weighted_rmse(levels, history, actual, known, value).mean()))
    averaged = {name: float(np.mean(found)) for name, found in losses.items()}
    bar = (1.0 - CLEARLY) * np.array(losses[AGREED])
    better = [name for name, found in losses.items() if (np.array(found) < bar).all()]
    return MeanChoice(min(better, key=averaged.__getitem__, default=AGREED), averaged)


def _levels(panel: Panel, series: IntArray) -> tuple[Level, ...]:
    groups = [np.arange(len(panel.ids)), panel.sku, panel.site, np.zeros(len(panel.ids), dtype=np.int64)]
    return tuple(_level(group[series]) for group in groups if group is not None)


def _level(group: IntArray) -> Level:
    members, place = np.unique(group, return_inverse=True)
    return Level("", tuple(map(str, members)), place.astype(np.int64))
