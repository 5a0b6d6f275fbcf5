"""The walk of a stock through its days, scenario by scenario, under lost sales. It prices nothing and decides nothing.

Day 0 is today. On each day receipts arrive, demand is served oldest lot first (FEFO), then what expires that day is
taken out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planning.arrays import FloatArray


@dataclass(frozen=True)
class StockPaths:
    """Scenario by scenario, (scenarios, days) units: stock at the end of the day, units short, units expired."""

    stock: FloatArray
    short: FloatArray
    expired: FloatArray


def simulate_stock(
    demand: FloatArray, on_hand: float, receipts: FloatArray, expiring: FloatArray | None = None
) -> StockPaths:
    """Walk the days; demand (scenarios, days), receipts broadcastable to it, expiring (days,) of the stock on hand."""
    scenarios, days = demand.shape
    arriving = np.broadcast_to(receipts, demand.shape)
    due = np.zeros(days) if expiring is None else np.cumsum(expiring)
    stock = np.full(scenarios, on_hand, dtype=np.float64)
    gone = np.zeros(scenarios)
    paths = StockPaths(np.empty_like(demand), np.empty_like(demand), np.empty_like(demand))
    for day in range(days):
        stock = stock + arriving[:, day]
        sold = np.minimum(stock, demand[:, day])
        gone = gone + sold
        # First expired first out: whatever left so far left from the lots that expire soonest.
        expired = np.clip(due[day] - gone, 0.0, stock - sold)
        gone = gone + expired
        stock = stock - sold - expired
        paths.stock[:, day], paths.short[:, day], paths.expired[:, day] = stock, demand[:, day] - sold, expired
    return paths
