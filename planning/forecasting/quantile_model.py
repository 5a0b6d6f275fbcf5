"""One LightGBM for the mean and one per quantile, all on the same rows. It knows rows and features, not series.

The mean is a Tweedie regression (counts with many zeros, unbiased in totals); the quantiles are pinball regressions,
sorted afterwards so that they never cross (Chernozhukov, Fernández-Val and Galichon 2010).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from planning.arrays import FloatArray, SingleArray
from planning.spread import Spread, local

if TYPE_CHECKING:
    import lightgbm as lgb

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


@dataclass(frozen=True)
class TreeJob:
    """One whole model to fit: (rows, features) features, (rows,) target and weight, LightGBM's parameters."""

    features: SingleArray
    target: FloatArray
    weight: FloatArray
    names: tuple[str, ...]
    parameters: dict[str, Any]
    rounds: int


def grow(job: TreeJob) -> str:
    """The fitted trees as LightGBM's text: the same wherever it runs (one thread, one seed)."""
    import lightgbm as lgb

    data = lgb.Dataset(job.features, job.target, weight=job.weight, feature_name=list(job.names), params=job.parameters)
    return lgb.train(job.parameters, data, num_boost_round=job.rounds).model_to_string()


@dataclass(frozen=True)
class QuantileModel:
    """The fitted trees as texts, the mean first, then one per level."""

    levels: FloatArray
    trees: tuple[str, ...]

    def predict(self, features: SingleArray) -> tuple[FloatArray, FloatArray]:
        """(rows,) mean and (rows, levels) quantiles, not negative, not crossing."""

        def one(text: str) -> FloatArray:
            return np.asarray(_booster(text).predict(features, num_threads=1), dtype=np.float64)

        found = list(local(one, self.trees))
        quantiles = np.sort(np.maximum(np.column_stack(found[1:]), 0.0), axis=1)
        return np.maximum(found[0], 0.0), quantiles

    def forecast(self, features: SingleArray, scale: FloatArray, smallest: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(series, periods) mean and (series, periods, levels) quantiles in units.

        `features` hold the series one after another; `scale` is (series, periods), `smallest` (series,). A quantile
        below half the smallest demand ever seen is no demand: trees give 0.01 where only 0 or 1 can happen, and a
        period of 0 would then lie under every quantile.
        """
        mean, relative = self.predict(features)
        quantiles = relative.reshape(*scale.shape, self.levels.size) * scale[..., None]
        quantiles[quantiles < smallest[:, None, None] / 2.0] = 0.0
        return mean.reshape(scale.shape) * scale, quantiles

    def contributions(self, features: SingleArray) -> FloatArray:
        """(rows, features + 1) of the mean model, in logarithms (its link); the last column is the base."""
        return np.asarray(_booster(self.trees[0]).predict(features, pred_contrib=True, num_threads=1), dtype=np.float64)


def fit(
    features: SingleArray,
    target: FloatArray,
    weight: FloatArray,
    levels: FloatArray,
    *,
    names: Sequence[str],
    seed: int,
    spread: Spread,
    progress: Callable[[int, int], None],
    rounds: int,
) -> QuantileModel:
    """Fit on features (rows, features), target and weight (rows,); the same input and seed give the same trees."""
    objectives: list[dict[str, Any]] = [{"objective": "tweedie", "tweedie_variance_power": 1.3}]
    objectives += [{"objective": "quantile", "alpha": float(level)} for level in levels]
    common = TREES | {"seed": seed, "min_data_in_leaf": int(np.clip(target.size // 200, 20, 300))}
    jobs = [TreeJob(features, target, weight, tuple(names), common | own, rounds) for own in objectives]
    trees: list[str] = []
    for text in spread(grow, jobs):
        trees.append(text)
        progress(len(trees), len(jobs))
    return QuantileModel(levels, tuple(trees))


def _booster(text: str) -> lgb.Booster:
    import lightgbm as lgb

    return lgb.Booster(model_str=text)
