"""The reorder point: the stock position at which to order, from the joint distribution of demand and lead time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from planning.arrays import FloatArray, count, matrix, number
from planning.errors import InvalidField
from planning.inventory.distributions import DiscreteDemand
from planning.inventory.lead_time import LeadTime
from planning.inventory.lead_time_demand import (
    DailyDemand,
    Moments,
    check_horizon,
    independent_moments,
    over_lead_time,
    scenario_moments,
)
from planning.inventory.service import FillRate, ServiceTarget, checked_target, safety_factors

__all__ = ["DailyDemand", "ReorderPoint", "reorder_point"]

# Days between the mean lead times that are looked at; whole lead times lie on both, so no line is drawn there.
STEP_OF_DAYS, STEP_OF_SCENARIOS = 0.25, 0.5


@dataclass(frozen=True)
class ReorderPoint:
    """Units; `reorder_point` = `lead_time_demand_mean` + `safety_stock`, and safety stock is never negative."""

    reorder_point: float
    safety_stock: float
    lead_time_demand_mean: float
    lead_time_demand_sd: float
    method: str


def reorder_point(
    demand: DailyDemand | DiscreteDemand | FloatArray,
    *,
    lead_time_mean: float,
    lead_time_sd: float,
    service_level: ServiceTarget,
    review_days: int = 0,
    order_quantity: float | None = None,
) -> ReorderPoint:
    """The stock that covers lead time plus review period as well as `service_level` asks.

    Moments are exact. For independent days, with L = lead time + review: E[D] = μ·E[L] and
    Var[D] = σ²·E[L] + μ²·Var[L] (Silver, Pyke and Thomas, Inventory and Production Management in Supply Chains, 4th
    ed., section 6.10; the law of total variance). For scenarios (scenarios, days) the same law is applied to their own
    cumulative demand day by day, so that trend, season and correlation between days count. The level is that of
    a gamma distribution moved to these moments (Pearson type III): exactly the gamma (Burgin 1975) for a certain lead
    time, and as skewed as gamma days over a lead time of skewness 1 otherwise. A `DiscreteDemand` is one day's whole
    units (Poisson, compound Poisson, any table): its level is exact.

    A longer lead time never lowers the safety stock: a lead time's skewness does not depend on its mean, and where
    scenarios themselves have less doubt about a longer period (what is not bought this week is bought the next), the
    largest safety stock over all shorter means is taken. Whole units round up; there the reorder point never falls, and
    safety stock moves by less than one unit.

    Args:
        demand: as above, in units a day.
        lead_time_mean: days; `lead_time_sd` likewise.
        lead_time_sd: 0 means a certain lead time.
        service_level: a number is cycle service in [.5, 1); else `FillRate` or `CostRatio`. A cost ratio below one to
            one asks for less than mean demand; it gets the mean.
        review_days: days until the next occasion to order.
        order_quantity: the usual order, by which a fill rate is counted; default the mean demand of the review period.

    Raises:
        InvalidField: a parameter out of range, or a fill rate without order quantity and review.
        HorizonTooShort: the scenarios end before the expected end of lead time and review.
    """
    target = checked_target(service_level)
    review = count("review_days", review_days, at_least=0)
    lead_time = LeadTime(lead_time_mean, lead_time_sd)
    if isinstance(demand, DiscreteDemand):
        return _whole_units(demand, lead_time, review, target, order_quantity)
    if isinstance(demand, DailyDemand):
        usual = _usual_order(target, order_quantity, demand.mean * review)
        moments = independent_moments(demand, lead_time.sd_days, review)
        return _fitted(moments, lead_time.mean_days, STEP_OF_DAYS, target, usual, "independent days")
    paths = matrix("demand", demand, at_least=0.0)
    check_horizon(paths, lead_time, review)
    usual = _usual_order(target, order_quantity, float(paths.mean()) * review)
    # A certain lead time is a whole number of days in scenarios.
    mean_days, step = (
        (float(lead_time.expected_day), 1.0) if lead_time.is_certain else (lead_time.mean_days, STEP_OF_SCENARIOS)
    )
    moments = scenario_moments(paths, lead_time.sd_days, review, mean_days + step)
    return _fitted(moments, mean_days, step, target, usual, "scenarios")


def _usual_order(target: FillRate | float, order_quantity: float | None, review_demand: float) -> float:
    """Units of one order; 0 where no fill rate asks for it or nothing is ever demanded."""
    if not isinstance(target, FillRate):
        return 0.0
    usual = review_demand if order_quantity is None else number("order_quantity", order_quantity)
    if usual < 0.0 or (usual == 0.0 and order_quantity is not None):
        raise InvalidField("order_quantity", "must be positive")
    return usual


def _needed_order(usual: float, mean: float) -> float:
    """The usual order, which a fill rate needs wherever anything is demanded."""
    if usual == 0.0 and mean > 0.0:
        raise InvalidField("order_quantity", "is needed for a fill rate where there is no review period")
    return usual


def _fitted(
    moments: Moments, mean_days: float, step: float, target: FillRate | float, usual: float, source: str
) -> ReorderPoint:
    mean, variance, _ = (float(moment[0]) for moment in moments(np.array([mean_days])))
    if mean <= 0.0 or variance <= 1e-12 * mean**2:
        return ReorderPoint(mean, 0.0, mean, 0.0, f"certain demand, {source}")
    if isinstance(target, FillRate):
        _needed_order(usual, mean)

    def safety(lead_means: FloatArray) -> FloatArray:
        some, spread, skews = moments(lead_means)
        uncertain = spread > 1e-12 * some**2
        sds = np.sqrt(np.where(uncertain, spread, 1.0))
        factors = np.maximum(safety_factors(skews, target, usual / sds), 0.0)
        return np.where(uncertain, factors * sds, 0.0)

    needed = _never_falling(safety, mean_days, step)
    return ReorderPoint(mean + needed, needed, mean, float(np.sqrt(variance)), f"gamma fit, {source}")


def _never_falling(safety: Callable[[FloatArray], FloatArray], mean_days: float, step: float) -> float:
    """The largest safety stock over this and all shorter mean lead times.

    They are looked at on a lattice that is the same for every lead time, and joined by straight lines.
    """
    lattice = _lattice(mean_days, step)
    return float(np.interp(mean_days, lattice, np.maximum.accumulate(safety(lattice))))


def _lattice(mean_days: float, step: float) -> FloatArray:
    return step * np.arange(int(np.ceil(mean_days / step)) + 1, dtype=np.float64)


def _whole_units(
    day: DiscreteDemand, lead_time: LeadTime, review: int, target: FillRate | float, order_quantity: float | None
) -> ReorderPoint:
    """Exact levels from the table of demand over lead time and review."""
    demand = over_lead_time(day, lead_time, review)
    units = np.arange(demand.probabilities.size)
    variance = float(demand.probabilities @ (units - demand.mean) ** 2)
    if isinstance(target, FillRate):
        usual = max(round(_needed_order(_usual_order(target, order_quantity, day.mean * review), day.mean)), 1)
        short = demand.expected_short(units) - demand.expected_short(units + usual)
        level = int(np.argmax(short <= (1.0 - target.level) * usual + 1e-12))
    else:
        level = demand.quantile(target)
    level = max(level, int(np.ceil(demand.mean - 1e-9)))
    return ReorderPoint(float(level), level - demand.mean, demand.mean, float(np.sqrt(variance)), "exact, whole units")
