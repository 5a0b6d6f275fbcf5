"""Lots for demand that is known and changes from period to period: the dynamic programme of Wagner and Whitin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from planning.arrays import FloatArray, IntArray, vector


@dataclass(frozen=True)
class LotPlan:
    """`orders` (periods,) units to have at the start of each period, and the total cost with purchase."""

    orders: FloatArray
    cost: float


def best_lots(
    demand: ArrayLike, *, order_cost: ArrayLike, holding_cost: ArrayLike, unit_cost: ArrayLike = 0.0
) -> LotPlan:
    """The cheapest lots that meet all demand on time, exactly.

    An optimal plan orders only when nothing is left (Wagner and Whitin, Management Science 5 (1958) 89–96), so
    the last order before each period is all that has to be chosen: f(t) = min over j ≤ t of f(j − 1) + cost of one lot
    for j … t.

    Args:
        demand: (periods,) units.
        order_cost: money per order; one number or (periods,), as the other costs.
        holding_cost: money per unit left at the end of a period.
        unit_cost: money per unit bought.
    """
    wanted = vector("demand", demand, at_least=0.0)
    fixed, held, bought = (
        vector(field, np.broadcast_to(np.asarray(value, dtype=np.float64), wanted.shape), at_least=0.0)
        for field, value in (("order_cost", order_cost), ("holding_cost", holding_cost), ("unit_cost", unit_cost))
    )
    periods = wanted.size
    carried = np.append(0.0, np.cumsum(held))
    best, lot_start = np.zeros(periods + 1), np.zeros(periods, dtype=np.int64)
    for last in range(periods):
        lots = [_lot_cost(start, last, wanted, fixed, carried, bought) for start in range(last + 1)]
        costs = best[: last + 1] + np.array(lots)
        lot_start[last] = int(np.argmin(costs))
        best[last + 1] = costs[lot_start[last]]
    return LotPlan(_orders(wanted, lot_start), float(best[-1]))


def _lot_cost(
    start: int, last: int, wanted: FloatArray, fixed: FloatArray, carried: FloatArray, bought: FloatArray
) -> float:
    """One lot at `start` for the periods up to `last`; no lot where they ask for nothing."""
    units = wanted[start : last + 1]
    if not units.any():
        return 0.0
    waiting = carried[start : last + 1] - carried[start]
    return float(fixed[start] + units @ (bought[start] + waiting))


def _orders(wanted: FloatArray, lot_start: IntArray) -> FloatArray:
    orders, last = np.zeros(wanted.size), wanted.size - 1
    while last >= 0:
        start = int(lot_start[last])
        orders[start] = wanted[start : last + 1].sum()
        last = start - 1
    return orders
