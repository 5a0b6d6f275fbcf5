"""The optimal (s, S) policy: order up to S when the position at a review is at or below s. Whole units, fixed cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planning.arrays import FloatArray, number
from planning.errors import InvalidField
from planning.inventory.distributions import DiscreteDemand
from planning.inventory.newsvendor import level_costs


@dataclass(frozen=True)
class MinMax:
    """`reorder_level` s, `order_up_to` S, and the long-run cost per period."""

    reorder_level: int
    order_up_to: int
    cost: float


def best_min_max(
    period: DiscreteDemand,
    *,
    order_cost: float,
    holding_cost: float,
    shortage_cost: float,
    protection: DiscreteDemand | None = None,
) -> MinMax:
    """The optimal (s, S) under periodic review with backorders, exactly.

    The algorithm of Zheng and Federgruen, "Finding optimal (s, S) policies is about as simple as evaluating a single
    policy", Operations Research 39 (1991) 654–665.

    Args:
        period: demand between two reviews.
        order_cost: money for each order placed.
        holding_cost: money per unit left and period.
        shortage_cost: money per unit backordered and period.
        protection: demand of the lead time plus one period, by which cost is counted; default the period alone.

    Raises:
        InvalidField: a cost that is not positive, or a period in which nothing is ever asked for.
    """
    costs = {"order_cost": order_cost, "holding_cost": holding_cost, "shortage_cost": shortage_cost}
    for field, value in costs.items():
        if number(field, value) <= 0.0:
            raise InvalidField(field, f"must be positive, not {value:g}")
    if period.probabilities[0] >= 1.0 - 1e-12:
        raise InvalidField("period", "never asks for a unit")
    walk = _Walk(period, protection or period, order_cost, holding_cost, shortage_cost)
    return walk.search()


class _Walk:
    """Costs of policies and the search over them.

    `renewals[j]` is m(j), the expected number of periods that a cycle spends j units below S.
    """

    def __init__(
        self, period: DiscreteDemand, protection: DiscreteDemand, order_cost: float, holding: float, shortage: float
    ) -> None:
        self.period, self.protection = period, protection
        self.order_cost, self.holding, self.shortage = order_cost, holding, shortage
        self.renewals: list[float] = [1.0 / (1.0 - float(period.probabilities[0]))]

    def search(self) -> MinMax:
        """Zheng and Federgruen's walk: s downwards from the myopic level, then S upwards while it can still pay."""
        best = self.protection.quantile(self.shortage / (self.shortage + self.holding))
        low = best - 1
        while self.cost(low, best) > self.level_cost(low):
            low -= 1
        least = self.cost(low, best)
        high = best + 1
        while self.level_cost(high) <= least:
            if self.cost(low, high) < least:
                best = high
                while self.cost(low, best) <= self.level_cost(low + 1):
                    low += 1
                least = self.cost(low, best)
            high += 1
        return MinMax(low, best, least)

    def cost(self, low: int, high: int) -> float:
        """c(s, S) = (K + Σ over j < S − s of m(j)·G(S − j)) / Σ m(j)."""
        visits = self._visits(high - low)
        levels = level_costs(self.protection, high - np.arange(high - low), self.holding, self.shortage)
        return (self.order_cost + float(visits @ levels)) / float(visits.sum())

    def level_cost(self, level: int) -> float:
        """G(y): cost of one period that starts with position y."""
        return float(level_costs(self.protection, np.array([level]), self.holding, self.shortage)[0])

    def _visits(self, count: int) -> FloatArray:
        """m(0) … m(count − 1) by m(j) = Σ over l ≤ j of p(l)·m(j − l)."""
        steps = self.period.probabilities
        while len(self.renewals) < count:
            reach = min(len(self.renewals), steps.size - 1)
            known = np.array(self.renewals[len(self.renewals) - reach :])[::-1]
            self.renewals.append(float(steps[1 : reach + 1] @ known) * self.renewals[0])
        return np.array(self.renewals[:count])
