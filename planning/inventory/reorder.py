"""The reorder point: the stock position at which to order, from the joint distribution of demand and lead time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv

from planning.arrays import FloatArray, IntArray, count, matrix, number
from planning.errors import HorizonTooShort, InvalidField
from planning.inventory.lead_time import LeadTime, day_probabilities


@dataclass(frozen=True)
class DailyDemand:
    """Independent, identical days: mean and standard deviation in units a day."""

    mean: float
    sd: float

    def __post_init__(self) -> None:
        number("demand.mean", self.mean, at_least=0.0)
        number("demand.sd", self.sd, at_least=0.0)


@dataclass(frozen=True)
class ReorderPoint:
    """Units; `reorder_point` = `lead_time_demand_mean` + `safety_stock`, and safety stock is never negative."""

    reorder_point: float
    safety_stock: float
    lead_time_demand_mean: float
    lead_time_demand_sd: float
    method: str


def reorder_point(
    demand: DailyDemand | FloatArray,
    *,
    lead_time_mean: float,
    lead_time_sd: float,
    service_level: float,
    review_days: int = 0,
) -> ReorderPoint:
    """The stock that covers lead time plus review period with probability `service_level` (cycle service).

    Moments are exact. For independent days, with L = lead time + review: E[D] = μ·E[L] and
    Var[D] = σ²·E[L] + μ²·Var[L] (Silver, Pyke and Thomas, Inventory and Production Management in Supply Chains, 4th
    ed., section 6.10; the law of total variance). For scenarios (scenarios, days) the same law is applied to their own
    cumulative demand day by day, so that trend, season and correlation between days count. The quantile is that of the
    gamma distribution with these two moments, which is skewed and never negative (Burgin 1975).

    With a fixed `lead_time_sd` a longer mean makes the fitted gamma less skewed and can lower the safety stock a
    little; with a fixed coefficient of variation it never does.

    Raises:
        InvalidField: a parameter out of range; `service_level` must lie in [.5, 1).
        HorizonTooShort: the scenarios end before the expected end of lead time and review.
    """
    level = number("service_level", service_level, at_least=0.5)
    if level >= 1.0:
        raise InvalidField("service_level", "must be below 1; no finite stock covers everything")
    review = count("review_days", review_days, at_least=0)
    lead_time = LeadTime(lead_time_mean, lead_time_sd)
    if isinstance(demand, DailyDemand):
        return _fitted(*_independent_moments(demand, lead_time, review), level, "independent days")
    paths = matrix("demand", demand, at_least=0.0)
    return _fitted(*_scenario_moments(paths, lead_time, review), level, "scenarios")


def _independent_moments(demand: DailyDemand, lead_time: LeadTime, review: int) -> tuple[float, float]:
    period = lead_time.mean_days + review
    return demand.mean * period, demand.sd**2 * period + (demand.mean * lead_time.sd_days) ** 2


def _scenario_moments(demand: FloatArray, lead_time: LeadTime, review: int) -> tuple[float, float]:
    days = demand.shape[1]
    if lead_time.expected_day + review > days:
        raise HorizonTooShort(
            "demand", f"covers {days} days, lead time and review take {lead_time.expected_day + review}"
        )
    weights = day_probabilities(lead_time, _longest(lead_time))
    weights /= weights.sum()
    lengths = np.flatnonzero(weights > 0.0).astype(np.int64) + review
    means, seconds = _cumulative_moments(demand, lengths)
    chosen = weights[weights > 0.0]
    mean = float(chosen @ means)
    return mean, max(float(chosen @ seconds) - mean**2, 0.0)


def _longest(lead_time: LeadTime) -> int:
    """A day by which all but a negligible part of the orders have come (Cantelli bounds the rest by 1 in 100)."""
    return int(np.ceil(lead_time.mean_days + 10.0 * lead_time.sd_days)) + 1


def _cumulative_moments(demand: FloatArray, lengths: IntArray) -> tuple[FloatArray, FloatArray]:
    """First and second moment of demand over the first n days; beyond the horizon at each scenario's daily average."""
    days = demand.shape[1]
    running = np.concatenate([np.zeros((demand.shape[0], 1)), np.cumsum(demand, axis=1)], axis=1)
    inside = running[:, np.minimum(lengths, days)]
    totals = inside + demand.mean(axis=1)[:, None] * np.maximum(lengths - days, 0)
    return totals.mean(axis=0), (totals**2).mean(axis=0)


def _fitted(mean: float, variance: float, level: float, source: str) -> ReorderPoint:
    if mean <= 0.0 or variance <= 1e-12 * mean**2:
        return ReorderPoint(mean, 0.0, mean, 0.0, f"certain demand, {source}")
    quantile = float(variance / mean * gammaincinv(mean**2 / variance, level))
    safety = max(quantile - mean, 0.0)
    return ReorderPoint(mean + safety, safety, mean, float(np.sqrt(variance)), f"gamma fit, {source}")
