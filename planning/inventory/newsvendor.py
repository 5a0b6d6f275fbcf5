"""How much for one period, from what a unit too few and a unit too many cost: newsvendor and base stock.

The level is the critical fractile p / (p + h) of demand (Arrow, Harris and Marschak 1951). Fixed order costs are the
business of `min_max` and `fixed_lot`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from planning.arrays import FloatArray, number, vector
from planning.errors import InvalidField
from planning.inventory.distributions import DiscreteDemand, NormalDemand

Demand: TypeAlias = NormalDemand | DiscreteDemand | FloatArray


@dataclass(frozen=True)
class StockLevel:
    """`level` units to have at the start; `cost` is the expected cost of the period; `critical_ratio` the fractile."""

    level: float
    cost: float
    critical_ratio: float


def newsvendor(demand: Demand, *, overage_cost: float, underage_cost: float) -> StockLevel:
    """The optimal level for demand given as a distribution or as equally likely scenarios (scenarios,).

    Exact: closed form for the normal, the smallest level that reaches the fractile for whole units and scenarios.

    Args:
        demand: units of the period; for base stock over a lead time, of the lead time plus one period.
        overage_cost: money per unit left (for stock that is kept: holding cost per unit and period).
        underage_cost: money per unit missing.
    """
    over, under = _costs(overage_cost, underage_cost)
    ratio = under / (under + over)
    if isinstance(demand, NormalDemand):
        level = demand.quantile(ratio)
        left, short = level - demand.mean + demand.expected_short(level), demand.expected_short(level)
        return StockLevel(level, over * left + under * short, ratio)
    if isinstance(demand, DiscreteDemand):
        units = demand.quantile(ratio)
        return StockLevel(float(units), float(level_costs(demand, np.array([units]), over, under)[0]), ratio)
    outcomes = vector("demand", demand, at_least=0.0)
    level = float(np.quantile(outcomes, ratio, method="inverted_cdf"))
    gap = level - outcomes
    return StockLevel(level, float(np.where(gap > 0.0, over * gap, -under * gap).mean()), ratio)


def base_stock(demand: NormalDemand, *, lead_time: float, holding_cost: float, shortage_cost: float) -> StockLevel:
    """The order-up-to level under periodic review with backorders and no fixed cost, and its cost per period.

    Stock ordered now meets demand through lead time plus one period, so the newsvendor of that demand is optimal
    (Zipkin, Foundations of Inventory Management, section 9.4).
    """
    periods = number("lead_time", lead_time, at_least=0.0) + 1.0
    return newsvendor(demand.over(periods), overage_cost=holding_cost, underage_cost=shortage_cost)


def level_costs(demand: DiscreteDemand, levels: ArrayLike, over: float, under: float) -> FloatArray:
    """Expected cost over·E[(y − D)⁺] + under·E[(D − y)⁺] at whole levels y, which may be negative."""
    whole = np.asarray(levels, dtype=np.int64)
    short = demand.expected_short(whole)
    return over * (whole - demand.mean + short) + under * short


def _costs(overage_cost: float, underage_cost: float) -> tuple[float, float]:
    for field, value in (("overage_cost", overage_cost), ("underage_cost", underage_cost)):
        if number(field, value) <= 0.0:
            raise InvalidField(field, f"must be positive, not {value:g}", remedy="Nothing is optimal without both.")
    return float(overage_cost), float(underage_cost)
