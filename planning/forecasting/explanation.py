"""Why a forecast is what it is: its mean as units a day that add up to it, against what the series usually sells.

It reads contributions that a model gives and fits nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from planning.arrays import FloatArray, number, vector
from planning.errors import InvalidField

# What "usual" means: the mean of the last quarter.
USUAL_DAYS = 91
LEVEL, WEEKDAY = "level", "weekday pattern"


@dataclass(frozen=True)
class Drivers:
    """Units a day, on average over the forecast's days: usual + Σ parts = mean, but for rounding.

    `parts` by the name of a group of features, largest first.
    """

    usual: float
    parts: Mapping[str, float]
    mean: float


def usual_level(history: FloatArray) -> float:
    """Mean units a period over the last quarter of (days,) units, the newest last; 0 without any."""
    return float(history[-USUAL_DAYS:].mean()) if history.size else 0.0


def split(usual: float, mean: FloatArray, logarithms: Mapping[str, FloatArray]) -> Drivers:
    """Additive parts of a forecast that is a product.

    The forecast of a day is usual · Π exp(logarithm of each group) · rest, and the rest, the model's own level for a
    series like this, joins LEVEL. A part is its logarithm times the logarithmic mean of forecast and usual, which
    leaves no remainder (Ang 2004, LMDI-I).

    Args:
        usual: units a day.
        mean: (days,) forecast units.
        logarithms: (days,) by group, of what the group multiplies the forecast by.

    Raises:
        InvalidField: negative, not finite, or of another length.
    """
    level = number("usual", usual, at_least=0.0)
    ahead = vector("mean", mean, at_least=0.0)
    groups = {name: vector(f"logarithms.{name}", one, length=ahead.size) for name, one in logarithms.items()}
    parts = {name: 0.0 for name in groups}
    sold = ahead > 0.0
    if level > 0.0 and sold.any():
        weight = np.where(sold, _logarithmic_mean(np.where(sold, ahead, 1.0), level), 0.0)
        parts = {name: float((weight * one).mean()) for name, one in groups.items()}
    total = float(ahead.mean())
    parts[LEVEL] = parts.get(LEVEL, 0.0) + total - level - sum(parts.values())
    return Drivers(level, _ordered(parts), total)


def of_baseline(history: FloatArray, mean: FloatArray, memory: int) -> Drivers:
    """A baseline's own drivers: its level, the mean of the last `memory` days, and the weekdays that it falls on."""
    known, ahead = vector("history", history, at_least=0.0), vector("mean", mean, at_least=0.0)
    if memory < 1:
        raise InvalidField("memory", f"must be at least 1, not {memory}")
    usual, total = usual_level(known), float(ahead.mean())
    level = float(known[-memory:].mean())
    return Drivers(usual, _ordered({LEVEL: level - usual, WEEKDAY: total - level}), total)


def _logarithmic_mean(values: FloatArray, other: float) -> FloatArray:
    """(x − y) / ln(x / y), and x where both are the same."""
    ratio = np.log(values) - np.log(other)
    near = np.abs(ratio) < 1e-9
    return np.where(near, values, (values - other) / np.where(near, 1.0, ratio))


def _ordered(parts: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(parts.items(), key=lambda one: -abs(one[1])))
