"""Why a forecast is what it is: its mean as units a day that add up to it, against what the series usually sells.

It reads contributions that a model gives and fits nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from planning.arrays import FloatArray, count, number, vector

# What "usual" means: the mean of the last quarter.
USUAL_DAYS = 91
WEEK = 7
LEVEL, WEEKDAY, BLEND = "level", "weekday pattern", "other methods' part in the mean"
# Over whole weeks weekdays cancel: what a model gives them there, it took from the level that it starts from.
JOINED: Mapping[str, str] = {"calendar": LEVEL, "time ahead": LEVEL, "discount": "promotion"}
# So many days are explained, two weeks: contributions cost more than the forecast itself.
EXPLAINED_DAYS = 14
# Less than this share is rounding.
SMALLEST = 1e-9


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


def of_model(usual: float, days: int, base: float, groups: Mapping[str, float], served: float) -> Drivers:
    """A model's drivers, from its contributions in units over `days`.

    Args:
        usual: units a day.
        days: the horizon.
        base: units that the model forecasts for a series of this scale of which it knows nothing else.
        groups: units that each group of features adds.
        served: units of the mean that serves; what a blend with other methods changed is a part of its own.

    Raises:
        InvalidField: negative or not finite, or no day.
    """
    level, horizon = number("usual", usual, at_least=0.0), count("days", days)
    total = number("served", served, at_least=0.0)
    parts = {LEVEL: number("base", base) / horizon - level}
    for name, units in groups.items():
        told = JOINED.get(name, name)
        parts[told] = parts.get(told, 0.0) + number(f"groups.{name}", units) / horizon
    blended = total / horizon - level - sum(parts.values())
    if abs(blended) > SMALLEST * max(total / horizon, level):
        parts[BLEND] = blended
    return Drivers(level, _ordered(parts), total / horizon)


def of_baseline(history: FloatArray, mean: FloatArray) -> Drivers:
    """A baseline's own drivers: the level of its whole weeks, and the weekdays that the days beyond them fall on.

    `history` (days,) units, the newest last; `mean` (horizon,) forecast units. Raises `InvalidField`.
    """
    known, ahead = vector("history", history, at_least=0.0), vector("mean", mean, at_least=0.0)
    usual, total = usual_level(known), float(ahead.mean())
    weeks = ahead.size // WEEK * WEEK
    level = float(ahead[:weeks].mean()) if weeks else total
    return Drivers(usual, _ordered({LEVEL: level - usual, WEEKDAY: total - level}), total)


def _ordered(parts: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(parts.items(), key=lambda one: -abs(one[1])))
