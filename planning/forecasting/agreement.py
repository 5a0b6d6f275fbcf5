"""A steady mean of each series that agrees with its site and the whole network, which show a change of level sooner.

One series is too noisy to tell a change of level from chance within weeks; the sum over a site is not. So a series gets
a slow mean that single large orders cannot carry away, and the sums over sites and over everything are then moved to
forecasts of their own (top-down proportions: Gross and Sohl 1990). Those are averages over short and long windows
(Pesaran and Timmermann 2007), so that nobody need know when the level last changed. It fits nothing.
"""

from __future__ import annotations

import numpy as np

from planning.arrays import FloatArray, IntArray
from planning.forecasting.panel import Panel

# An order beyond so many times the usual one says nothing of the next.
LARGEST = 10.0


def steady_level(panel: Panel, series: IntArray, origin: int, slow: FloatArray) -> FloatArray:
    """(series,) units a period: the average of `slow` (series,) and of means over short, middle and long memory."""
    kind = panel.frequency
    demand = _without_outsize(panel.observed[series, :origin])
    windows = (kind.moving_average, kind.scale_window, kind.year)
    return np.mean([slow, *(_known_mean(demand[:, -window:]) for window in windows)], axis=0)


def agreed(panel: Panel, series: IntArray, origin: int, level: FloatArray) -> FloatArray:
    """(series,) `level` moved in proportion, so that it adds up to the forecasts of the sites, then of the whole."""
    kind, known = panel.frequency, np.nan_to_num(panel.values[series, :origin])
    short, middle, long = kind.windows[1], kind.moving_average, kind.scale_window
    if panel.site is not None:
        level = _moved(level, known, panel.site[series], (middle, long))
    return _moved(level, known, np.zeros_like(series), (short, middle, long))


def _moved(level: FloatArray, known: FloatArray, group: IntArray, windows: tuple[int, ...]) -> FloatArray:
    size = int(group.max(initial=0)) + 1
    aim = np.mean([np.bincount(group, known[:, -window:].mean(axis=1), size) for window in windows], axis=0)
    have = np.bincount(group, level, size)
    return level * np.where(have > 0.0, aim / np.where(have > 0.0, have, 1.0), 1.0)[group]


def _without_outsize(demand: FloatArray) -> FloatArray:
    """(series, periods) cut at LARGEST times the median of the periods with demand; NaN stays."""
    ordered = np.sort(np.where(demand > 0.0, demand, np.nan), axis=1)  # NaN last
    active = (demand > 0.0).sum(axis=1)
    median = ordered[np.arange(active.size), np.maximum(active - 1, 0) // 2]
    return np.where(active[:, None] > 0, np.minimum(demand, LARGEST * median[:, None]), demand)


def _known_mean(demand: FloatArray) -> FloatArray:
    return np.nan_to_num(demand).sum(axis=1) / np.maximum((~np.isnan(demand)).sum(axis=1), 1)
