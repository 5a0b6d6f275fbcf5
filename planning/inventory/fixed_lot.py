"""The (r, Q) policy: order the lot Q whenever the position falls to r, watched at every sale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy.optimize import brentq

from planning.arrays import number
from planning.errors import InvalidField
from planning.inventory.distributions import DiscreteDemand, NormalDemand, poisson
from planning.inventory.newsvendor import level_costs, newsvendor

# Rounds of the expected-inventory-level iteration; it contracts, a handful is usual.
MOST_ROUNDS = 1_000


@dataclass(frozen=True)
class FixedLot:
    """`reorder_point` r, `lot` Q, and the long-run cost per unit of time."""

    reorder_point: float
    lot: float
    cost: float


def best_lot_poisson(
    demand_rate: float, lead_time: float, *, order_cost: float, holding_cost: float, shortage_cost: float
) -> FixedLot:
    """The optimal (r, Q) for Poisson demand with backorders, exactly.

    The algorithm of Federgruen and Zheng, "An efficient algorithm for computing an optimal (r, Q) policy in continuous
    review stochastic inventory systems", Operations Research 40 (1992) 808–813. Rates and costs per the same unit of
    time; `shortage_cost` per unit backordered and unit of time.
    """
    rate = _positive("demand_rate", demand_rate)
    _check_costs(order_cost, holding_cost, shortage_cost)
    demand = poisson(rate * number("lead_time", lead_time, at_least=0.0))
    low = demand.quantile(shortage_cost / (shortage_cost + holding_cost)) - 1
    total = order_cost * rate + _level(demand, low + 1, holding_cost, shortage_cost)
    lot, high = 1, low + 1
    while True:
        below, above = (_level(demand, level, holding_cost, shortage_cost) for level in (low, high + 1))
        cheaper = min(below, above)
        if cheaper >= total / lot:
            return FixedLot(float(low), float(lot), total / lot)
        low, high = (low - 1, high) if below <= above else (low, high + 1)
        total += cheaper
        lot += 1


def best_lot_normal(
    demand: NormalDemand, lead_time: float, *, order_cost: float, holding_cost: float, shortage_cost: float
) -> FixedLot:
    """The optimal (r, Q) where demand over the lead time is normal, exactly, by one root.

    At the optimum G(r) = G(r + Q) = cost, where G is the newsvendor cost rate (Zheng, "On properties of stochastic
    inventory systems", Management Science 38 (1992) 87–103), so the cost c solves ∫ (c − G)⁺ = K·λ.

    `demand` is that of one unit of time; `shortage_cost` is per unit backordered and unit of time.
    """
    _check_costs(order_cost, holding_cost, shortage_cost)
    rate = _positive("demand.mean", demand.mean)
    over_lead = demand.over(number("lead_time", lead_time, at_least=0.0))
    curve = _Curve(over_lead, holding_cost, shortage_cost)
    most = curve.least + np.sqrt(2.0 * order_cost * rate * holding_cost) + holding_cost * rate
    while curve.area_below(most) < order_cost * rate:
        most *= 2.0
    cost = _root(lambda level: curve.area_below(level) - order_cost * rate, curve.least, most)
    low, high = curve.crossings(cost)
    return FixedLot(low, high - low, cost)


def expected_level_lot(
    demand: NormalDemand, lead_time: float, *, order_cost: float, holding_cost: float, cost_per_unit_short: float
) -> FixedLot:
    """(r, Q) by the expected-inventory-level approximation (Whitin 1953; Hadley and Whitin 1963).

    For shortages priced per unit, however long they last. Alternates r = F⁻¹(1 − Q·h / (p·λ)) and
    Q = √(2λ·(K + p·n(r)) / h) until both stand still.
    """
    _check_costs(order_cost, holding_cost, cost_per_unit_short)
    rate = _positive("demand.mean", demand.mean)
    over_lead = demand.over(_positive("lead_time", lead_time))
    lot, point = float(np.sqrt(2.0 * order_cost * rate / holding_cost)), float("-inf")
    short = 0.0
    for _ in range(MOST_ROUNDS):
        share = lot * holding_cost / (cost_per_unit_short * rate)
        if share >= 1.0:
            raise InvalidField("cost_per_unit_short", "is so low that running out always pays; there is no such policy")
        before, point = (lot, point), over_lead.quantile(1.0 - share)
        short = over_lead.expected_short(point)
        lot = float(np.sqrt(2.0 * rate * (order_cost + cost_per_unit_short * short) / holding_cost))
        if abs(lot - before[0]) + abs(point - before[1]) < 1e-10 * (lot + abs(point)):
            break
    held = holding_cost * (point - over_lead.mean + lot / 2.0)
    return FixedLot(point, lot, held + rate / lot * (order_cost + cost_per_unit_short * short))


class _Curve:
    """G(y) = h·E[(y − D)⁺] + p·E[(D − y)⁺] for normal D, its crossings of a level and the area between."""

    def __init__(self, demand: NormalDemand, holding: float, shortage: float) -> None:
        best = newsvendor(demand, overage_cost=holding, underage_cost=shortage)
        self.demand, self.holding, self.shortage = demand, holding, shortage
        self.bottom, self.least = best.level, best.cost

    def at(self, level: float) -> float:
        short = self.demand.expected_short(level)
        return self.holding * (level - self.demand.mean + short) + self.shortage * short

    def crossings(self, cost: float) -> tuple[float, float]:
        """Where G equals `cost`; G lies above both its straight limits, so these bracket."""
        low = min(self.demand.mean - cost / self.shortage, self.bottom) - 1.0
        high = max(self.demand.mean + cost / self.holding, self.bottom) + 1.0
        if cost <= self.least:
            return self.bottom, self.bottom
        left = _root(lambda level: self.at(level) - cost, low, self.bottom)
        right = _root(lambda level: self.at(level) - cost, self.bottom, high)
        return left, right

    def area_below(self, cost: float) -> float:
        """∫ (cost − G)⁺."""
        low, high = self.crossings(cost)
        return cost * (high - low) - (self._integral(high) - self._integral(low))

    def _integral(self, level: float) -> float:
        """An antiderivative of G."""
        beyond = self.demand.expected_short_beyond(level)
        return self.holding * (level - self.demand.mean) ** 2 / 2.0 - (self.holding + self.shortage) * beyond


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    return cast(float, brentq(function, low, high, xtol=1e-13))


def _level(demand: DiscreteDemand, level: int, holding: float, shortage: float) -> float:
    return float(level_costs(demand, np.array([level]), holding, shortage)[0])


def _check_costs(order_cost: float, holding_cost: float, shortage_cost: float) -> None:
    _positive("order_cost", order_cost)
    _positive("holding_cost", holding_cost)
    _positive("shortage_cost", shortage_cost)


def _positive(field: str, value: float) -> float:
    if number(field, value) <= 0.0:
        raise InvalidField(field, f"must be positive, not {value:g}")
    return float(value)
