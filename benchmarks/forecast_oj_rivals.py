"""What the engine has to beat on the orange juice: naive forecasts, the published LightGBM, a plain quantile LightGBM.

The LightGBM pair has the published notebook's features (microsoft/forecasting, `lightgbm_multi_round`): store, brand,
calendar, deal, feature, price, price ratio, eighteen lags and a mean of forty weeks. Its own parameters for MAPE; the
library's for the quantiles, on the logarithm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.forecast_oj_data import FIRST_WEEK, GAP, Asked, Juice, carried
from planning.arrays import FloatArray, SingleArray

LAGS, WINDOW = range(GAP, 20), 40
STORE, BRAND, DEAL = 0, 1, 5
SALES = slice(9, None)
# The notebook's, with fewer rounds of trees: it prints 35.97 for 940, and 400 measured the same to .1 here.
PUBLISHED: dict[str, Any] = {
    "objective": "mape", "num_leaves": 124, "min_data_in_leaf": 340, "learning_rate": 0.1, "feature_fraction": 0.65,
    "bagging_fraction": 0.87, "bagging_freq": 19, "num_threads": 1, "seed": 1, "verbosity": -1,
}  # fmt: skip
PUBLISHED_TREES = 400
PLAIN: dict[str, Any] = {"objective": "quantile", "learning_rate": 0.1, "num_threads": 1, "seed": 1, "verbosity": -1}
PLAIN_TREES = 300


@dataclass(frozen=True)
class Table:
    """The notebook's features: (stores, brands, weeks, features), and units with the unreported weeks carried."""

    features: SingleArray
    units: FloatArray


def naive(juice: Juice, asked: Asked) -> FloatArray:
    """(stores, brands, 2) the last known week."""
    return _twice(carried(juice.units[..., : asked.known])[..., -1])


def seasonal_naive(juice: Juice, asked: Asked) -> FloatArray:
    """(stores, brands, 2) the same week a year ago."""
    return carried(juice.units[..., : asked.known])[..., asked.columns - 52]


def moving_average(juice: Juice, asked: Asked) -> FloatArray:
    """(stores, brands, 2) the mean of the last eight known weeks."""
    return _twice(np.nanmean(juice.units[..., asked.known - 8 : asked.known], axis=-1))


def own_quantiles(juice: Juice, asked: Asked, levels: FloatArray) -> FloatArray:
    """(stores, brands, 2, levels) of the last known year."""
    found = np.nanquantile(juice.units[..., max(asked.known - 52, 0) : asked.known], levels, axis=-1)
    return np.moveaxis(np.stack([found, found]), (0, 1), (-2, -1))


def published_lightgbm(table: Table, asked: Asked) -> FloatArray:
    """(stores, brands, 2) for the least MAPE, whole units; carried weeks are trained on, as published."""
    rows, target = _known(table, asked)
    return np.round(_fitted(rows, target, PUBLISHED, PUBLISHED_TREES, _questions(table, asked)))


def plain_quantiles(table: Table, juice: Juice, asked: Asked, levels: FloatArray) -> FloatArray:
    """(stores, brands, 2, levels) from one LightGBM a level on log demand of reported weeks."""
    logged = Table(table.features.copy(), np.log(table.units))
    logged.features[..., SALES] = np.log(logged.features[..., SALES])
    rows, target = _known(logged, asked)
    reported = juice.reported[..., LAGS.stop - 1 : asked.known].reshape(-1)
    questions = _questions(logged, asked)
    found = [
        _fitted(rows[reported], target[reported], PLAIN | {"alpha": float(level)}, PLAIN_TREES, questions)
        for level in levels
    ]
    return np.exp(np.sort(np.stack(found, axis=-1), axis=-1))


def table_of(juice: Juice, asked: Asked) -> Table:
    """The notebook's features from what was known; a week not reported is the last one that was."""
    weeks = int(asked.columns[-1]) + 1
    units = np.full((*juice.units.shape[:2], weeks), np.nan)
    units[..., : asked.known] = juice.units[..., : asked.known]
    units = carried(units)
    shelf = [carried(one[..., :weeks]) for one in (juice.deal, juice.feature, juice.price, juice.ratio)]
    # Weeks are of Thursdays, three days after the Monday.
    day = juice.monday[:weeks] + 3
    month = day.astype("datetime64[M]")
    weekday = (month.astype("datetime64[D]").astype(np.int64) + 3) % 7
    of_month = -(-((day - month.astype("datetime64[D]")).astype(np.int64) + 1 + weekday) // 7)
    calendar = (np.arange(FIRST_WEEK, FIRST_WEEK + weeks), of_month, month.astype(np.int64) % 12 + 1)
    keys = (juice.stores[:, None, None], np.arange(1, units.shape[1] + 1)[None, :, None])
    sales = [_lagged(units, lag) for lag in LAGS] + [_mean_before(units)]
    columns = [np.broadcast_to(one, units.shape) for one in (*keys, *calendar)] + shelf + sales
    return Table(np.stack(columns, axis=-1).astype(np.float32), units)


def _lagged(units: FloatArray, lag: int) -> FloatArray:
    found = np.full(units.shape, np.nan)
    found[..., lag:] = units[..., :-lag]
    return found


def _mean_before(units: FloatArray) -> FloatArray:
    total = np.cumsum(np.pad(units, ((0, 0), (0, 0), (1, 0))), axis=-1)
    end = np.maximum(np.arange(units.shape[-1]) - GAP + 1, 0)
    start = np.maximum(end - WINDOW, 0)
    return np.where(end > 0, (total[..., end] - total[..., start]) / np.maximum(end - start, 1), np.nan)


def _known(table: Table, asked: Asked) -> tuple[SingleArray, FloatArray]:
    inside = slice(LAGS.stop - 1, asked.known)
    features = table.features[:, :, inside]
    return features.reshape(-1, features.shape[-1]), table.units[:, :, inside].reshape(-1)


def _questions(table: Table, asked: Asked) -> SingleArray:
    return table.features[:, :, asked.columns]


def _fitted(
    rows: SingleArray, target: FloatArray, parameters: dict[str, Any], trees: int, questions: SingleArray
) -> FloatArray:
    import lightgbm as lgb

    data = lgb.Dataset(rows, target, categorical_feature=[STORE, BRAND, DEAL], params={"verbosity": -1})
    model = lgb.train(parameters, data, num_boost_round=trees)
    found = np.asarray(model.predict(questions.reshape(-1, rows.shape[1]), num_threads=1), dtype=np.float64)
    return found.reshape(questions.shape[:-1])


def _twice(values: FloatArray) -> FloatArray:
    return np.repeat(values[..., None], 2, axis=-1)
