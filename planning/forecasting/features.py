"""What the demand model sees: the state of a series at a forecast origin, and the calendar of the day asked for.

The state of the series comes from MLForecast's lag transforms up to the day before the origin; nothing after it is
used, so one row serves any step ahead and nothing is fed back (direct forecasting with the step as a feature).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from planning.arrays import FloatArray, IntArray, SingleArray
from planning.forecasting.panel import Panel

WEEK, YEAR = 7, 364
SCALE_WINDOW, STATE_WINDOW = 91, 182
FEWEST_DAYS = 28
# Units a day below which a series' scale is not told apart.
SMALLEST_SCALE = 0.02
STATES = ("mean7", "mean28", "mean_long", "spread28", "middle", "upper", "top", "smooth")


@dataclass(frozen=True)
class Origins:
    """The state before each day, (series, days + 1, …): column t knows days 0 … t − 1 of the window.

    Attributes:
        first: the panel day of column 0.
        scale: units a day, the mean of the last 91 days; NaN where less than 28 are known.
        state: (series, days + 1, states) relative to scale.
        weekday: (series, days + 1, 7) recent mean of the same weekday 7 … 1 days back, relative to scale.
    """

    first: int
    scale: SingleArray
    state: SingleArray
    weekday: SingleArray


def origins_of(panel: Panel, window: int) -> Origins:
    """States over the last `window` days of the panel and the day after."""
    first = max(panel.days - window - STATE_WINDOW, 0)
    frame = _transformed(panel, first)
    shape = len(panel.ids), panel.days - first + 1
    known: SingleArray = np.full((*shape, frame.shape[1]), np.nan, dtype=np.float32)
    rows, columns = np.nonzero(np.arange(shape[1])[None, :] >= np.maximum(panel.starts - first, 0)[:, None])
    known[rows, columns] = frame
    scale: SingleArray = np.maximum(known[..., 0], np.float32(SMALLEST_SCALE))
    active = _active_shares(panel.values[:, first:])
    count = len(STATES)
    relative = known[..., 1:] / scale[..., None]
    state = np.concatenate([relative[..., :count], active], axis=2)
    return Origins(first, scale, state, relative[..., count:])


def rows_for(panel: Panel, origins: Origins, series: IntArray, origin: IntArray, step: IntArray) -> SingleArray:
    """(rows, features) float32 for `step` days ahead (1 = the day `origin`); all arrays (rows,), origins panel days."""
    column, target = origin - origins.first, origin + step - 1
    scale = origins.scale[series, column]
    weekday = origins.weekday[series, column]
    same_day = weekday[np.arange(series.size), (step - 1) % WEEK]
    promoted = panel.promotions[series, target]
    parts = [
        step[:, None], _calendar(panel, target), np.log(scale)[:, None], origins.state[series, column],
        same_day[:, None], (same_day / np.maximum(weekday.mean(axis=1), 1e-6))[:, None],
        _last_year(panel, series, origin, target) / scale[:, None], promoted,
    ]  # fmt: skip
    return np.concatenate(parts, axis=1).astype(np.float32)


def _transformed(panel: Panel, first: int) -> SingleArray:
    """(rows, transforms) float32, series by series from its start to the day after the last."""
    import pandas as pd
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import (
        ExponentiallyWeightedMean,
        RollingMean,
        RollingQuantile,
        RollingStd,
        SeasonalRollingMean,
    )

    recent = [
        RollingMean(SCALE_WINDOW, min_samples=FEWEST_DAYS),
        RollingMean(WEEK),
        RollingMean(28),
        RollingMean(STATE_WINDOW, min_samples=FEWEST_DAYS),
        RollingStd(28),
        *(RollingQuantile(p=p, window_size=STATE_WINDOW, min_samples=FEWEST_DAYS) for p in (0.5, 0.75, 0.95)),
        ExponentiallyWeightedMean(0.1),
    ]
    seasonal = [SeasonalRollingMean(season_length=WEEK, window_size=8, min_samples=1)]
    transforms = {1: recent + seasonal} | {lag: seasonal for lag in range(2, WEEK + 1)}
    values = np.column_stack([panel.values[:, first:], np.zeros(len(panel.ids))])
    kept = ~np.isnan(values)
    lengths = kept.sum(axis=1)
    ends = np.repeat(values.shape[1] - lengths, lengths)
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    frame = pd.DataFrame({
        "unique_id": np.repeat(np.arange(len(panel.ids)), lengths),
        "ds": ends + within,
        "y": values[kept].astype(np.float32),
    })  # fmt: skip
    model = MLForecast(models=[], freq=1, lag_transforms=transforms, num_threads=2)  # pyright: ignore[reportArgumentType]
    found: Any = model.preprocess(frame, static_features=[], dropna=False, validate_data=False)
    seasonal_first = [*range(3, 12), *reversed(range(12, 19))]
    return found.iloc[:, seasonal_first].to_numpy(dtype=np.float32)


def _active_shares(values: FloatArray) -> SingleArray:
    """(series, days + 1, 2) share of the last 28 and 91 known days with demand, before each day."""
    shares = [_trailing_mean(np.where(np.isnan(values), np.nan, values > 0.0), window) for window in (28, STATE_WINDOW)]
    return np.stack(shares, axis=2).astype(np.float32)


def _trailing_mean(values: FloatArray, window: int) -> FloatArray:
    known = np.cumsum(np.pad(~np.isnan(values), ((0, 0), (1, 0))), axis=1)
    total = np.cumsum(np.pad(np.nan_to_num(values), ((0, 0), (1, 0))), axis=1)
    back = np.maximum(np.arange(values.shape[1] + 1) - window, 0)
    return (total - total[:, back]) / np.maximum(known - known[:, back], 1)


def _calendar(panel: Panel, target: IntArray) -> SingleArray:
    dates = panel.first_day + target.astype("timedelta64[D]")
    weekday = (dates.astype("datetime64[D]").astype(np.int64) + 3) % WEEK
    return weekday[:, None].astype(np.float32)


def _last_year(panel: Panel, series: IntArray, origin: IntArray, target: IntArray) -> FloatArray:
    """(rows, 2) units a day around the target and before the origin, both a year earlier; NaN where unknown."""
    around = _mean_between(panel, series, target - YEAR - 3, target - YEAR + 4)
    before = _mean_between(panel, series, origin - YEAR - 28, origin - YEAR)
    return np.column_stack([around, before])


def _mean_between(panel: Panel, series: IntArray, start: IntArray, end: IntArray) -> FloatArray:
    total = np.cumsum(np.pad(np.nan_to_num(panel.values), ((0, 0), (1, 0))), axis=1)
    known = start >= panel.starts[series]
    low, high = np.where(known, start, 0), np.where(known, end, 1)
    return np.where(known, (total[series, high] - total[series, low]) / (high - low), np.nan)
