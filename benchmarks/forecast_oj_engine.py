"""The product's engine on one round of the orange juice protocol: its data prepared, its answer laid out.

A forecast of three weeks from the last known one, of which the first falls into the gap and is not asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.forecast_oj_data import GAP, HORIZON, Asked, Juice
from benchmarks.forecast_oj_signals import series_ids, signals_of
from planning.arrays import FloatArray
from planning.forecasting.baselines import LEVELS
from planning.forecasting.training import train

AHEAD = GAP + HORIZON - 1


@dataclass(frozen=True)
class Forecast:
    """(stores, brands, 2) mean and (…, levels) quantiles in units of the weeks asked."""

    mean: FloatArray
    quantiles: FloatArray
    levels: FloatArray


def forecast(juice: Juice, asked: Asked, *, seed: int) -> Forecast:
    """Train on what was known and forecast the weeks asked."""
    weeks = asked.known + AHEAD
    engine = train(
        history_of(juice, asked.known), horizon=AHEAD, seed=seed, frequency="week", signals=signals_of(juice, weeks)
    )
    paths = engine.predict(AHEAD)
    ids = series_ids(juice)
    mean = np.array([paths[name].mean[GAP - 1 :] for name in ids.reshape(-1)])
    quantiles = np.array([paths[name].quantiles[GAP - 1 :] for name in ids.reshape(-1)])
    return Forecast(mean.reshape(*ids.shape, HORIZON), quantiles.reshape(*ids.shape, HORIZON, -1), LEVELS)


def history_of(juice: Juice, weeks: int) -> pd.DataFrame:
    """The first `weeks` columns as the engine takes them; a week that a store did not report is not on its shelf."""
    ids, (stores, brands) = series_ids(juice), juice.units.shape[:2]
    units = juice.units[..., :weeks].reshape(-1)
    reported = ~np.isnan(units)
    return pd.DataFrame(
        {
            "unique_id": np.repeat(ids.reshape(-1), weeks),
            "ds": np.tile(juice.monday[:weeks], ids.size),
            "y": np.where(reported, units, 0.0),
            "sku": np.tile(np.repeat(np.arange(1, brands + 1).astype(str), weeks), stores),
            "site": np.repeat(juice.stores.astype(str), weeks * brands),
            "availability": reported.astype(np.float64),
        }
    )
