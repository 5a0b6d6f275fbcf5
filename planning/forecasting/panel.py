"""Demand history as one array: series × days, with promotions, past and known future. It fits nothing.

A day without a row after a series' first row is a day without demand; days before its first row are unknown (NaN).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planning.arrays import FloatArray, IntArray
from planning.errors import InvalidField

if TYPE_CHECKING:
    import pandas as pd

# A year of origins, the year before each for season, and a rolling window before that.
MOST_DAYS = 860
FLAG, DISCOUNT = 0, 1


@dataclass(frozen=True)
class Panel:
    """History of all series up to one common last day.

    Attributes:
        ids: names of the series, sorted.
        first_day: the date of column 0.
        values: (series, days) units; NaN before a series begins.
        promotions: (series, days + horizon, 2) promotion flag and discount as a fraction.
    """

    ids: tuple[str, ...]
    first_day: np.datetime64
    values: FloatArray
    promotions: FloatArray

    @property
    def days(self) -> int:
        """Days of history."""
        return int(self.values.shape[1])

    @property
    def starts(self) -> IntArray:
        """(series,) the first known day of each."""
        return np.argmax(~np.isnan(self.values), axis=1)

    def smallest(self, day: int) -> FloatArray:
        """(series,) the smallest demand ever seen on a day before `day`; infinite where there was none."""
        known = self.values[:, :day]
        return np.where(known > 0.0, known, np.inf).min(axis=1)


def panel_of(history: pd.DataFrame, exogenous: pd.DataFrame | None, horizon: int) -> Panel:
    """Check the frames and lay them out.

    `history` has unique_id, ds (dates), y (units, not negative); `exogenous` has unique_id, ds and discount (fraction)
    or promotion (0/1) or both, for past days and the horizon; a day without a row has no promotion.
    """
    ids, rows, days, first_day = _laid_out("history", history)
    units = _column("history", history, "y")
    if (units < 0.0).any():
        raise InvalidField("history.y", "holds negative demand", remedy="Count returns apart from demand.")
    values = np.zeros((len(ids), int(days.max()) + 1))
    if np.unique(rows * values.shape[1] + days).size < rows.size:
        raise InvalidField("history.ds", "holds a day twice for one series")
    values[rows, days] = units
    first = np.full(len(ids), values.shape[1])
    np.minimum.at(first, rows, days)
    values[np.arange(values.shape[1])[None, :] < first[:, None]] = np.nan
    cut = max(values.shape[1] - MOST_DAYS, 0)
    start = first_day + np.timedelta64(cut, "D")
    promotions = _promotions(exogenous, ids, start, values.shape[1] - cut + horizon)
    return Panel(ids, start, values[:, cut:], promotions)


def _laid_out(field: str, frame: pd.DataFrame) -> tuple[tuple[str, ...], IntArray, IntArray, np.datetime64]:
    """Sorted names, and per row the series' position and the day since the first."""
    missing = [name for name in ("unique_id", "ds") if name not in frame.columns]
    if missing:
        raise InvalidField(field, f"lacks the column {missing[0]}")
    if frame.empty:
        raise InvalidField(field, "has no rows")
    dates = frame["ds"].to_numpy().astype("datetime64[D]")
    if np.isnat(dates).any():
        raise InvalidField(f"{field}.ds", "holds a row without a date")
    names, rows = np.unique(frame["unique_id"].to_numpy().astype(str), return_inverse=True)
    return tuple(map(str, names)), rows, (dates - dates.min()).astype(np.int64), dates.min()


def _column(field: str, frame: pd.DataFrame, name: str) -> FloatArray:
    if name not in frame.columns:
        raise InvalidField(field, f"lacks the column {name}")
    values = frame[name].to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        raise InvalidField(f"{field}.{name}", "holds values that are not finite")
    return values


def _promotions(frame: pd.DataFrame | None, ids: tuple[str, ...], start: np.datetime64, days: int) -> FloatArray:
    found = np.zeros((len(ids), days, 2))
    if frame is None or frame.empty:
        return found
    names, rows, offsets, first = _laid_out("exogenous", frame)
    discount = _column("exogenous", frame, "discount") if "discount" in frame.columns else np.zeros(len(frame))
    flag = _column("exogenous", frame, "promotion") if "promotion" in frame.columns else np.ones(len(frame))
    position = {name: place for place, name in enumerate(ids)}
    places = np.array([position.get(name, -1) for name in names])[rows]
    columns = offsets + int((first - start) / np.timedelta64(1, "D"))
    kept = (places >= 0) & (columns >= 0) & (columns < days)
    found[places[kept], columns[kept], FLAG] = flag[kept]
    found[places[kept], columns[kept], DISCOUNT] = discount[kept]
    return found
