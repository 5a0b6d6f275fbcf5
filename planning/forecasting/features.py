"""What the demand model sees: the state of a series at a forecast origin, and the season and signals of the target.

The state of the series comes from MLForecast's lag transforms up to the period before the origin; nothing after it is
used, so one row serves any step ahead and nothing is fed back (direct forecasting with the step as a feature).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from planning.arrays import FloatArray, IntArray, SingleArray
from planning.forecasting.frequency import Frequency
from planning.forecasting.panel import Panel
from planning.forecasting.response import Response, response_of
from planning.forecasting.signal_features import signal_columns
from planning.forecasting.trends import trends_of

# The least scale, as a share of the mean demand of periods that had any.
SMALLEST_SCALE = 0.02
# The most that an answer to signals may move a series' scale, in logarithms: e⁶ is 400 times.
MOST_LIFT = 6.0
EXPECTED = "expected"
# A place in the year is a feature only when it was seen twice.
YEARS_SEEN = 2


@dataclass(frozen=True)
class Feature:
    """One column of the rows: `group` is what a person would call it."""

    name: str
    group: str


@dataclass(frozen=True)
class Origins:
    """The state before each period, (series, periods + 1, …): column t knows periods 0 … t − 1 of the window.

    Attributes:
        first: the panel period of column 0.
        scale: units a period, the mean of the last `scale_window`; NaN where too few are known or none had demand.
        usual: (periods + 1,) the median scale of all series, so that a size is one among the others, in any unit.
        state: (series, periods + 1, states) relative to scale.
        season: (series, periods + 1, season) recent mean of the same place in the season, season … 1 periods back,
            relative to scale; None without a season.
        trends: (series, periods + 1, trends) of the SKU, the site and the whole.
        features: the columns of `rows_for`, in order.
        response: the answer to elastic signals; None where none is declared.
    """

    first: int
    scale: SingleArray
    usual: SingleArray
    state: SingleArray
    season: SingleArray | None
    trends: SingleArray
    features: tuple[Feature, ...]
    response: Response | None = None


@dataclass(frozen=True)
class Rows:
    """What the model is asked: (rows, features), and (rows,) units that the target of each row is relative to."""

    features: SingleArray
    scale: FloatArray


def origins_of(panel: Panel, window: int) -> Origins:
    """States over the last `window` periods of the panel and the period after."""
    kind = panel.frequency
    first = max(panel.periods - window - kind.state_window, 0)
    frame = _transformed(panel, first)
    shape = len(panel.ids), panel.periods - first + 1
    found: SingleArray = np.full((*shape, frame.shape[1]), np.nan, dtype=np.float32)
    rows, columns = np.nonzero(np.arange(shape[1])[None, :] >= np.maximum(panel.starts - first, 0)[:, None])
    found[rows, columns] = frame
    scale: SingleArray = np.maximum(found[..., 0], _least_scale(panel.values[:, first:]))
    recent = panel.values[:, first:]
    active = [_trailing_mean(np.where(np.isnan(recent), np.nan, recent > 0.0), span) for span in _activity(kind)]
    relative: SingleArray = (found[..., 1:] / scale[..., None]).astype(np.float32)
    states = len(_states(kind))
    state: SingleArray = np.concatenate([relative[..., :states], np.stack(active, axis=2)], axis=2, dtype=np.float32)
    trends = trends_of(panel, first)
    usual = _median(scale)
    season = relative[..., states:] if kind.season > 1 else None
    features = (*_features(panel, [name for name, _ in trends]),)
    return Origins(
        first,
        scale,
        usual,
        state,
        season,
        np.stack([found for _, found in trends], axis=2),
        features,
        response_of(panel),
    )


def rows_for(panel: Panel, origins: Origins, series: IntArray, origin: IntArray, step: IntArray) -> Rows:
    """Rows for `step` periods ahead (1 = the period `origin`); all arrays (rows,)."""
    column, target = origin - origins.first, origin + step - 1
    level = origins.scale[series, column].astype(np.float64)
    lift, answered = _lifted(origins, series, origin, step, level)
    ratio, states = np.exp(lift)[:, None], len(_states(panel.frequency))
    state = origins.state[series, column]
    parts = [
        step[:, None],
        np.log(level / origins.usual[column])[:, None],
        state[:, :states] / ratio,
        state[:, states:],
        origins.trends[series, column],
    ]
    parts += [_calendar(panel, target)]
    if origins.season is not None:
        season = origins.season[series, column]
        same = season[np.arange(series.size), (step - 1) % panel.frequency.season]
        parts += [same[:, None] / ratio, (same / np.maximum(season.mean(axis=1), 1e-6))[:, None]]
    parts += [_last_year(panel, series, origin, target) / (level[:, None] * ratio)]
    parts += [np.column_stack([values for _, values in signal_columns(one, panel.frequency, series, origin, target)])
              for one in panel.signals]  # fmt: skip
    return Rows(np.concatenate([*parts, *answered], axis=1).astype(np.float32), level * ratio[:, 0])


def _lifted(
    origins: Origins, series: IntArray, origin: IntArray, step: IntArray, level: FloatArray
) -> tuple[FloatArray, list[FloatArray]]:
    """(rows,) the logarithm of what elastic signals make of the level, and what is known of that as columns."""
    if origins.response is None:
        return np.zeros(series.size), []
    found = origins.response.expected(series, origin, step)
    lift = np.clip(np.nan_to_num(found.plain - np.log(level)), -MOST_LIFT, MOST_LIFT)
    return lift, [np.column_stack([lift, found.similar - found.plain, found.periods])]


def _features(panel: Panel, trends: list[str]) -> Iterator[Feature]:
    kind = panel.frequency
    yield from (Feature("step", "time ahead"), Feature("scale", "level"))
    for name in (*_states(kind), *(f"active{span}" for span in _activity(kind))):
        yield Feature(name, "recent demand")
    yield from (Feature(name, "network trend") for name in trends)
    yield from (Feature(name, "calendar") for name in _calendar_names(panel))
    if kind.season > 1:
        yield from (Feature("same_place", "calendar"), Feature("same_place_ratio", "calendar"))
    yield from (Feature("year_ago_around", "last year"), Feature("year_ago_before", "last year"))
    nobody = np.zeros(0, dtype=np.int64)
    for one in panel.signals:
        yield from (Feature(name, one.name) for name, _ in signal_columns(one, kind, nobody, nobody, nobody))
    if any(one.elastic for one in panel.signals):
        yield from (Feature(name, "answer to signals") for name in (EXPECTED, "similar", "similar_periods"))


def _states(kind: Frequency) -> tuple[str, ...]:
    spans = tuple(f"mean{window}" for window in kind.windows)
    return (*spans, "mean_long", "spread", "middle", "upper", "top", "smooth")


def _activity(kind: Frequency) -> tuple[int, int]:
    return kind.windows[-1], kind.state_window


def _median(scale: SingleArray) -> SingleArray:
    """(periods + 1,) over the series that have a scale; 1 where none has."""
    ordered = np.sort(scale, axis=0)  # NaN last
    middle = (~np.isnan(scale)).sum(axis=0) // 2
    found = ordered[np.minimum(middle, scale.shape[0] - 1), np.arange(scale.shape[1])]
    return np.where(np.isnan(found), np.float32(1.0), found)


def _least_scale(values: FloatArray) -> SingleArray:
    """(series, periods + 1) a share of the mean of demand so far; NaN where there was none."""
    active = np.cumsum(np.pad(values > 0.0, ((0, 0), (1, 0))), axis=1)
    total = np.cumsum(np.pad(np.nan_to_num(values), ((0, 0), (1, 0))), axis=1)
    return np.where(active > 0, SMALLEST_SCALE * total / np.maximum(active, 1), np.nan).astype(np.float32)


def _transformed(panel: Panel, first: int) -> SingleArray:
    """(rows, transforms) float32, series by series from its start to the period after the last."""
    import pandas as pd
    from mlforecast import MLForecast

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
    transforms, order = _transforms(panel.frequency)
    model = MLForecast(models=[], freq=1, lag_transforms=transforms, num_threads=2)
    found: Any = model.preprocess(frame, static_features=[], dropna=False, validate_data=False)
    return found.iloc[:, [3 + place for place in order]].to_numpy(dtype=np.float32)


def _transforms(kind: Frequency) -> tuple[dict[int, Any], list[int]]:
    """MLForecast's transforms by lag, and the order in which their columns are wanted: scale, states, season."""
    from mlforecast.lag_transforms import (
        ExponentiallyWeightedMean,
        RollingMean,
        RollingQuantile,
        RollingStd,
        SeasonalRollingMean,
    )

    fewest = kind.fewest_known
    recent = [
        RollingMean(kind.scale_window, min_samples=fewest),
        *(RollingMean(window, min_samples=min(window, fewest)) for window in kind.windows),
        RollingMean(kind.state_window, min_samples=fewest),
        RollingStd(kind.windows[-1], min_samples=min(kind.windows[-1], fewest)),
        *(RollingQuantile(p=p, window_size=kind.state_window, min_samples=fewest) for p in (0.5, 0.75, 0.95)),
        ExponentiallyWeightedMean(kind.smoothing),
    ]
    if kind.season == 1:
        return {1: recent}, list(range(len(recent)))
    seasonal = [SeasonalRollingMean(season_length=kind.season, window_size=8, min_samples=1)]
    transforms = {1: recent + seasonal} | {lag: seasonal for lag in range(2, kind.season + 1)}
    places = range(len(recent), len(recent) + kind.season)
    return transforms, [*range(len(recent)), *reversed(places)]


def _trailing_mean(values: FloatArray, window: int) -> FloatArray:
    known = np.cumsum(np.pad(~np.isnan(values), ((0, 0), (1, 0))), axis=1)
    total = np.cumsum(np.pad(np.nan_to_num(values), ((0, 0), (1, 0))), axis=1)
    back = np.maximum(np.arange(values.shape[1] + 1) - window, 0)
    return (total - total[:, back]) / np.maximum(known - known[:, back], 1)


def _calendar_names(panel: Panel) -> tuple[str, ...]:
    if panel.frequency.name == "day":
        return ("weekday",)
    return ("place_in_year",) if panel.periods >= YEARS_SEEN * panel.frequency.year else ()


def _calendar(panel: Panel, target: IntArray) -> SingleArray:
    """(rows, 0 or 1) weekday of a day, week or month of the year."""
    bucket = panel.first + target
    if panel.frequency.name == "day":
        place = (bucket + 3) % 7
    elif not _calendar_names(panel):
        return np.zeros((target.size, 0), dtype=np.float32)
    elif panel.frequency.name == "month":
        place = bucket % 12
    else:
        days = (bucket * 7 - 3).astype("datetime64[D]")
        place = (days - days.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64) // 7
    return place[:, None].astype(np.float32)


def _last_year(panel: Panel, series: IntArray, origin: IntArray, target: IntArray) -> FloatArray:
    """(rows, 2) units a period around the target and before the origin, both a year earlier; NaN where unknown."""
    kind, total = panel.frequency, np.cumsum(np.pad(np.nan_to_num(panel.values), ((0, 0), (1, 0))), axis=1)
    beside = {"day": 3, "week": 1, "month": 0}[kind.name]
    block = max(kind.block, kind.windows[-1])
    back = target - kind.year
    around = _mean_between(panel, total, series, back - beside, back + beside + 1)
    before = _mean_between(panel, total, series, origin - kind.year - block, origin - kind.year)
    return np.column_stack([around, before])


def _mean_between(panel: Panel, total: FloatArray, series: IntArray, start: IntArray, end: IntArray) -> FloatArray:
    known = start >= panel.starts[series]
    low, high = np.where(known, start, 0), np.where(known, end, 1)
    return np.where(known, (total[series, high] - total[series, low]) / (high - low), np.nan)
