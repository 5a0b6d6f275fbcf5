"""Demand over a random lead time and a review period: its moments from days or scenarios, its table for whole units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from planning.arrays import FloatArray, number
from planning.errors import HorizonTooShort
from planning.inventory.distributions import DiscreteDemand, mixture
from planning.inventory.lead_time import LeadTime, day_probabilities

# (lead time means) -> (means, variances, skewness) of the demand over them plus review.
Moments: TypeAlias = Callable[[FloatArray], tuple[FloatArray, FloatArray, FloatArray]]

# Skewness of a lead time, whatever its mean: that of a gamma whose standard deviation is half its mean.
LEAD_TIME_SKEWNESS = 1.0


@dataclass(frozen=True)
class DailyDemand:
    """Independent, identical days: mean and standard deviation in units a day."""

    mean: float
    sd: float

    def __post_init__(self) -> None:
        number("demand.mean", self.mean, at_least=0.0)
        number("demand.sd", self.sd, at_least=0.0)


def independent_moments(demand: DailyDemand, sd_days: float, review: int) -> Moments:
    """E[D] = μ·E[L] and Var[D] = σ²·E[L] + μ²·Var[L], with review in L (the law of total variance)."""

    def moments(lead_means: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        periods = lead_means + review
        return _joined(demand.mean * periods, demand.sd**2 * periods, np.full_like(periods, demand.mean * sd_days) ** 2)

    return moments


def scenario_moments(demand: FloatArray, sd_days: float, review: int, longest: float) -> Moments:
    """The same law over the scenarios' own cumulative demand, so that trend, season and correlated days count.

    Days beyond the horizon go on at each scenario's daily average; `longest` is the longest mean lead time asked for.
    """
    means, seconds = _cumulative_moments(demand, longest_day(LeadTime(longest, sd_days)) + review)

    def moments(lead_means: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        parts = [_weighted(LeadTime(float(mean), sd_days), review, means, seconds) for mean in lead_means]
        first, of_means, second = np.array(parts).T
        return _joined(first, np.maximum(second - of_means, 0.0), np.maximum(of_means - first**2, 0.0))

    return moments


def over_lead_time(day: DiscreteDemand, lead_time: LeadTime, review: int) -> DiscreteDemand:
    """Whole units over lead time and review, exactly: sums of independent days, mixed over the days it may take."""
    weights = _day_weights(lead_time)
    sums, total = [], DiscreteDemand(np.array([1.0]))
    for length in range(weights.size + review):
        if length >= review:
            sums.append(total)
        total = total.plus(day).trimmed()
    return mixture(sums, weights).trimmed()


def longest_day(lead_time: LeadTime) -> int:
    """A day by which all but a negligible part of the orders have come: 1 in 10⁹ where the sd is at most the mean."""
    return int(np.ceil(lead_time.mean_days + 20.0 * lead_time.sd_days)) + 1


def check_horizon(demand: FloatArray, lead_time: LeadTime, review: int) -> None:
    """Refuse scenarios that end before the expected end of lead time and review."""
    days, needed = demand.shape[1], lead_time.expected_day + review
    if needed > days:
        raise HorizonTooShort("demand", f"covers {days} days, lead time and review take {needed}")


def _joined(means: FloatArray, of_demand: FloatArray, of_lead: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean, variance and skewness from the variance due to demand and the one due to the lead time.

    Third cumulant of a sum over a random time: 2·V² / M (gamma days) + 3·V / M·W (both) + γ·W^1.5 (lead time), with M
    the mean, V the variance due to demand, W that due to the lead time and γ its skewness (law of total cumulance).
    """
    variances = of_demand + of_lead
    some, spread = np.where(means > 0.0, means, 1.0), np.where(variances > 0.0, variances, 1.0)
    share, rest = of_demand / spread, of_lead / spread
    skews = np.sqrt(variances) / some * (2.0 * share**2 + 3.0 * share * rest) + LEAD_TIME_SKEWNESS * rest**1.5
    return means, variances, skews


def _weighted(lead_time: LeadTime, review: int, means: FloatArray, seconds: FloatArray) -> tuple[float, float, float]:
    """Mean, mean of the squared means and second moment over the days it may take."""
    weights = _day_weights(lead_time)
    lengths = slice(review, review + weights.size)
    return float(weights @ means[lengths]), float(weights @ means[lengths] ** 2), float(weights @ seconds[lengths])


def _day_weights(lead_time: LeadTime) -> FloatArray:
    weights = day_probabilities(lead_time, longest_day(lead_time))
    return weights / weights.sum()


def _cumulative_moments(demand: FloatArray, longest: int) -> tuple[FloatArray, FloatArray]:
    """First and second moment of demand over the first 0 … `longest` days."""
    scenarios, days = demand.shape
    seen = min(longest, days)
    running = np.zeros((scenarios, longest + 1))
    running[:, 1 : seen + 1] = np.cumsum(demand[:, :seen], axis=1)
    beyond = np.arange(1, longest - seen + 1)
    running[:, seen + 1 :] = running[:, seen, None] + demand.mean(axis=1)[:, None] * beyond
    return running.mean(axis=0), (running**2).mean(axis=0)
