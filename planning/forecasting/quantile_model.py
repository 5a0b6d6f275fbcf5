"""One LightGBM for the mean and one per quantile, all on the same rows. It knows rows and features, not series.

The mean is a Tweedie regression (counts with many zeros, unbiased in totals); the quantiles are pinball regressions,
sorted afterwards so that they never cross (Chernozhukov, Fernández-Val and Galichon 2010).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from planning.arrays import FloatArray, SingleArray

if TYPE_CHECKING:
    import lightgbm as lgb

ROUNDS = 100
TREES: dict[str, Any] = {
    "num_leaves": 12,
    "learning_rate": 0.1,
    "feature_fraction": 0.8,
    "max_bin": 127,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
# Models are independent, so two at once with one thread each; threads inside one model would wait for each other.
AT_ONCE = 2


@dataclass(frozen=True)
class QuantileModel:
    """The fitted trees; `boosters` holds the mean first, then one per level."""

    levels: FloatArray
    boosters: tuple[lgb.Booster, ...]

    def predict(self, features: SingleArray) -> tuple[FloatArray, FloatArray]:
        """(rows,) mean and (rows, levels) quantiles, not negative, not crossing."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = list(pool.map(lambda one: np.asarray(one.predict(features, num_threads=1)), self.boosters))
        quantiles = np.sort(np.maximum(np.column_stack(found[1:]), 0.0), axis=1)
        return np.maximum(found[0], 0.0), quantiles

    def forecast(self, features: SingleArray, scale: FloatArray, smallest: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(series, days) mean and (series, days, levels) quantiles in units.

        `features` hold the series one after another; `scale` and `smallest` are (series,). A quantile below half the
        smallest demand ever seen is no demand: trees give 0.01 where only 0 or 1 can happen, and a day of 0 would then
        lie under every quantile.
        """
        mean, relative = self.predict(features)
        quantiles = relative.reshape(scale.size, -1, self.levels.size) * scale[:, None, None]
        quantiles[quantiles < smallest[:, None, None] / 2.0] = 0.0
        return mean.reshape(scale.size, -1) * scale[:, None], quantiles

    def texts(self) -> list[str]:
        """LightGBM's own text form of each booster."""
        return [booster.model_to_string() for booster in self.boosters]

    @classmethod
    def of_texts(cls, levels: FloatArray, texts: Sequence[str]) -> QuantileModel:
        """The model back from its texts."""
        import lightgbm as lgb

        return cls(levels, tuple(lgb.Booster(model_str=text) for text in texts))


def fit(
    features: SingleArray,
    target: FloatArray,
    weight: FloatArray,
    levels: FloatArray,
    *,
    seed: int,
    progress: Callable[[int, int], None],
) -> QuantileModel:
    """Fit on features (rows, features), target and weight (rows,); the same input and seed give the same trees."""
    objectives: list[dict[str, Any]] = [{"objective": "tweedie", "tweedie_variance_power": 1.3}]
    objectives += [{"objective": "quantile", "alpha": float(level)} for level in levels]
    common = TREES | {"seed": seed, "min_data_in_leaf": int(np.clip(target.size // 200, 20, 300))}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = [pool.submit(_trees, features, target, weight, common | objective) for objective in objectives]
        boosters: list[lgb.Booster] = []
        for job in jobs:
            boosters.append(job.result())
            progress(len(boosters), len(jobs))
    return QuantileModel(levels, tuple(boosters))


def _trees(features: SingleArray, target: FloatArray, weight: FloatArray, parameters: dict[str, Any]) -> lgb.Booster:
    import lightgbm as lgb

    data = lgb.Dataset(features, target, weight=weight, params=parameters)
    return lgb.train(parameters, data, num_boost_round=ROUNDS)
