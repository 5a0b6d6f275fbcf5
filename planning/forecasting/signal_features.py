"""Signals as features of a row: only values known at the row's origin enter.

Which period a row may look at is decided in one place, `LaidSignal.last_known`; the "usual" level beside it looks back
from the origin.
"""

from __future__ import annotations

import numpy as np

from planning.arrays import IntArray, SingleArray
from planning.forecasting.frequency import Frequency
from planning.forecasting.signals import LaidSignal, SignalKind


def signal_columns(
    signal: LaidSignal, frequency: Frequency, series: IntArray, origin: IntArray, target: IntArray
) -> list[tuple[str, SingleArray]]:
    """Names and (rows,) values; all arguments (rows,)."""
    last = signal.last_known(origin, target)
    value = signal.at(series, last)
    # Demand is known up to the period before the origin; what came later than that is no usual level.
    recent = origin - 1 - (signal.delay or 0)
    usual = _mean_before(signal, frequency, series, recent)
    if signal.kind is SignalKind.PRICE:
        return [
            (f"{signal.name}_to_usual", value / usual),
            (f"{signal.name}_to_recent", value / signal.at(series, recent)),
        ]
    if signal.kind is SignalKind.MEASURE:
        return [(signal.name, value), (f"{signal.name}_over_usual", value - usual)]
    return [(signal.name, value), (f"{signal.name}_recently", usual)]


def _mean_before(signal: LaidSignal, frequency: Frequency, series: IntArray, last: IntArray) -> SingleArray:
    """(rows,) mean of the `scale_window` periods up to and with `last`, as far as known; NaN where none is."""
    window = (
        frequency.windows[-1] if signal.kind in (SignalKind.PROMOTION, SignalKind.EVENT) else frequency.scale_window
    )
    known = ~np.isnan(signal.values)
    total = np.cumsum(np.pad(np.where(known, signal.values, 0.0), ((0, 0), (1, 0))), axis=1, dtype=np.float64)
    counted = np.cumsum(np.pad(known, ((0, 0), (1, 0))), axis=1)
    high = np.clip(last + 1, 0, signal.values.shape[1])
    low, row = np.maximum(high - window, 0), signal.row[series]
    seen = counted[row, high] - counted[row, low]
    mean = (total[row, high] - total[row, low]) / np.maximum(seen, 1)
    return np.where(seen > 0, mean, np.nan).astype(np.float32)
