"""Columns of a user's table, checked at the door: keys, periods, numbers. It lays nothing out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planning.arrays import FloatArray, IntArray
from planning.errors import InvalidField
from planning.forecasting.frequency import Frequency

if TYPE_CHECKING:
    import pandas as pd


def keys_of(field: str, frame: pd.DataFrame, name: str) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """(rows,) a key column as text."""
    return _given(field, frame, name).to_numpy().astype(str)


def periods_of(field: str, frame: pd.DataFrame, frequency: Frequency) -> IntArray:
    """(rows,) the bucket of each row's `ds`."""
    given = _given(field, frame, "ds")
    try:
        dates = given.to_numpy().astype("datetime64[D]")
    except (TypeError, ValueError):
        raise InvalidField(f"{field}.ds", "holds something that is no date") from None
    if np.isnat(dates).any():
        raise InvalidField(f"{field}.ds", "holds a row without a date")
    return frequency.bucket(dates)


def numbers_of(field: str, frame: pd.DataFrame, name: str) -> FloatArray:
    """(rows,) finite numbers."""
    given = _given(field, frame, name)
    try:
        values = given.to_numpy(dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidField(
            f"{field}.{name}", "holds something that is no number", remedy="Give plain numbers in one unit."
        ) from None
    if not np.isfinite(values).all():
        raise InvalidField(f"{field}.{name}", "holds values that are not finite")
    return values


def _given(field: str, frame: pd.DataFrame, name: str) -> pd.Series:
    import pandas as pd

    if name not in frame.columns:
        raise InvalidField(field, f"lacks the column {name}")
    return pd.Series(frame[name])
