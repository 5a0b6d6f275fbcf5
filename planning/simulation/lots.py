"""Stock by remaining life: (…, life) arrays whose first column is sold today or never. First expired, first out."""

from __future__ import annotations

import numpy as np

from planning.arrays import FloatArray, IntArray


def take(lots: FloatArray, units: FloatArray) -> FloatArray:
    """(replications, series, life) what leaves when `units` (replications, series) go, the soonest to expire first."""
    before = np.cumsum(lots, axis=2) - lots
    return np.clip(units[..., None] - before, 0.0, lots)


def aged(lots: FloatArray, days: IntArray) -> tuple[tuple[IntArray, IntArray, IntArray], FloatArray]:
    """What is left of `lots` after `days` (replications, series) on the way: its places (r, s, life) and units."""
    replication, series, life = np.nonzero(lots)
    left = life - days[replication, series]
    alive = left >= 0
    places = replication[alive], series[alive], left[alive]
    return places, lots[replication[alive], series[alive], life[alive]]


def after_a_night(lots: FloatArray) -> FloatArray:
    """The same lots a day older; what was in the first column is gone."""
    older = np.zeros_like(lots)
    older[..., :-1] = lots[..., 1:]
    return older
