"""How many units each group of features adds to the model's mean forecast of a series, over a horizon.

The mean model works in logarithms: a row's forecast is base times a factor per feature. The difference from the base is
divided among the groups in proportion to their logarithms (SHAP values of the trees: Lundberg et al. 2020), so that
base and groups add up to the forecast exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planning.arrays import FloatArray
from planning.forecasting.features import Feature


@dataclass(frozen=True)
class Contribution:
    """One series over the horizon, in units.

    Attributes:
        series: its name.
        base: what the model forecasts for a series of this scale of which it knows nothing else.
        groups: units by feature group; base + groups = `model_mean`.
        model_mean: the model's mean.
        served_mean: the mean that serves; it differs where another method's mean, or a blend, was chosen.
    """

    series: str
    base: float
    groups: dict[str, float]
    model_mean: float
    served_mean: float


def split(
    series: str, raw: FloatArray, scale: FloatArray, features: tuple[Feature, ...], served: float
) -> Contribution:
    """`raw` (periods, features + 1) logarithms as `QuantileModel.contributions` gives them; `scale` (periods,)."""
    base = np.exp(raw[:, -1]) * scale
    total = raw[:, :-1].sum(axis=1)
    # (eˣ − 1)/x is 1 at nothing.
    rate = np.where(np.abs(total) > 1e-9, np.expm1(total) / np.where(np.abs(total) > 1e-9, total, 1.0), 1.0)
    units = ((base * rate)[:, None] * raw[:, :-1]).sum(axis=0)
    groups: dict[str, float] = {}
    for feature, one in zip(features, units, strict=True):
        groups[feature.group] = groups.get(feature.group, 0.0) + float(one)
    return Contribution(series, float(base.sum()), groups, float(base.sum() + units.sum()), served)
