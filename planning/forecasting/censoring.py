"""Demand that could not be seen: an item off the shelf sells nothing, which says nothing of what was wanted.

Where the item was on the shelf for part of the period, the demand of the rest is taken as alike (a stock-out whose time
is known: Jain, Rudi and Wang 2015, "Demand estimation and ordering under censoring", with demand even over the period).
Where it was there for less than half of it, demand counts as unknown: never a target, never scored.
"""

from __future__ import annotations

import numpy as np

from planning.arrays import BoolArray, FloatArray
from planning.forecasting.frequency import Frequency

FEWEST_SHARE = 0.5
# Periods in the same place of the season that a gap is filled from.
SAME_PLACE = 8


def unconstrained(sold: FloatArray, availability: FloatArray | None) -> tuple[FloatArray, BoolArray, tuple[str, ...]]:
    """(series, periods) demand, whether it is known, and what was done in words."""
    if availability is None or (availability >= 1.0).all():
        return sold, np.ones(sold.shape, dtype=bool), ()
    known = availability >= FEWEST_SHARE
    raised = known & (availability < 1.0)
    demand = np.where(known, sold / np.where(known, availability, 1.0), sold)
    notes = (
        f"{int((~known).sum())} series-periods mostly out of stock: demand unknown, left out",
        f"{int(raised.sum())} series-periods partly out of stock: sales divided by the share on the shelf",
    )
    return demand, known, notes


def filled(values: FloatArray, known: BoolArray, frequency: Frequency) -> FloatArray:
    """`values` with what is not known replaced by what was usual before: it looks back only.

    The mean of the last known periods in the same place of the season, else of all before, else what was sold. What was
    sold stays where it is more: at least so much was wanted.
    """
    result = values.copy()
    for period in np.flatnonzero((~known & ~np.isnan(values)).any(axis=0)):
        gaps = np.flatnonzero(~known[:, period] & ~np.isnan(values[:, period]))
        seen = np.where(known[gaps, :period], result[gaps, :period], np.nan)
        same = seen[:, ::-1][:, frequency.season - 1 :: frequency.season][:, :SAME_PLACE]
        usual = np.where(np.isnan(same).all(axis=1), _means(seen), _means(same))
        result[gaps, period] = np.fmax(result[gaps, period], usual)
    return result


def _means(values: FloatArray) -> FloatArray:
    known = ~np.isnan(values)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan)
