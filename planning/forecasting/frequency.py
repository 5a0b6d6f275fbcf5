"""Days, weeks or months: how long a season, a memory and a block held back are, in periods. It holds no data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from planning.arrays import IntArray
from planning.errors import InvalidField

FrequencyName = Literal["day", "week", "month"]


@dataclass(frozen=True)
class Frequency:
    """All lengths in periods.

    Attributes:
        name: what a period is; weeks begin on Monday.
        season: periods in the short cycle (the week of days); 1 where there is none.
        year: periods after which a year repeats.
        block: one test block, the step between held-back origins.
        windows: of the recent means; the last of them also gives the spread.
        moving_average: of the baseline of that name.
        scale_window: of the mean that a series' features and targets are relative to.
        state_window: of the slow mean and the quantiles.
        smoothing: of the exponentially weighted mean.
        fewest_known: periods without which there is no state.
        fewest_periods, fewest_active: history and periods with demand below which a series is not learned from.
        training_periods: how far back training origins reach.
        rows_per_series: training rows, so that cost grows with the series and not faster.
        held_back: blocks that the back-test holds back.
    """

    name: FrequencyName
    season: int
    year: int
    block: int
    windows: tuple[int, ...]
    moving_average: int
    scale_window: int
    state_window: int
    smoothing: float
    fewest_known: int
    fewest_periods: int
    fewest_active: int
    training_periods: int
    rows_per_series: int
    held_back: int

    def bucket(self, dates: np.ndarray[tuple[int], np.dtype[np.datetime64]]) -> IntArray:
        """(rows,) number of the period of each date, counted from a fixed one."""
        days = dates.astype("datetime64[D]")
        if self.name == "month":
            return days.astype("datetime64[M]").astype(np.int64)
        # Day 0 of the count, 1 January 1970, was a Thursday.
        return days.astype(np.int64) if self.name == "day" else (days.astype(np.int64) + 3) // 7

    def first_day(self, bucket: int) -> np.datetime64:
        """The day on which a period begins."""
        if self.name == "month":
            return np.datetime64(bucket, "M").astype("datetime64[D]")
        return np.datetime64(bucket if self.name == "day" else bucket * 7 - 3, "D")


FREQUENCIES: dict[FrequencyName, Frequency] = {
    "day": Frequency("day", 7, 364, 28, (7, 28), 56, 91, 182, 0.1, 28, 56, 8, 400, 20, 2),
    "week": Frequency("week", 1, 52, 4, (1, 4, 8), 8, 26, 52, 0.2, 4, 12, 4, 78, 13, 3),
    "month": Frequency("month", 1, 12, 1, (1, 3, 6), 8, 12, 24, 0.3, 3, 9, 3, 48, 13, 3),
}


def frequency_of(name: FrequencyName) -> Frequency:
    """The lengths of a frequency; raises `InvalidField` for a name that is none."""
    if name not in FREQUENCIES:
        raise InvalidField("frequency", f"must be one of {', '.join(FREQUENCIES)}, not {name!r}")
    return FREQUENCIES[name]
